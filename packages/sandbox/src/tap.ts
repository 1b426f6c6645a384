/**
 * Listening in on a fleet: the event that each invocation came with, and its answer. Whoever listens gets copies of the
 * first bytes; the caller gets what it would have got, as early as before. Without a tap nothing of this is run.
 */
import type { InvocationAnswer, ResponseMode, StreamedAnswer } from "./invocation.ts";
import type { FleetAnswer } from "./waiting.ts";

export interface InvocationTap {
  /** How much of an event, and of an answer, is handed on, bytes. */
  readonly maxBytes: number;
  /** A caller has come; told before the invocation has an environment. */
  readonly received: (received: ReceivedEvent) => void;
  /** The caller has its whole answer. Told once for each `received`. */
  readonly answered: (answered: GivenAnswer) => void;
}

export interface ReceivedEvent {
  readonly requestId: string;
  readonly time: Date;
  readonly traceId: string;
  readonly mode: ResponseMode;
  /** JSON text, as the caller gave it. */
  readonly clientContext?: string;
  readonly qualifier?: string;
  readonly event: Excerpt;
}

export interface GivenAnswer {
  readonly requestId: string;
  readonly time: Date;
  readonly answer: Excerpt;
  readonly streamed: boolean;
  /** As the runtime named it; streams only. */
  readonly contentType?: string;
  /** The function failed, or the stream broke off. */
  readonly errorType?: string;
  /** No environment took it. */
  readonly refused?: string;
}

/** The beginning of something that may be longer. */
export interface Excerpt {
  readonly bytes: Uint8Array;
  /** Of the whole. */
  readonly length: number;
}

type Answer = FleetAnswer | StreamedAnswer;

/** The caller's own `answer`, with the tap at its side. Copies nothing: payloads are never changed after they are given. */
export function tapped(tap: InvocationTap, requestId: string, answer: (given: Answer) => void) {
  return (given: Answer): void => {
    if (!("stream" in given)) {
      answer(given);
      tap.answered(toldOf(given, excerptOf(given.payload, tap.maxBytes)));
      return;
    }
    const { contentType, chunks } = given.stream;
    const told = (answered: Excerpt, errorType?: string): void =>
      tap.answered({
        requestId,
        time: new Date(),
        answer: answered,
        streamed: true,
        ...(contentType !== undefined && { contentType }),
        ...(errorType !== undefined && { errorType }),
      });
    answer({ ...given, stream: { contentType, chunks: listened(chunks, tap.maxBytes, told) } });
  };
}

export function excerptOf(bytes: Uint8Array, maxBytes: number): Excerpt {
  return { bytes: bytes.length <= maxBytes ? bytes : bytes.slice(0, maxBytes), length: bytes.length };
}

function toldOf(given: InvocationAnswer & { readonly refused?: string }, answer: Excerpt): GivenAnswer {
  const { requestId, errorType, refused } = given;
  const told = { requestId, time: new Date(), answer, streamed: false };
  if (errorType === undefined && refused === undefined) return told;
  return {
    ...told,
    ...(errorType !== undefined && { errorType }),
    ...(refused !== undefined && { refused }),
  };
}

async function* listened(
  chunks: AsyncIterable<Uint8Array>,
  maxBytes: number,
  told: (answer: Excerpt, errorType?: string) => void,
): AsyncGenerator<Uint8Array, void> {
  const kept: Uint8Array[] = [];
  let room = maxBytes;
  let length = 0;
  let errorType: string | undefined;
  try {
    for await (const chunk of chunks) {
      length += chunk.length;
      // A copy: a slice of a socket's buffer would keep the whole of it.
      if (room > 0) kept.push(chunk.slice(0, room));
      room = Math.max(0, room - chunk.length);
      yield chunk;
    }
  } catch (error) {
    errorType = error instanceof Error && "errorType" in error ? String(error.errorType) : "Runtime.Unknown";
    throw error;
  } finally {
    told({ bytes: Buffer.concat(kept), length }, errorType);
  }
}
