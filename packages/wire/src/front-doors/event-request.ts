/** Steps from an event to a request that several doors share (spec event-formats.md 14.3). */
import type { Codec } from "../codec.ts";
import { endToEnd, isFieldValue, isToken } from "../fields.ts";
import { objectAt, stringAt } from "../json.ts";
import type { JsonObject } from "../json.ts";
import type { HeaderField, HttpRequest } from "../message.ts";
import { pairsOfMaps } from "./maps.ts";

/** An event that cannot be made into a request. The message says which member, what it holds, what is expected. */
export class EventError extends Error {
  override readonly name = "EventError";
}

/** The request, and what had to be left out of it, for the log. */
export interface RequestForApp {
  readonly request: HttpRequest;
  /** One sentence each; empty for every ordinary event. */
  readonly remarks: readonly string[];
}

/** `""` means GET, as it does for LWA (spec adapter.md 3.2). The case is kept: methods are case-sensitive. */
export function methodOf(value: unknown): string {
  if (value === "" || value === undefined || value === null) return "GET";
  if (typeof value !== "string" || !isToken(value))
    throw new EventError(`The event's HTTP method is ${JSON.stringify(value)}, which is not a token`);
  return value;
}

/** Fields of a header map: strings, or arrays of strings for repeated fields; `null` is absent. */
export function fieldsOf(map: JsonObject | undefined, remarks: string[]): HeaderField[] {
  return usableFields(pairsOfMaps(undefined, map, false), remarks);
}

/** Without fields that cannot be sent; each of those leaves a remark. */
export function usableFields(fields: HeaderField[], remarks: string[]): HeaderField[] {
  return fields.filter(([name, value]) => {
    if (isToken(name) && isFieldValue(value)) return true;
    remarks.push(`Header ${JSON.stringify(name)} holds what no header may hold and was left out`);
    return false;
  });
}

/** The `cookies` list of an event; entries of other types are absent. */
export function cookiesOf(list: unknown, remarks: string[]): string[] {
  const cookies: string[] = [];
  for (const one of Array.isArray(list) ? list : []) {
    if (typeof one !== "string") continue;
    if (isFieldValue(one)) cookies.push(one);
    else
      remarks.push(
        `Cookie ${cookies.length + 1} of the event holds what no header may hold and was left out`,
      );
  }
  return cookies;
}

/**
 * Fields for the app: end-to-end only, one `cookie` line (RFC 6265, 5.4), and exactly one `host`, first: servers
 * refuse HTTP/1.1 without one, load balancers' health checks have none, and with two each server has its own choice.
 */
export function toAppFields(
  sent: HeaderField[],
  cookies: readonly string[],
  domainName: string,
): HeaderField[] {
  const fields = endToEnd(sent).filter(([name]) => !isOurs(name));
  const cookieLines = fields.filter((field) => isNamed(field, "cookie")).map(([, value]) => value);
  const lines = cookieLines.length > 0 ? cookieLines : cookies;
  const host = fields.find((field) => isNamed(field, "host")) ?? (["host", domainName] as const);
  const others = fields.filter((field) => !isNamed(field, "cookie") && !isNamed(field, "host"));
  return lines.length > 0 ? [host, ...others, ["cookie", lines.join("; ")]] : [host, ...others];
}

/** Names that only the adapter gives out: from a client they would be a lie that the app believes. */
function isOurs(name: string): boolean {
  return name.length > 12 && name.slice(0, 12).toLowerCase() === "x-anylambda-";
}

function isNamed([name]: HeaderField, lower: string): boolean {
  return name.length === lower.length && name.toLowerCase() === lower;
}

/** A request target of two parts that are fit for one. */
export function targetOf(path: string, query: string): string {
  return query === "" ? path : `${path}?${query}`;
}

/** `requestContext.domainName` where it is usable as a host, else `localhost`. */
export function domainOf(event: JsonObject): string {
  const domain = stringAt(objectAt(event, "requestContext") ?? {}, "domainName");
  return domain !== undefined && /^[A-Za-z0-9.:[\]_-]+$/.test(domain) ? domain : "localhost";
}

/** The body as bytes; `null`, absent and `""` are all "no body". */
export function bodyOf(body: unknown, isBase64: unknown, codec: Codec): Uint8Array {
  if (body === undefined || body === null || body === "") return new Uint8Array(0);
  const text = typeof body === "string" ? body : JSON.stringify(body);
  if (isBase64 !== true) return codec.utf8Encode(text);
  const bytes = codec.base64Decode(text);
  if (bytes === undefined)
    throw new EventError(
      "The event says isBase64Encoded, but its body holds characters that base64 does not have",
    );
  return bytes;
}
