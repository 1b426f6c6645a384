import { promisify } from "node:util";
import { brotliCompress, constants, createBrotliCompress, createGzip, gzip } from "node:zlib";
import type { BrotliCompress, Gzip } from "node:zlib";
import type { Compressor, ContentCoding } from "../../src/platform.ts";

/** Brotli's own default is meant for files that are compressed once; 4 is fast enough for every answer. */
const brotliOptions = { params: { [constants.BROTLI_PARAM_QUALITY]: 4 } };

const gzipWhole = promisify(gzip);
const brotliWhole: (bytes: Uint8Array, options: typeof brotliOptions) => Promise<Buffer> =
  promisify(brotliCompress);

export function compress(coding: ContentCoding, bytes: Uint8Array): Promise<Uint8Array> {
  return coding === "gzip" ? gzipWhole(bytes) : brotliWhole(bytes, brotliOptions);
}

/** Pieces out of Node's stream: each write is flushed, and its output gathered until the flush is done. */
export function compressor(coding: ContentCoding): Compressor {
  const stream: Gzip | BrotliCompress =
    coding === "gzip" ? createGzip() : createBrotliCompress(brotliOptions);
  const flush = coding === "gzip" ? constants.Z_SYNC_FLUSH : constants.BROTLI_OPERATION_FLUSH;
  let output: Buffer[] = [];
  let failure: Error | undefined;
  stream.on("data", (piece: Buffer) => output.push(piece));
  stream.on("error", (error) => (failure = error));

  const take = (): Uint8Array => {
    if (failure !== undefined) throw failure;
    const whole = Buffer.concat(output);
    output = [];
    return whole;
  };
  return {
    write: async (bytes) => {
      stream.write(bytes);
      await new Promise<void>((resolve) => stream.flush(flush, resolve));
      return take();
    },
    end: async () => {
      const ended = new Promise<void>((resolve) =>
        stream.once("end", resolve).once("error", () => resolve()),
      );
      stream.end();
      await ended;
      return take();
    },
  };
}
