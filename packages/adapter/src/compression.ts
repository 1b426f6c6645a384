/**
 * Compression of the app's responses (spec adapter.md 4.2). The rules keep LWA's choice of coding and its smallest
 * size, and leave alone what gains nothing or says that it must not be changed (B25).
 */
import { headerOf, headersOf } from "@anylambda/wire";
import type { HeaderField, HeaderList, HttpRequest, HttpResponse } from "@anylambda/wire";
import type { AppResponse } from "./app-client.ts";
import type { ContentCoding, Platform } from "./platform.ts";

/** Below this a compressed body is larger than the plain one. */
const MIN_BYTES = 32;

/** Media types whose content is compressed already, or that must arrive piece by piece as they are. */
const skipped =
  /^(image\/(?!svg\+xml)|audio\/|video\/|font\/woff|multipart\/|text\/event-stream$|application\/(grpc|octet-stream$|zip$|gzip$|x-gzip$|x-7z-compressed$|x-rar-compressed$|vnd\.rar$|x-bzip2?$|x-xz$|zstd$|x-zstd$|brotli$|pdf$|wasm$|epub\+zip$|java-archive$|font-woff|vnd\.openxmlformats))/;

/** Headers that speak of the very bytes: other bytes would make them a lie, and a failed check at the client. */
const tiesToBytes = new Set(["content-range", "content-md5", "content-digest", "repr-digest", "digest"]);

/**
 * The coding with the highest quality among those we have; br wins a tie. `*` chooses nothing, as with LWA: who
 * sends only that has not said that it can read either.
 */
export function chooseCoding(acceptEncoding: string): ContentCoding | undefined {
  let best: ContentCoding | undefined;
  let bestQuality = 0;
  for (const item of acceptEncoding.split(",")) {
    const [name = "", ...parameters] = item.split(";").map((part) => part.trim().toLowerCase());
    const coding = name === "x-gzip" ? "gzip" : name;
    if (coding !== "gzip" && coding !== "br") continue;
    const quality = qualityOf(parameters);
    if (quality === undefined || quality < bestQuality || quality === 0) continue;
    if (quality > bestQuality || coding === "br") best = coding;
    bestQuality = quality;
  }
  return best;
}

/** RFC 9110, 12.4.2; `undefined` for what is not a weight, or more than one: that item is ignored, as with LWA. */
function qualityOf(parameters: readonly string[]): number | undefined {
  const [weight, ...more] = parameters;
  if (weight === undefined) return 1;
  const isWeight = more.length === 0 && /^q=(0(\.\d{0,3})?|1(\.0{0,3})?)$/.test(weight);
  return isWeight ? Number(weight.slice(2)) : undefined;
}

/** Whether the response may be compressed for a client that accepts it. `bytes` is the body's size where known. */
export function isCompressible(status: number, headers: HeaderList, bytes: number | undefined): boolean {
  if (status === 204 || status === 206 || status === 304 || (bytes !== undefined && bytes < MIN_BYTES))
    return false;
  if (headersOf(headers, "content-encoding").some((codings) => !/^[\s,]*(identity[\s,]*)*$/i.test(codings)))
    return false;
  if (headers.some(([name]) => tiesToBytes.has(name.toLowerCase()))) return false;
  if (headersOf(headers, "cache-control").some((value) => /(^|[\s,])no-transform([\s,]|$)/i.test(value)))
    return false;
  const type = headerOf(headers, "content-type")?.split(";", 1)[0]?.trim().toLowerCase();
  return type === undefined || !skipped.test(type);
}

/** Headers of the compressed response: framing gone, a strong validator weakened, since the bytes are others now. */
function compressedHeaders(headers: HeaderList, coding: ContentCoding): HeaderField[] {
  const fields: HeaderField[] = [];
  for (const [name, value] of headers) {
    const lower = name.toLowerCase();
    if (lower === "content-length" || lower === "accept-ranges" || lower === "content-encoding") continue;
    fields.push([name, lower === "etag" && !value.startsWith("W/") ? `W/${value}` : value]);
  }
  fields.push(["content-encoding", coding]);
  return fields;
}

/** Every response that could have been compressed depends on what the client accepts, also when this one is not. */
function withVary(headers: HeaderList): HeaderField[] {
  const named = headersOf(headers, "vary").join(",").toLowerCase().split(",");
  if (named.some((one) => one.trim() === "*" || one.trim() === "accept-encoding")) return [...headers];
  return [...headers, ["vary", "accept-encoding"]];
}

/** What the client accepts, where compression is wanted and can show; `undefined` where nothing is to be done. */
export function acceptedCodings(enabled: boolean, request: HttpRequest): string | undefined {
  if (!enabled || request.method === "HEAD") return undefined;
  return headerOf(request.headers, "accept-encoding") ?? "";
}

/** A response that was read whole, compressed if it may be and the client takes it. */
export async function compressWhole(
  platform: Platform,
  response: HttpResponse,
  acceptEncoding: string,
): Promise<HttpResponse> {
  if (!isCompressible(response.status, response.headers, response.body.length)) return response;
  const { status, reason } = response;
  const headers = withVary(response.headers);
  const coding = chooseCoding(acceptEncoding);
  if (coding === undefined) return { status, reason, headers, body: response.body };
  const body = await platform.compress(coding, response.body);
  return { status, reason, headers: compressedHeaders(headers, coding), body };
}

/** A response that is still coming, compressed piece by piece; each piece can be read as soon as it is there. */
export function compressStream(
  platform: Platform,
  response: AppResponse,
  acceptEncoding: string,
): AppResponse {
  const length = headerOf(response.headers, "content-length");
  const bytes = length !== undefined && /^\d+$/.test(length) ? Number(length) : undefined;
  if (!isCompressible(response.status, response.headers, bytes)) return response;
  const { status, reason } = response;
  const headers = withVary(response.headers);
  const coding = chooseCoding(acceptEncoding);
  if (coding === undefined) return { status, reason, headers, read: () => response.read() };
  const compressor = platform.compressor(coding);
  let ended = false;
  return {
    status,
    reason,
    headers: compressedHeaders(headers, coding),
    read: async () => {
      while (!ended) {
        const piece = await response.read();
        ended = piece === undefined;
        const output = piece === undefined ? await compressor.end() : await compressor.write(piece);
        if (output.length > 0) return output;
      }
      return undefined;
    },
  };
}
