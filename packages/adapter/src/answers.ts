/** What becomes of a response of the app that was read whole, and which responses are streamed instead. */
import { MAX_PAYLOAD_BYTES } from "@anylambda/wire";
import type { AnswerBytes, Codec, HttpRequest, HttpResponse } from "@anylambda/wire";
import { acceptedCodings, compressWhole } from "./compression.ts";
import type { Config } from "./config.ts";
import type { Door } from "./doors.ts";
import { Failure } from "./errors.ts";
import { documentOfStatus } from "./failure-document.ts";
import type { FailureDocument } from "./failure-document.ts";
import type { Log } from "./log.ts";
import { fromPassThrough } from "./pass-through.ts";
import type { Platform } from "./platform.ts";
import { includesStatus } from "./variable-values.ts";

/** Statuses that fail an event which is not HTTP, unless configured: a batch must come back, not vanish (B19). */
const failingByDefault = [{ from: 500, to: 599 }];

/** Streaming must be wanted, the door able to, and the status no failure: a failure is posted before any byte. */
export function isStreamed(config: Config, door: Door, status: number): boolean {
  if (config.invokeMode !== "response_stream" || door.prelude === undefined || status > 599) return false;
  return config.errorStatus === undefined || !includesStatus(config.errorStatus, status);
}

/** The configured statuses decide alone; without them an event that is not HTTP fails on a server error. */
export function failureOfStatus(
  config: Config,
  response: HttpResponse,
  door: Door | undefined,
  codec: Codec,
): FailureDocument | undefined {
  const failing = config.errorStatus ?? (door === undefined ? failingByDefault : []);
  return includesStatus(failing, response.status) ? documentOfStatus(response, codec) : undefined;
}

/** The response as the front door gets it: compressed where that is wanted. `undefined` when nothing is to be done. */
export function compressed(
  { platform, config }: { readonly platform: Platform; readonly config: Config },
  request: HttpRequest,
  response: HttpResponse,
  door: Door | undefined,
): Promise<HttpResponse> | undefined {
  if (door === undefined || response.status > 599) return undefined;
  const accepted = acceptedCodings(config.compression, request);
  return accepted === undefined ? undefined : compressWhole(platform, response, accepted);
}

/**
 * The answer for Lambda, in the door's own shape, or the app's JSON for an event that was passed through. `sent` is the
 * app's `response` as the front door gets it.
 */
export function answerWhole(
  platform: Platform,
  log: Log,
  request: HttpRequest,
  response: HttpResponse,
  sent: HttpResponse,
  door: Door | undefined,
): readonly Uint8Array[] {
  if (door === undefined) {
    const { payload, remark } = fromPassThrough(response, platform.codec);
    if (remark !== undefined) log.warn(remark, { status: response.status });
    // A route that is missing looks like a job that was done: the message is gone, and nobody is told but here.
    if (response.status >= 400)
      log.warn(`The app answered the event with status ${response.status}, which counts as done`, {
        path: request.target,
      });
    return limited(payload, response, MAX_PAYLOAD_BYTES);
  }
  if (response.status > 599)
    throw new Failure(
      "Adapter.AppSentInvalidHttp",
      `The app answered with status ${response.status}, which no front door takes`,
    );
  const { payload, remarks } = door.fromHttp(sent, request.method);
  for (const remark of remarks) log.warn(remark);
  return limited(payload, response, door.maxAnswerBytes);
}

/** Lambda refuses what is larger; said here, the reason names the sizes (B40). */
function limited(payload: AnswerBytes, response: HttpResponse, limit: number): AnswerBytes {
  const bytes = payload.reduce((sum, piece) => sum + piece.length, 0);
  if (bytes <= limit) return payload;
  throw new Failure(
    "Adapter.ResponseTooLarge",
    `The answer has ${bytes} bytes for a body of ${response.body.length}; ${limit} can be taken here. ` +
      "Stream it, compress it, or answer with a link to it",
  );
}
