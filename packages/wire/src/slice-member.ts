/** One member of a JSON object as it was written. The native adapter has a twin of this file, as of `field-syntax.ts`. */

/**
 * The source text of one member of a JSON object, exactly as it stands in `text`: digits of long numbers and
 * the order of keys survive, which parsing and printing again would not promise. The last one wins when a key
 * repeats, as in `JSON.parse`. `text` must be valid JSON; `undefined` when it is no object or lacks the key.
 */
export function sliceMember(text: string, key: string): string | undefined {
  let at = skipSpace(text, 0);
  if (text[at] !== "{") return undefined;
  let found: string | undefined;
  at = skipSpace(text, at + 1);
  while (text[at] === '"') {
    const nameStart = at;
    at = skipString(text, at);
    const name = text.slice(nameStart + 1, at - 1);
    const valueStart = skipSpace(text, skipSpace(text, at) + 1);
    at = skipValue(text, valueStart);
    if (name.includes("\\") ? JSON.parse(`"${name}"`) === key : name === key)
      found = text.slice(valueStart, at);
    at = skipSpace(text, at);
    if (text[at] === ",") at = skipSpace(text, at + 1);
  }
  return found;
}

function skipSpace(text: string, from: number): number {
  let at = from;
  while (at < text.length && text.charCodeAt(at) <= 0x20) at++;
  return at;
}

/** From the opening quote to behind the closing one. `indexOf` crosses a body of megabytes natively. */
function skipString(text: string, from: number): number {
  let at = from + 1;
  for (;;) {
    const quote = text.indexOf('"', at);
    if (quote < 0) return text.length;
    let backslashes = 0;
    while (text.charCodeAt(quote - 1 - backslashes) === 0x5c) backslashes++;
    if (backslashes % 2 === 0) return quote + 1;
    at = quote + 1;
  }
}

function skipValue(text: string, from: number): number {
  let at = from;
  let depth = 0;
  while (at < text.length) {
    const char = text[at];
    if (char === '"') {
      at = skipString(text, at);
    } else if (char === "{" || char === "[") {
      depth++;
      at++;
    } else if (char === "}" || char === "]") {
      if (depth === 0) return at;
      depth--;
      at++;
    } else if (depth === 0 && (char === "," || text.charCodeAt(at) <= 0x20)) {
      return at;
    } else {
      at++;
      continue;
    }
    if (depth === 0 && (char === '"' || char === "}" || char === "]")) return at;
  }
  return at;
}
