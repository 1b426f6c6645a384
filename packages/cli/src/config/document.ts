/** A YAML file as a value, with the place of each of its parts. */
import { readFileSync } from "node:fs";
import { type CollectionTag, type ScalarTag, LineCounter, isMap, isScalar, isSeq, parseDocument } from "yaml";
import { systemCodeOf, userFailure } from "../user-failure.ts";

export type Path = readonly (string | number)[];

interface Place {
  /** From 1. */
  readonly line: number;
  /** From 1. */
  readonly column: number;
}

export interface YamlFile {
  /** As it is called in messages. */
  readonly file: string;
  readonly value: unknown;
  /** Of a value; of what is around it when there is none. With `key`, of a key inside it. */
  place(path: Path, key?: string): Place;
  /** The line, and a mark below. */
  excerpt(place: Place): readonly string[];
}

/** Throws a failure with file, line and column for what is no YAML; `shown` is how the file is called in it. */
export function readYaml(
  file: string,
  shown: string,
  customTags: readonly (ScalarTag | CollectionTag)[] = [],
): YamlFile {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (cause) {
    const why = systemCodeOf(cause) === "ENOENT" ? "There is no file" : "Cannot read";
    throw userFailure(`${why} ${shown}`, "--config takes an anylambda.yaml or a SAM template.", { cause });
  }
  return parseYaml(shown, text, customTags);
}

export function parseYaml(
  file: string,
  text: string,
  customTags: readonly (ScalarTag | CollectionTag)[] = [],
): YamlFile {
  const lines = new LineCounter();
  const document = parseDocument(text, {
    lineCounter: lines,
    prettyErrors: false,
    customTags: [...customTags],
  });
  const placeAt = (offset: number): Place => {
    const { line, col } = lines.linePos(offset);
    return { line: Math.max(1, line), column: Math.max(1, col) };
  };
  const excerpt = ({ line, column }: Place): readonly string[] => [
    text.split(/\r?\n/)[line - 1] ?? "",
    `${" ".repeat(column - 1)}^`,
  ];
  const [fault] = document.errors;
  if (fault !== undefined) {
    const place = placeAt(fault.pos[0]);
    const message = fault.message.replace(/\.?$/, "");
    throw userFailure(`${file}:${place.line}:${place.column}: ${message}`, hintOf(fault.code), {
      lines: excerpt(place),
    });
  }
  return {
    file,
    value: document.toJS() as unknown,
    excerpt,
    place(path, key) {
      let node: unknown = document.contents;
      let offset = offsetOf(node) ?? 0;
      for (const step of key === undefined ? path : [...path, key]) {
        const pair = isMap(node)
          ? node.items.find((item) => isScalar(item.key) && item.key.value === step)
          : undefined;
        const found: unknown = pair?.value ?? (isSeq(node) ? node.items[Number(step)] : undefined);
        // A key is where a person looks; the value may begin lines below.
        const next = offsetOf(pair?.key) ?? offsetOf(found);
        if (next === undefined) break;
        offset = next;
        node = found;
      }
      return placeAt(offset);
    },
  };
}

/** The parser finds out where a thing should have ended, which may be lines below where it began. */
function hintOf(code: string): string {
  switch (code) {
    case "MISSING_CHAR":
      return "Something that is opened above is never closed: a quote, [ or {.";
    case "TAB_AS_INDENT":
      return "YAML is indented with spaces only.";
    case "DUPLICATE_KEY":
      return "Each name may stand there once: rename or remove one of them.";
    case "BAD_INDENT":
      return "Something that is opened above is never closed, or a line does not begin in the column of those beside it.";
    default:
      return "It is YAML: key: value, deeper levels indented by spaces.";
  }
}

function offsetOf(node: unknown): number | undefined {
  const range = typeof node === "object" && node !== null && "range" in node ? node.range : undefined;
  return Array.isArray(range) ? (range[0] as number) : undefined;
}
