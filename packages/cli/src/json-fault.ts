/**
 * Where a text stops being JSON. `JSON.parse` says so in words that differ between versions of Node and often
 * without a place.
 */
export interface JsonFault {
  readonly line: number;
  readonly column: number;
  /** Such as `"," or "}"`. */
  readonly expected: string;
}

/** `undefined` when the text is JSON. */
export function jsonFault(text: string): JsonFault | undefined {
  try {
    JSON.parse(text);
    return undefined;
  } catch {
    const { at, expected } = scan(text);
    const before = text.slice(0, at).split(/\r\n|\n|\r/);
    return { line: before.length, column: (before.at(-1)?.length ?? 0) + 1, expected };
  }
}

interface Stop {
  readonly at: number;
  readonly expected: string;
}

const space = /[ \t\n\r]*/y;
const scalar = /true|false|null|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
// oxlint-disable-next-line no-control-regex -- JSON forbids them in a string.
const string = /"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*/y;

/** Reads until nothing fits any more; called only with what is not JSON. */
function scan(text: string): Stop {
  const open: ("}" | "]")[] = [];
  let at = 0;
  let state: "value" | "first" | "key" | "after" = "value";

  const take = (pattern: RegExp): boolean => {
    pattern.lastIndex = at;
    const found = pattern.exec(text);
    if (found === null || found[0] === "") return false;
    at = pattern.lastIndex;
    return true;
  };
  const takeString = (): Stop | undefined => {
    take(string);
    if (text[at] === '"') return void at++;
    return {
      at,
      expected: text[at] === "\\" ? "a known escape such as \\n" : "the closing quote of the text",
    };
  };

  for (;;) {
    take(space);
    const next = text[at];
    const inside = open.at(-1);
    if (state === "after") {
      if (inside === undefined) return { at, expected: "the end of the file" };
      if (next === inside) {
        open.pop();
        at++;
      } else if (next === ",") {
        at++;
        state = inside === "}" ? "key" : "value";
      } else return { at, expected: `"," or "${inside}"` };
    } else if (state === "first" && next === inside) {
      open.pop();
      at++;
      state = "after";
    } else if (inside === "}" && (state === "key" || state === "first")) {
      if (next !== '"')
        return {
          at,
          expected: state === "first" ? 'a name in double quotes or "}"' : "a name in double quotes",
        };
      const stop = takeString();
      if (stop !== undefined) return stop;
      take(space);
      if (text[at] !== ":") return { at, expected: '":"' };
      at++;
      state = "value";
    } else if (next === "{" || next === "[") {
      open.push(next === "{" ? "}" : "]");
      at++;
      state = "first";
    } else if (next === '"') {
      const stop = takeString();
      if (stop !== undefined) return stop;
      state = "after";
    } else if (take(scalar)) {
      state = "after";
    } else {
      return { at, expected: state === "first" ? 'a value or "]"' : "a value" };
    }
  }
}
