/**
 * From what a runtime posts to what the caller gets (environment.md 1.4 to 1.6, 4.5). Pure.
 */
import type { IncomingHttpHeaders } from "node:http";
import { MAX_PAYLOAD_BYTES, runtimeHeaders } from "@anylambda/wire";
import { checkedErrorCause } from "./error-cause.ts";

/** How an invocation was answered, as the Runtime API saw it. */
export type RuntimeAnswer =
  | {
      readonly payload: Uint8Array;
      readonly errorType?: string;
      /** For X-Ray: checked and cropped. */
      readonly errorCause?: string | undefined;
    }
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
export function fromErrorPost({ headers }: Posted, body: Uint8Array): RuntimeAnswer {
  const errorType = errorTypeOf(headers[runtimeHeaders.errorType]);
  if (headers["content-type"] === errorCauseType) return { ...withoutCause(body), errorType };
  const cause = headers[runtimeHeaders.xrayErrorCause];
  return { payload: body, errorType, errorCause: checkedErrorCause(typeof cause === "string" ? cause : "") };
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
function withoutCause(body: Uint8Array): {
  readonly payload: Uint8Array;
  readonly errorCause?: string | undefined;
} {
  const document = errorDocumentOf(Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString());
  if (document === undefined) return { payload: Buffer.from(`"Invalid error body"`) };
  const { errorMessage = "", errorType = "", stackTrace, errorCause } = document;
  // As Go's encoder writes it: the texts always, the trace only when there is one.
  const trace = Array.isArray(stackTrace) && stackTrace.length > 0 ? { stackTrace } : {};
  return {
    payload: Buffer.from(JSON.stringify({ errorMessage, errorType, ...trace })),
    errorCause: errorCause === undefined ? undefined : checkedErrorCause(JSON.stringify(errorCause)),
  };
}

/** `undefined` when it is not of the shape that AWS can read. */
function errorDocumentOf(text: string): Record<string, unknown> | undefined {
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof document !== "object" || document === null || Array.isArray(document)) return undefined;
  const { errorMessage, errorType, stackTrace } = document as Record<string, unknown>;
  const isText = (value: unknown): boolean => value === undefined || typeof value === "string";
  const isTrace = stackTrace == null || (Array.isArray(stackTrace) && stackTrace.every(isText));
  return isText(errorMessage) && isText(errorType) && isTrace
    ? (document as Record<string, unknown>)
    : undefined;
}
