/** Values in a text that are hardly there twice by chance: ids, tokens, random numbers, times. Pure. */

export interface Value {
  readonly text: string;
  readonly kind: "uuid" | "time" | "token" | "number";
}

/**
 * Every such value, once. Left out are words, and whole numbers below a million: process ids, ports, sizes and
 * durations are equal in copies for good reasons.
 */
export function valuesOf(text: string): Map<string, Value> {
  const values = new Map<string, Value>();
  for (const [found] of text.matchAll(pattern)) {
    const kind = kindOf(found);
    if (kind !== undefined) values.set(found, { text: found, kind });
  }
  return values;
}

const uuid = /[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}/;
const isoTime = /\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:?\d\d)?/;
const httpTime = /(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT/;
const decimal = /\d+\.\d+(?:e[+-]?\d+)?/;
const run = /[A-Za-z0-9_+/-]{6,4096}={0,2}/;
const pattern = new RegExp(
  [httpTime, isoTime, uuid, decimal, run].map(({ source }) => source).join("|"),
  "g",
);

const only = (inner: RegExp): RegExp => new RegExp(`^(?:${inner.source})$`);
const isUuid = only(uuid);
const isTime = only(new RegExp(`${httpTime.source}|${isoTime.source}`));
const isDecimal = only(decimal);

function kindOf(text: string): Value["kind"] | undefined {
  if (isUuid.test(text)) return "uuid";
  if (isTime.test(text)) return "time";
  if (isDecimal.test(text)) return text.replace(/\D/g, "").length >= 8 ? "number" : undefined;
  if (/^\d+$/.test(text)) return isEpoch(text) ? "time" : text.length >= 7 ? "number" : undefined;
  return isToken(text) ? "token" : undefined;
}

/** Seconds or milliseconds since 1970 that lie between 2001 and 2100. */
function isEpoch(digits: string): boolean {
  if (digits.length !== 10 && digits.length !== 13) return false;
  const seconds = Number(digits.slice(0, 10));
  return seconds > 1e9 && seconds < 4.1e9;
}

/** Letters and digits mixed, or long hexadecimal: `a3f9c1`, not `content-type` and not `HTTP/1`. */
function isToken(text: string): boolean {
  if (/^[0-9a-f]+$/i.test(text)) return /\d/.test(text) && text.length >= 6;
  const changes = text.match(/[A-Za-z](?=\d)|\d(?=[A-Za-z])|[a-z](?=[A-Z])/g)?.length ?? 0;
  return text.length >= 10 && changes >= 3 && /\d.*\d/.test(text);
}
