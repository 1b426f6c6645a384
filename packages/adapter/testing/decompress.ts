/** Reading of compressed bytes of which only a part has come. */
import { brotliDecompressSync, constants, gunzipSync } from "node:zlib";
import type { ContentCoding } from "../src/platform.ts";

/** All that a reader can know from these bytes, whether more of them follow or not. */
export function decompressed(coding: ContentCoding, bytes: Uint8Array): Buffer {
  if (bytes.length === 0) return Buffer.alloc(0);
  return coding === "gzip"
    ? gunzipSync(bytes, { finishFlush: constants.Z_SYNC_FLUSH })
    : brotliDecompressSync(bytes, { finishFlush: constants.BROTLI_OPERATION_FLUSH });
}

/** The whole of something compressed; throws when its end is missing. */
export function decompressedWhole(coding: ContentCoding, bytes: Uint8Array): Buffer {
  return coding === "gzip" ? gunzipSync(bytes) : brotliDecompressSync(bytes);
}
