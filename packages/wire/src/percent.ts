/**
 * Percent-encoding as the front doors use it (spec event-formats.md 14.2 and 15.1). Nothing here throws: clients
 * send `/x%Fy` and `?d=50%`, and AWS hands them on as they are.
 */
import type { Codec } from "./codec.ts";

/**
 * A path that is already encoded. Only what cannot travel in a request target is encoded; each `%` stays, even
 * a malformed one, and `//`, `.`, `..` stay as the client sent them.
 */
export function encodeRawPath(path: string): string {
  return encodeWhere(rooted(path), /[^\x21\x22\x24-\x3e\x40-\x7e]/u);
}

/**
 * A path the front door has decoded (HTTP API 2.0). Here `%` can only be a literal, and the characters that
 * clients have to encode are encoded again, which restores what was most likely sent.
 */
export function encodeDecodedPath(path: string): string {
  return encodeWhere(rooted(path), /[^\x21\x24\x26-\x3b\x3d\x40-\x5b\x5d\x5f\x61-\x7a\x7e]/u);
}

/** A query string that is passed on verbatim, made fit for a request target. */
export function encodeRawQuery(query: string): string {
  return encodeWhere(query, /[^\x21\x22\x24-\x7e]/u);
}

/** A key or value of a query string that a front door has decoded. */
export function encodeQueryText(text: string): string {
  return encodeURIComponent(wellFormed(text));
}

/** `%XX` to bytes to UTF-8; `+` untouched, malformed escapes left as typed. */
export function decodePath(text: string, codec: Codec): string {
  if (!text.includes("%")) return text;
  return text.replace(/(?:%[0-9a-fA-F]{2})+/g, (run) => codec.utf8Decode(bytesOf(run)));
}

/** As {@link decodePath}, and `+` is a space (application/x-www-form-urlencoded). */
export function decodeForm(text: string, codec: Codec): string {
  return decodePath(text.includes("+") ? text.replaceAll("+", " ") : text, codec);
}

/** Pairs of a raw query in order; `k` and `k=` both give an empty value, empty pieces vanish. */
export function queryPairs(query: string): [key: string, value: string][] {
  const pairs: [string, string][] = [];
  for (const piece of query.split("&")) {
    if (piece === "") continue;
    const equals = piece.indexOf("=");
    pairs.push(equals < 0 ? [piece, ""] : [piece.slice(0, equals), piece.slice(equals + 1)]);
  }
  return pairs;
}

/** As {@link queryPairs}, keys and values decoded as forms are. */
export function decodedPairs(query: string, codec: Codec): [key: string, value: string][] {
  return queryPairs(query).map(([key, value]) => [decodeForm(key, codec), decodeForm(value, codec)]);
}

/** The inverse of {@link decodedPairs}, as far as there is one: `k` comes back as `k=`, `+` as `%20`. */
export function encodePairs(pairs: readonly (readonly [key: string, value: string])[]): string {
  return pairs.map(([key, value]) => `${encodeQueryText(key)}=${encodeQueryText(value)}`).join("&");
}

function rooted(path: string): string {
  return path.startsWith("/") ? path : `/${path}`;
}

function encodeWhere(text: string, unfit: RegExp): string {
  if (!unfit.test(text)) return text;
  let encoded = "";
  for (const char of wellFormed(text)) {
    if (!unfit.test(char)) encoded += char;
    else if (char.charCodeAt(0) < 0x80)
      encoded += `%${char.charCodeAt(0).toString(16).toUpperCase().padStart(2, "0")}`;
    else encoded += encodeURIComponent(char);
  }
  return encoded;
}

/** Lone surrogates have no UTF-8 form; `encodeURIComponent` would throw on them. */
function wellFormed(text: string): string {
  return text.replace(/\p{Surrogate}/gu, "\ufffd");
}

function bytesOf(escapes: string): Uint8Array {
  const bytes = new Uint8Array(escapes.length / 3);
  for (let i = 0; i < bytes.length; i++) bytes[i] = Number.parseInt(escapes.slice(i * 3 + 1, i * 3 + 3), 16);
  return bytes;
}
