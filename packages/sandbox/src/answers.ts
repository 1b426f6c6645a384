/**
 * From what a runtime posts to what the caller gets (environment.md 1.4 to 1.6, 4.5). Pure.
 */
import type { IncomingHttpHeaders } from "node:http";
import { MAX_PAYLOAD_BYTES, runtimeHeaders } from "@anylambda/wire";

/** How an invocation was answered, as the Runtime API saw it. */
export type RuntimeAnswer =
  | { readonly payload: Uint8Array; readonly errorType?: string }
  /** The caller asked for a stream, and its first bytes are on their way. */
  | { readonly stream: AnswerStream }
  /** The runtime broke the protocol; the payload is made of the request id and these two. */
  | { readonly failed: string; readonly message: string };

/** A streamed answer. Whoever gets it must read it to its end: the invocation goes on as long (environment.md 1.5). */
export interface AnswerStream {
  /** As the runtime named it; tells an HTTP answer with a prelude from plain bytes. */
  readonly contentType: string | undefined;
  /** Throws a {@link BrokenStream} when the function fails in the middle. */
  readonly chunks: AsyncIterable<Uint8Array>;
}

/** A streamed answer that did not come to its end; the client's connection has to be cut. */
export class BrokenStream extends Error {
  override readonly name = "BrokenStream";
  readonly errorType: string;

  constructor(errorType: string) {
    super(`The streamed answer broke off: ${errorType}`);
    this.errorType = errorType;
  }
}

/** The error type in the trailers of a chunked answer, if it has one. */
export function errorInTrailers(posted: Pick<Posted, "trailers">): string | undefined {
  const sent = posted.trailers[runtimeHeaders.errorType];
  return sent === undefined || sent === "" ? undefined : errorTypeOf(sent);
}

/** What there is to say of a stream that broke off: the runtime's own words, if its trailers have any. */
export function brokenStreamDocument(posted: Pick<Posted, "trailers">, errorType: string): Uint8Array {
  const sent = documentInTrailers(posted);
  if (sent.length > 0) return sent;
  if (errorType === tooLarge().errorType) return tooLarge().payload;
  return Buffer.from(JSON.stringify({ errorType, errorMessage: "The streamed answer broke off" }));
}

function documentInTrailers({ trailers }: Pick<Posted, "trailers">): Uint8Array {
  return Buffer.from(trailers[errorBodyTrailer] ?? "", "base64");
}

/** The parts of an HTTP request that decide, once its body was read. */
export interface Posted {
  readonly headers: IncomingHttpHeaders;
  /** Lower-case names; the last value wins. */
  readonly trailers: NodeJS.Dict<string>;
}

/** An answer to `/response`; a chunked one may turn out to be an error in its trailers (environment.md 1.5). */
export function fromResponsePost(posted: Posted, body: Uint8Array): RuntimeAnswer {
  const errorType = errorInTrailers(posted);
  if (errorType === undefined) return { payload: body };
  return { payload: documentInTrailers(posted), errorType };
}

/** An answer to `/error`: the body goes to the caller byte for byte, but for one content type. */
export function fromErrorPost(posted: Posted, body: Uint8Array): RuntimeAnswer {
  const errorType = errorTypeOf(posted.headers[runtimeHeaders.errorType]);
  const payload = posted.headers["content-type"] === errorCauseType ? withoutCause(body) : body;
  return { payload, errorType };
}

/** What the caller gets when the runtime posted more than it may. */
export function tooLarge(): { readonly payload: Uint8Array; readonly errorType: string } {
  const document = {
    errorMessage: `Response payload size exceeded maximum allowed payload size (${MAX_PAYLOAD_BYTES} bytes).`,
    errorType: "Function.ResponseSizeTooLarge",
  };
  return { payload: Buffer.from(JSON.stringify(document)), errorType: document.errorType };
}

/** The error type for metrics: kept when it reads like one of AWS's, else the nearest category (1.6). */
export function errorTypeOf(sent: string | string[] | undefined): string {
  const text = Array.isArray(sent) ? sent.join(",") : (sent ?? "");
  if (/(?:Runtime|Function)\.[A-Z][a-zA-Z]+/.test(text)) return text;
  return text.startsWith("Function.") ? "Function.Unknown" : "Runtime.Unknown";
}

const errorBodyTrailer = "lambda-runtime-function-error-body";
const errorCauseType = "application/vnd.aws.lambda.error.cause+json";

/** `errorCause` is for X-Ray only. */
function withoutCause(body: Uint8Array): Uint8Array {
  const text = Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString();
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch {
    return Buffer.from(`"Invalid error body"`);
  }
  if (typeof document !== "object" || document === null || Array.isArray(document))
    return Buffer.from(`"Invalid error body"`);
  const { errorMessage, errorType, stackTrace } = document as Record<string, unknown>;
  return Buffer.from(JSON.stringify({ errorMessage, errorType, stackTrace }));
}
