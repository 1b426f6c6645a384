/** Rules for header fields that hold at every door and on every connection (RFC 9110, RFC 9112). */
import type { HeaderField, HeaderList } from "./message.ts";

export { isFieldValue, isToken } from "./field-syntax.ts";

/** Fields that belong to one connection and never travel further (RFC 9110, 7.6.1), and `expect`. */
const hopByHop = new Set([
  "connection",
  "expect",
  "keep-alive",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
]);

/** The names that {@link endToEnd} leaves out, whatever `connection` says. */
export const droppedFields: readonly string[] = [...hopByHop, "content-length"];

/**
 * What may pass from one connection to the next: without hop-by-hop fields, without the fields that
 * `connection` names, and without `content-length`, which is always computed from the bytes that are sent.
 */
export function endToEnd(headers: HeaderList): HeaderField[] {
  const named = connectionOptions(headers);
  return headers.filter(([name]) => {
    const lower = name.toLowerCase();
    return lower !== "content-length" && !hopByHop.has(lower) && !named?.has(lower);
  });
}

function connectionOptions(headers: HeaderList): Set<string> | undefined {
  let options: Set<string> | undefined;
  for (const [name, value] of headers) {
    if (name.length !== 10 || name.toLowerCase() !== "connection") continue;
    options ??= new Set();
    for (const option of value.split(",")) options.add(option.trim().toLowerCase());
  }
  // A client that names `host` or `authorization` here would make the app see another request.
  for (const kept of ["host", "cookie", "authorization", "content-type"]) options?.delete(kept);
  return options;
}

/** Values of one field in the order sent, joined as RFC 9110, 5.3 allows for every field but `set-cookie`. */
export function joinRepeated(headers: HeaderList): Map<string, string> {
  const joined = new Map<string, string>();
  for (const [name, value] of headers) {
    const lower = name.toLowerCase();
    const before = joined.get(lower);
    joined.set(lower, before === undefined ? value : `${before}, ${value}`);
  }
  return joined;
}
