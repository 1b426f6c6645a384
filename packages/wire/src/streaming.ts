/**
 * The streaming answer of the Runtime API (spec event-formats.md 8, environment.md 1.5): a JSON prelude, eight NUL
 * bytes, then the body as it comes; real trailers when the function fails in the middle.
 */
import type { Codec } from "./codec.ts";
import { concat } from "./concat.ts";
import { endToEnd, joinRepeated } from "./fields.ts";
import { parseAnswer, sendable, sendableEndToEnd, statusOf } from "./front-doors/answer-response.ts";
import { lowered, multiMap, pairsOfMaps } from "./front-doors/maps.ts";
import { isObject } from "./json.ts";
import type { JsonObject } from "./json.ts";
import { headerOf, headersOf } from "./message.ts";
import type { HeaderField, HeaderList } from "./message.ts";

/** Content type that tells the front door to look for a prelude. */
export const HTTP_INTEGRATION_RESPONSE = "application/vnd.awslambda.http-integration-response";

/** Bytes between prelude and body. */
export const PRELUDE_DELIMITER_BYTES = 8;

/** Prelude and delimiter must come within the first 16 KB (spec event-formats.md 4.10). */
export const MAX_PRELUDE_BYTES = 16_384;

/** Names of the trailers, as they are sent and announced. */
export const errorTrailers = {
  type: "Lambda-Runtime-Function-Error-Type",
  body: "Lambda-Runtime-Function-Error-Body",
} as const;

/** How a door wants repeated headers: joined with a cookie list beside them, or as lists (REST). */
export type PreludeShape = "joined" | "lists";

/**
 * Prelude and delimiter. Values are strings only: what AWS makes of arrays in `headers` is not known (B14).
 * A response that may have a body and names no type gets `application/octet-stream`, as with LWA.
 */
export function writePrelude(
  status: number,
  headers: HeaderList,
  shape: PreludeShape,
  codec: Codec,
): Uint8Array {
  const fields = lowered(endToEnd(headers));
  if (headerOf(fields, "content-type") === undefined && status !== 204 && status !== 304)
    fields.push(["content-type", "application/octet-stream"]);
  const prelude =
    shape === "lists"
      ? { statusCode: status, multiValueHeaders: multiMap(fields, true) }
      : joined(status, fields);
  const json = codec.utf8Encode(JSON.stringify(prelude));
  const bytes = new Uint8Array(json.length + PRELUDE_DELIMITER_BYTES);
  bytes.set(json);
  return bytes;
}

function joined(status: number, fields: readonly HeaderField[]): JsonObject {
  const cookies = headersOf(fields, "set-cookie");
  const map = joinRepeated(fields);
  map.delete("set-cookie");
  return { statusCode: status, headers: Object.fromEntries(map), cookies };
}

export interface Prelude {
  readonly status: number;
  readonly headers: HeaderField[];
}

/**
 * Finds the prelude at the head of a streamed answer and gives the body that follows.
 *
 * 1. Any split of the same bytes gives the same prelude and the same body, or `"malformed"`.
 * 2. Nothing is given out before the delimiter was seen; after anything but `undefined` the reader has done its work.
 * 3. At most {@link MAX_PRELUDE_BYTES} are held back; what has no delimiter by then is malformed.
 */
export class PreludeReader {
  readonly #codec: Codec;
  #held: Uint8Array = new Uint8Array(0);

  constructor(codec: Codec) {
    this.#codec = codec;
  }

  /** `undefined` while the delimiter has not come; `"malformed"` when it cannot come any more or is no prelude. */
  read(
    bytes: Uint8Array,
  ): { readonly prelude: Prelude; readonly body: Uint8Array } | "malformed" | undefined {
    const all = concat([this.#held, bytes]);
    const at = all.indexOf(0);
    const known = at < 0 ? all.length : at + PRELUDE_DELIMITER_BYTES;
    const isDelimiter = at < 0 || all.subarray(at, known).every((byte) => byte === 0);
    if (!isDelimiter || known > MAX_PRELUDE_BYTES) return "malformed";
    if (at < 0 || all.length < known) {
      this.#held = all;
      return undefined;
    }
    const prelude = readPrelude(parseAnswer(all.subarray(0, at), this.#codec));
    return prelude === undefined ? "malformed" : { prelude, body: all.subarray(known) };
  }
}

/** All keys may be missing; only `statusCode` means the status, `status` is ignored (7.3). */
function readPrelude(value: unknown): Prelude | undefined {
  if (!isObject(value)) return undefined;
  const { statusCode, headers, multiValueHeaders, cookies } = value;
  const status = statusOf(statusCode ?? 200);
  if (status === undefined) return undefined;
  const fields = [
    ...pairsOfMaps(undefined, headers, true),
    ...pairsOfMaps(multiValueHeaders, undefined, true),
    ...pairsOfMaps({ "set-cookie": Array.isArray(cookies) ? cookies : [] }, undefined, true),
  ];
  // The front door frames the body itself; it does not drop what the function says of its length, it renames it (7.3).
  const remapped = sendable(fields)
    .filter(([name]) => name.toLowerCase() === "content-length")
    .map(([name, value]): HeaderField => [`x-amzn-Remapped-${name}`, value]);
  return { status, headers: [...sendableEndToEnd(fields), ...remapped] };
}

/** One chunk of chunked coding (RFC 9112, 7.1); no bytes give no chunk, for an empty one would end the body. */
export function writeChunk(bytes: Uint8Array, codec: Codec): readonly Uint8Array[] {
  if (bytes.length === 0) return [];
  return [codec.utf8Encode(`${bytes.length.toString(16)}\r\n`), bytes, codec.utf8Encode("\r\n")];
}

/** The end of a streamed answer: plain, or with the trailers that make it a failure. */
export function writeLastChunk(
  failure: { readonly type: string; readonly document: Uint8Array } | undefined,
  codec: Codec,
): Uint8Array {
  if (failure === undefined) return codec.utf8Encode("0\r\n\r\n");
  const document = codec.latin1Decode(codec.base64Encode(failure.document));
  const type = failure.type.replace(/[^\x21-\x7e]+/g, " ");
  return codec.utf8Encode(
    `0\r\n${errorTrailers.type}: ${type}\r\n${errorTrailers.body}: ${document}\r\n\r\n`,
  );
}
