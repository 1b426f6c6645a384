/** Steps from a client's request to an event that several doors share (spec event-formats.md 15). */
import type { Codec } from "../codec.ts";
import { endToEnd } from "../fields.ts";
import { headerOf, headersOf } from "../message.ts";
import type { HeaderField } from "../message.ts";
import type { ClientRequest, DoorContext } from "./door.ts";

/** Path and query of a request target; a fragment, which no client should send, is dropped. */
export function splitTarget(target: string): [path: string, query: string] {
  const hash = target.indexOf("#");
  const sent = hash < 0 ? target : target.slice(0, hash);
  const mark = sent.indexOf("?");
  return mark < 0 ? [sent, ""] : [sent.slice(0, mark), sent.slice(mark + 1)];
}

/** What travels on: end-to-end fields, and where the request came from as the door itself saw it. */
export function forwardedFields(request: ClientRequest, door: DoorContext): HeaderField[] {
  const fields = endToEnd(request.headers);
  const before = headersOf(fields, "x-forwarded-for").filter((value) => value !== "");
  return [
    ...fields.filter(([name]) => !/^x-forwarded-(for|port|proto)$/i.test(name)),
    ["X-Forwarded-For", [...before, request.sourceIp].join(", ")],
    ["X-Forwarded-Port", String(door.port)],
    ["X-Forwarded-Proto", door.scheme],
  ];
}

/** As {@link forwardedFields}, for doors that give each request a trace. A client's own trace stays. */
export function tracedFields(request: ClientRequest, door: DoorContext): HeaderField[] {
  const fields = forwardedFields(request, door);
  if (headerOf(fields, "x-amzn-trace-id") === undefined) fields.push(["X-Amzn-Trace-Id", door.traceId]);
  return fields;
}

/** Body of an event, as text or base64. */
export interface EventBody {
  readonly body: string;
  readonly isBase64Encoded: boolean;
}

export function eventBody(bytes: Uint8Array, isText: boolean, codec: Codec): EventBody {
  return isText
    ? { body: codec.utf8Decode(bytes), isBase64Encoded: false }
    : { body: codec.latin1Decode(codec.base64Encode(bytes)), isBase64Encoded: true };
}

/**
 * Text only for the listed types, all else base64, also a body without a type (6.5). Bytes that are not UTF-8
 * become base64 whatever they call themselves: what AWS does with them is not recorded, and nothing is lost so.
 */
export function isText(request: ClientRequest, codec: Codec): boolean {
  return isTextType(headerOf(request.headers, "content-type")) && codec.isUtf8(request.body);
}

/** As {@link isText}, for load balancers: a body with a content coding is no text either (9.2). */
export function isPlainText(request: ClientRequest, codec: Codec): boolean {
  return headerOf(request.headers, "content-encoding") === undefined && isText(request, codec);
}

/** Types whose bodies arrive as text (6.5): a short list, and no charset but UTF-8. */
function isTextType(contentType: string | undefined): boolean {
  if (contentType === undefined) return false;
  const [type = "", ...parameters] = contentType.toLowerCase().split(";");
  const charset = parameters.map((one) => one.trim()).find((one) => one.startsWith("charset="));
  if (charset !== undefined && !/^charset="?utf-?8"?$/.test(charset)) return false;
  const media = type.trim();
  return (
    media.startsWith("text/") ||
    media === "application/json" ||
    media === "application/xml" ||
    media === "application/javascript"
  );
}
