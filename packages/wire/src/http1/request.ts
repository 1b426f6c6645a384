import type { Codec } from "../codec.ts";
import { concat } from "../concat.ts";
import { isFieldValue, isToken } from "../fields.ts";
import type { HttpRequest } from "../message.ts";
import { Http1Error, quote } from "./error.ts";

/** A body up to this size is copied behind its head, so that both leave in one packet and one system call. */
const JOIN_BYTES = 16 * 1024;

/** Methods for which a request without a body says nothing about one (RFC 9110, 8.6). */
const bodiless = new Set(["GET", "HEAD", "OPTIONS", "DELETE", "TRACE"]);

export function isBodilessMethod(method: string): boolean {
  return bodiless.has(method);
}

/**
 * The bytes of a request, to be written one behind the other. Framing is ours alone: `content-length` is
 * computed from the body, and a list that brings its own framing is refused. Text outside ASCII is written
 * as UTF-8.
 *
 * Throws {@link Http1Error} `bad-request` on anything that would end a line early: a request that could smuggle
 * a second one must not leave, whoever made it.
 */
export function writeRequest(request: HttpRequest, codec: Codec): Uint8Array[] {
  const { method, target, body } = request;
  if (!isToken(method)) throw new Http1Error("bad-request", `Method ${quote(method)} is not a token`);
  if (!/^[\x21-\x7e]+$/.test(target))
    throw new Http1Error("bad-request", `Target ${quote(target)} needs encoding`);
  let head = `${method} ${target} HTTP/1.1\r\n`;
  for (const [name, value] of request.headers) {
    if (!isToken(name)) throw new Http1Error("bad-request", `Field name ${quote(name)} is not a token`);
    if (!isFieldValue(value)) throw new Http1Error("bad-request", `Field ${name} holds a control character`);
    if (isFraming(name)) throw new Http1Error("bad-request", `Field ${name} is computed, not given`);
    head += `${name}: ${value}\r\n`;
  }
  if (body.length > 0 || !isBodilessMethod(method)) head += `content-length: ${body.length}\r\n`;
  return joinSmall(codec.utf8Encode(`${head}\r\n`), [body]);
}

/** `head` and `rest` as few pieces: small ones in one, a large body untouched. */
export function joinSmall(head: Uint8Array, rest: readonly Uint8Array[]): Uint8Array[] {
  let length = head.length;
  for (const piece of rest) length += piece.length;
  if (length === head.length) return [head];
  if (length > JOIN_BYTES) return [head, ...rest];
  return [concat([head, ...rest])];
}

function isFraming(name: string): boolean {
  if (name.length !== 14 && name.length !== 17) return false;
  const lower = name.toLowerCase();
  return lower === "content-length" || lower === "transfer-encoding";
}
