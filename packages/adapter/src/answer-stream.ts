/**
 * A streamed answer on its way to the Runtime API (spec environment.md 1.5).
 *
 * 1. Each piece leaves at once, in a chunk of its own, and is waited for: backpressure reaches the app.
 * 2. When the Runtime API ends the call before we do, the client has gone: `onGone` is called once, and nothing more
 *    is written.
 * 3. A failure ends the answer with real trailers, so that Lambda and the client see it (B13).
 */
import {
  HTTP_INTEGRATION_RESPONSE,
  errorTrailers,
  runtimeHeaders,
  writeChunk,
  writeLastChunk,
} from "@anylambda/wire";
import type { Codec } from "@anylambda/wire";
import type { FailureDocument } from "./failure-document.ts";
import type { HttpConnection, IncomingResponse } from "./http-connection.ts";
import { readWhole } from "./http-connection.ts";

export interface AnswerStream {
  /** `false` when the Runtime API takes no more. */
  write(bytes: Uint8Array): Promise<boolean>;
  /** Ends the answer; the status the Runtime API gave, `undefined` when it gave none. */
  end(failure?: FailureDocument): Promise<number | undefined>;
}

/** The head of the call; the prelude follows as its first chunk. */
export function streamHead(path: string, host: string): string {
  return (
    `POST ${path} HTTP/1.1\r\nhost: ${host}\r\nuser-agent: anylambda\r\ntransfer-encoding: chunked\r\n` +
    `${runtimeHeaders.responseMode}: streaming\r\ncontent-type: ${HTTP_INTEGRATION_RESPONSE}\r\n` +
    `trailer: ${errorTrailers.type}\r\ntrailer: ${errorTrailers.body}\r\n\r\n`
  );
}

/** Sends head and prelude in one write and hands back the stream behind them. */
export function beginStream(
  connection: HttpConnection,
  head: string,
  prelude: Uint8Array,
  codec: Codec,
  onGone: () => void,
): AnswerStream {
  let open = true;
  const pieces = [codec.utf8Encode(head), ...writeChunk(prelude, codec)];
  const answered = connection.exchange("POST", pieces).then(statusOf, () => undefined);
  void noticeEarlyEnd();

  async function noticeEarlyEnd(): Promise<void> {
    await answered;
    if (!open) return;
    open = false;
    onGone();
  }

  async function statusOf(answer: IncomingResponse): Promise<number> {
    await readWhole(
      () => connection.readBody(),
      64 * 1024,
      () => new Error("the answer is too large"),
    );
    return answer.status;
  }

  return {
    write: async (bytes) => {
      if (!open) return false;
      try {
        await connection.send(writeChunk(bytes, codec));
      } catch {
        // The read of `answered` ends too, and tells that the client has gone.
        await answered;
      }
      return open;
    },
    end: async (failure) => {
      const wasOpen = open;
      open = false;
      const last = failure && { type: failure.errorType, document: failure.document };
      if (wasOpen) await connection.send([writeLastChunk(last, codec)]).catch(() => {});
      return answered;
    },
  };
}
