import type { IncomingMessage } from "node:http";

export type RequestBody =
  | { readonly kind: "complete"; readonly bytes: Uint8Array }
  /** More than the limit. Told as soon as it is known; the rest is read and dropped. */
  | { readonly kind: "tooLarge" }
  /** The connection ended before the announced length or the last chunk. */
  | { readonly kind: "truncated" };

/**
 * Reads a request body of at most `limit` bytes. Never rejects.
 * What exceeds the limit is still read, so that a client that writes everything before it reads the answer
 * gets that answer; it is never held.
 */
export function readBody(request: IncomingMessage, limit: number): Promise<RequestBody> {
  return new Promise((resolve) => {
    let chunks: Buffer[] = [];
    let length = 0;
    request.on("data", (chunk: Buffer) => {
      length += chunk.length;
      if (length <= limit) {
        chunks.push(chunk);
        return;
      }
      chunks = [];
      resolve({ kind: "tooLarge" });
    });
    request.on("end", () => {
      const [only] = chunks;
      resolve({ kind: "complete", bytes: chunks.length === 1 && only ? only : Buffer.concat(chunks) });
    });
    // Without a listener a broken connection would be an unhandled error; `close` says what matters.
    request.on("error", () => undefined);
    request.on("close", () => {
      if (!request.complete) resolve({ kind: "truncated" });
    });
  });
}

/** Resolves when everything the client had to send was read, or the connection is gone. */
export function drained(request: IncomingMessage): Promise<void> {
  if (request.readableEnded || request.destroyed) return Promise.resolve();
  return new Promise((resolve) => {
    request.once("end", resolve);
    request.once("close", resolve);
  });
}
