/** A streamed answer on its way to a caller of the Invoke API (environment.md 5.3). */
import type { ServerResponse } from "node:http";
import { BrokenStream } from "../answers.ts";
import type { StreamedAnswer } from "../invocation.ts";
import type { LogTail } from "../log-tail.ts";
import type { FleetAnswer } from "../waiting.ts";
import { type Completion, invokeComplete, payloadChunk } from "./event-stream.ts";
import { writable } from "./http-listener.ts";

/**
 * Writes the chunks and `InvokeComplete`. The function is read no faster than the client takes it; for a client that
 * has gone it is read to its end all the same, as on Lambda.
 */
export async function relayEvents(
  response: ServerResponse,
  answer: FleetAnswer | StreamedAnswer,
  ended: Promise<unknown>,
  tail: LogTail | undefined,
): Promise<void> {
  const failure = await relay(response, answer, ended);
  if (tail !== undefined) await ended;
  const completion: Completion = {
    // What exactly AWS sends is not established (environment.md 8, row 2).
    ...(failure !== undefined && { ErrorCode: "Unhandled", ErrorDetails: Buffer.from(failure).toString() }),
    ...(tail !== undefined && { LogResult: tail.result() }),
  };
  response.end(invokeComplete(completion));
}

/** The document of the failure, if it failed. */
async function relay(
  response: ServerResponse,
  answer: FleetAnswer | StreamedAnswer,
  ended: Promise<unknown>,
): Promise<Uint8Array | undefined> {
  if (!("stream" in answer)) return answer.functionError === undefined ? undefined : answer.payload;
  try {
    for await (const chunk of answer.stream.chunks) {
      if (!response.destroyed && !response.write(payloadChunk(chunk))) await writable(response);
    }
    return undefined;
  } catch (error) {
    if (!(error instanceof BrokenStream)) throw error;
    // Only the environment knows whether the function broke it off, or died, or ran out of time.
    await ended;
    return answer.failure();
  }
}
