/** Steps from a function's answer to a client's response that several doors share (spec event-formats.md 15.3). */
import type { Codec } from "../codec.ts";
import { endToEnd, isFieldValue, isToken } from "../fields.ts";
import { isObject, textOf } from "../json.ts";
import { headerOf } from "../message.ts";
import type { HeaderField, HeaderList } from "../message.ts";

/** The payload as JSON; `undefined` when it is none. */
export function parseAnswer(payload: Uint8Array, codec: Codec): unknown {
  try {
    return JSON.parse(codec.utf8Decode(payload)) as unknown;
  } catch {
    return undefined;
  }
}

/**
 * A status, also one written as text; `undefined` for all else. 1xx and above 599 are not recorded (U9). An interim
 * status would leave the client waiting for another answer.
 */
export function statusOf(value: unknown): number | undefined {
  const status = typeof value === "string" && /^\d{3}$/.test(value) ? Number(value) : value;
  if (typeof status !== "number" || !Number.isInteger(status)) return undefined;
  return status >= 200 && status <= 599 ? status : undefined;
}

/** The answer's body as bytes, empty when there is none; `undefined` when it is no string or no base64. */
export function bytesOfBody(body: unknown, isBase64: unknown, codec: Codec): Uint8Array | undefined {
  if (body === undefined || body === null) return new Uint8Array(0);
  if (typeof body !== "string") return undefined;
  return isBase64 === true ? codec.base64Decode(body) : codec.utf8Encode(body);
}

/** What can be sent to a client: without fields that no header may hold. */
export function sendable(fields: HeaderList): HeaderField[] {
  return fields.filter(([name, value]) => isToken(name) && isFieldValue(value));
}

/** As {@link sendable}, and the function's framing is not taken over. */
export function sendableEndToEnd(fields: HeaderList): HeaderField[] {
  return endToEnd(sendable(fields));
}

/** A response that may have content gets `defaultType` when the function named no type (U4). */
export function withDefaultType(status: number, fields: HeaderField[], defaultType: string): HeaderField[] {
  if (status === 204 || status === 304 || headerOf(fields, "content-type") !== undefined) return fields;
  return [...fields, ["Content-Type", defaultType]];
}

/**
 * Fields of the single-valued and of the multi-valued map in this order of maps. A pair that both have goes out once,
 * and of two spellings the first stays (4.7). `undefined` when a map is none, or holds a value that the door refuses.
 */
export function fieldsOfMaps(
  single: unknown,
  multi: unknown,
  order: "single-first" | "multi-first",
  takes: (value: unknown) => boolean,
): HeaderField[] | undefined {
  const ones = fieldsOfMap(single, false, takes);
  const many = fieldsOfMap(multi, true, takes);
  if (ones === undefined || many === undefined) return undefined;
  return order === "single-first" ? merged(ones, many) : merged(many, ones);
}

function fieldsOfMap(
  map: unknown,
  isMulti: boolean,
  takes: (value: unknown) => boolean,
): HeaderField[] | undefined {
  if (map === undefined || map === null) return [];
  if (!isObject(map)) return undefined;
  const fields: HeaderField[] = [];
  for (const [name, value] of Object.entries(map)) {
    if (Array.isArray(value) !== isMulti) return undefined;
    for (const one of Array.isArray(value) ? (value as unknown[]) : [value]) {
      if (!takes(one)) return undefined;
      const text = textOf(one);
      if (text !== undefined) fields.push([name, text]);
    }
  }
  return fields;
}

function merged(first: readonly HeaderField[], second: readonly HeaderField[]): HeaderField[] {
  const spelling = new Map<string, string>();
  const pairs = new Set(first.map(([name, value]) => `${name.toLowerCase()}:${value}`));
  const added = second.filter(([name, value]) => !pairs.has(`${name.toLowerCase()}:${value}`));
  return [...first, ...added].map(([name, value]) => {
    const lower = name.toLowerCase();
    if (!spelling.has(lower)) spelling.set(lower, name);
    return [spelling.get(lower) ?? name, value];
  });
}
