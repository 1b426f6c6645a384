/**
 * What may differ between an app asked directly and the same app behind Lambda, each with its reason.
 * Nothing else may.
 */

/** Response headers that are not compared. */
export const responseHeadersSetAside: Readonly<Record<string, string>> = {
  connection: "hop-by-hop: about this connection, not about the answer (RFC 9110, 7.6.1)",
  "content-length": "framing: the bytes themselves are compared",
  date: "the time of the answer",
  "keep-alive": "hop-by-hop: about this connection, not about the answer (RFC 9110, 7.6.1)",
  "transfer-encoding": "framing: the bytes themselves are compared",
  "x-amzn-requestid": "a Function URL adds the id of the invocation",
  "x-amzn-trace-id": "a Function URL adds the id of the trace",
};

/** Request headers of which the app may see more, less or others behind Lambda. */
export const requestHeadersSetAside: Readonly<Record<string, string>> = {
  connection: "hop-by-hop: the adapter keeps its own connection to the app",
  "content-length": "framing: the event carries the whole body, a Function URL sends 0 for none",
  "lambda-runtime-aws-request-id": "the adapter tells the app the id of the invocation",
  "lambda-runtime-deadline-ms": "the adapter tells the app until when it may answer",
  "transfer-encoding": "framing: the event carries the whole body",
  "x-amzn-lambda-context": "the adapter tells the app the context of the invocation",
  "x-amzn-request-context": "the adapter tells the app the context of the request",
  "x-amzn-tls-cipher-suite": "a Function URL adds it",
  "x-amzn-tls-version": "a Function URL adds it",
  "x-amzn-trace-id": "a Function URL adds it",
  "x-forwarded-for": "a Function URL adds it",
  "x-forwarded-port": "a Function URL adds it",
  "x-forwarded-proto": "a Function URL adds it",
};

/** A Function URL adds nothing more, and gives an answer without a content type this one. */
export const functionUrl: Adds = { adds: {}, defaultContentType: "application/json" };

/** What a front door does to answers. */
export interface Adds {
  /** Headers that it adds, replaces or takes away. */
  readonly adds: Readonly<Record<string, string>>;
  readonly defaultContentType: string | undefined;
}

/** Response headers whose elements have no order. */
export const unorderedHeaders: Readonly<Record<string, string>> = {
  allow: "Flask writes the methods of a route in the order of a hash that changes from process to process",
};
