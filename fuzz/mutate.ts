/** One input made into another: bytes changed anywhere, or the values of a JSON text. */
import type { Random } from "./random.ts";

/** Enough for the limit of a prelude, 16 KB; what is shorter is quicker. */
const MAX_BYTES = 20_000;

const oddBytes = [0, 9, 10, 13, 0x20, 0x22, 0x2c, 0x3a, 0x5c, 0x7f, 0x80, 0xc3, 0xed, 0xef, 0xff] as const;

type Change = (
  input: Buffer,
  random: Random,
  words: readonly string[],
  corpus: readonly Uint8Array[],
) => Buffer;

const changes: readonly [Change, ...Change[]] = [
  // A bit.
  (input, random) => {
    const at = random.below(input.length);
    const bit = 1 << random.below(8);
    return replaced(input, at, at + 1, Buffer.of((input[at] ?? 0) ^ bit));
  },
  // A byte that often means something.
  (input, random) => {
    const at = random.below(input.length);
    return replaced(input, at, at + 1, Buffer.of(random.of(oddBytes)));
  },
  // A word of the format, in place of nothing or of as many bytes.
  (input, random, words) => {
    const word = Buffer.from(random.maybe(words) ?? "", "latin1");
    const at = random.below(input.length + 1);
    return replaced(input, at, at + random.of([0, word.length]), word);
  },
  // A part left out.
  (input, random) => {
    const at = random.below(input.length);
    return replaced(input, at, at + 1 + random.below(random.of([4, 64, input.length])), Buffer.alloc(0));
  },
  // A part again, somewhere, up to many times.
  (input, random) => {
    const from = random.below(input.length);
    const part = input.subarray(from, from + 1 + random.below(random.of([4, 32, input.length])));
    const at = random.below(input.length + 1);
    return replaced(
      input,
      at,
      at,
      Buffer.concat(Array.from({ length: random.of([1, 1, 2, 50]) }, () => part)),
    );
  },
  // A part of another input.
  (input, random, _, corpus) => {
    const other = random.maybe(corpus) ?? input;
    const from = random.below(other.length);
    const part = Buffer.from(other.subarray(from, from + 1 + random.below(other.length)));
    const at = random.below(input.length + 1);
    return replaced(input, at, at + random.below(part.length), part);
  },
  // A number, near or far.
  (input, random) => {
    const numbers = [...input.toString("latin1").matchAll(/[0-9a-fA-F]*\d[0-9a-fA-F]*/g)];
    const number = random.maybe(numbers);
    if (number === undefined) return input;
    const [text] = number;
    const { index } = number;
    const other = random.of([
      "0",
      "1",
      "-1",
      `${Number(text) + 1}`,
      `0${text}`,
      "9".repeat(17),
      "1e3",
      "ffffffffffffff",
    ]);
    return replaced(input, index, index + text.length, Buffer.from(other));
  },
];

function replaced(input: Buffer, from: number, to: number, by: Buffer): Buffer {
  return Buffer.concat([input.subarray(0, from), by, input.subarray(to)]).subarray(0, MAX_BYTES);
}

export function mutateBytes(
  input: Uint8Array,
  random: Random,
  words: readonly string[],
  corpus: readonly Uint8Array[],
): Uint8Array {
  let bytes: Buffer = Buffer.from(input);
  for (let left = random.of([1, 1, 2, 4]); left > 0; left--)
    bytes = random.of(changes)(bytes, random, words, corpus);
  return new Uint8Array(bytes);
}

const oddTexts = [
  "",
  " ",
  "\0",
  "\r\nx: y",
  "é😀",
  "\ud800",
  "%",
  "%zz",
  "%2e%2E%2f",
  "a\\b",
  "//x",
  "/../..",
  "?&=#",
  "x".repeat(300),
  "__proto__",
  "constructor",
  "=?",
  "QUJD",
  "QUJ",
  "chunked",
] as const;

const oddValues = [null, true, false, 0, -1, 1e21, 1.5, {}, [], [[]], [null], { "": "" }] as const;

/** Another JSON text with one value of it changed; `undefined` when it is no JSON. */
export function mutateJson(text: string, random: Random, words: readonly string[]): string | undefined {
  try {
    const value: unknown = JSON.parse(text);
    let budget = 1 + random.below(3);
    let changed = value;
    for (; budget > 0; budget--) changed = changedAt(changed, random, words);
    return JSON.stringify(changed, null, random.of([0, 0, 1]));
  } catch {
    return undefined;
  }
}

function changedAt(value: unknown, random: Random, words: readonly string[]): unknown {
  const entries = typeof value === "object" && value !== null ? Object.entries(value) : [];
  const entry = random.maybe(entries);
  if (entry === undefined || random.below(8) === 0) return otherValue(value, random, words);
  const [key, member] = entry;
  const others = entries.filter(([name]) => name !== key);
  const kept = ((): [string, unknown][] => {
    switch (random.below(8)) {
      case 0:
        return others;
      case 1:
        return [...others, [random.maybe(words) ?? key, member]];
      case 2:
        return [
          ...others,
          [key, member],
          [random.maybe(words) ?? random.of(oddTexts), otherValue(member, random, words)],
        ];
      default:
        return entries.map(([name, one]) => [name, name === key ? changedAt(one, random, words) : one]);
    }
  })();
  return Array.isArray(value) ? kept.map(([, one]) => one) : fromPairs(kept);
}

/** Not `Object.fromEntries`' result with its prototype in the way: `__proto__` is a key like any other. */
function fromPairs(pairs: readonly [string, unknown][]): unknown {
  return JSON.parse(
    `{${pairs.map(([key, one]) => `${JSON.stringify(key)}:${JSON.stringify(one)}`).join(",")}}`,
  );
}

function otherValue(value: unknown, random: Random, words: readonly string[]): unknown {
  const text = typeof value === "string" ? value : JSON.stringify(value);
  switch (random.below(6)) {
    case 0:
      return random.of(oddValues);
    case 1:
      return [value, value];
    case 2:
      return random.maybe(words) ?? "";
    case 3:
      return random.of(oddTexts);
    case 4: {
      const at = random.below(text.length + 1);
      return text.slice(0, at) + random.of(oddTexts) + text.slice(at + random.below(3));
    }
    default:
      return { [random.maybe(words) ?? "x"]: value };
  }
}
