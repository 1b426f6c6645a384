import type { Codec, HttpResponse } from "@anylambda/wire";
import { MAX_PAYLOAD_BYTES, isObject } from "@anylambda/wire";
import type { FailureCode } from "./errors.ts";
import { Failure, messageOf } from "./errors.ts";

/** What is posted to `/error`. */
export interface FailureDocument {
  readonly errorType: string;
  /** JSON with `errorType` and `errorMessage`. */
  readonly document: Uint8Array;
  /** For the log: why, without anything the app has sent. */
  readonly reason: string;
}

/** Characters of the app's body that an error message quotes at most: no alarm and no retry needs megabytes. */
const MAX_QUOTED = 100_000;

/** The document of anything that was thrown while an invocation was handled. */
export function documentOf(error: unknown, codec: Codec): FailureDocument {
  const errorType = error instanceof Failure ? error.code : "Adapter.InternalError";
  const errorMessage = messageOf(error);
  const document = codec.utf8Encode(JSON.stringify({ errorType, errorMessage }));
  return { errorType, document, reason: errorMessage };
}

/**
 * The document for an app's answer whose status counts as a failure. An app that answers an error document of its
 * own (`errorType` and `errorMessage`) is given through unchanged, so that Step Functions can match on it; else the
 * message is LWA's.
 */
export function documentOfStatus(response: HttpResponse, codec: Codec): FailureDocument {
  const text = codec.utf8Decode(response.body);
  const own = response.body.length <= MAX_PAYLOAD_BYTES ? errorTypeOf(text) : undefined;
  const reason = `The app answered with status ${response.status}`;
  if (own !== undefined) return { errorType: own, document: response.body, reason };
  const errorType: FailureCode = "Adapter.AppErrorStatus";
  const body = text.length > MAX_QUOTED ? `${text.slice(0, MAX_QUOTED)}…` : text;
  const errorMessage = JSON.stringify({ statusCode: response.status, body });
  return { errorType, document: codec.utf8Encode(JSON.stringify({ errorType, errorMessage })), reason };
}

function errorTypeOf(body: string): string | undefined {
  try {
    const value: unknown = JSON.parse(body);
    if (!isObject(value) || typeof value["errorMessage"] !== "string") return undefined;
    const { errorType } = value;
    return typeof errorType === "string" && errorType !== "" ? errorType : undefined;
  } catch {
    return undefined;
  }
}

/** Statuses with which a front door's client is told, under `ANYLAMBDA_APP_FAILURE=response`. */
const gatewayStatus: { readonly [Code in FailureCode]?: 502 | 504 } = {
  "Adapter.AppUnreachable": 502,
  "Adapter.AppClosedConnection": 502,
  "Adapter.AppSentInvalidHttp": 502,
  "Adapter.AppNotReady": 504,
  "Adapter.DeadlineExceeded": 504,
};

/** The answer of a gateway in front of a failing app; `undefined` for failures that are not the app's. */
export function gatewayResponse(error: unknown, codec: Codec): HttpResponse | undefined {
  const status = error instanceof Failure ? gatewayStatus[error.code] : undefined;
  if (status === undefined || !(error instanceof Failure)) return undefined;
  const reason = status === 502 ? "Bad Gateway" : "Gateway Timeout";
  const body = codec.utf8Encode(JSON.stringify({ message: reason, errorType: error.code }));
  return { status, reason, headers: [["content-type", "application/json"]], body };
}
