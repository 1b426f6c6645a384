/**
 * The metadata endpoint of an execution environment (environment.md 4.10): in which availability zone it is.
 * Its error bodies are not established; they are the words of its status here.
 */
import { createHash, timingSafeEqual } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { FunctionConfiguration } from "./function.ts";
import { functionArnOf } from "./identifiers.ts";
import { replyError, replyJson, replyMethodNotAllowed } from "./replies.ts";

export const metadataPath = "/2026-01-15/metadata/execution-environment";

export interface Metadata {
  /** Value of `AWS_LAMBDA_METADATA_TOKEN`. */
  readonly token: string;
  /** `use1-az1` */
  readonly availabilityZoneId: string;
  /** A snapshot is being made: what is answered now must not be kept for the copies' whole life. */
  readonly isShortLived: boolean;
}

export function metadataOf(configuration: FunctionConfiguration, isShortLived = false): Metadata {
  const availabilityZoneId = availabilityZoneIdOf(configuration.region);
  return { token: metadataTokenOf(configuration), availabilityZoneId, isShortLived };
}

/**
 * The same for the same function every time: the copies of a snapshot know the one that was frozen in them. It guards
 * nothing here but the name of a zone.
 */
export function metadataTokenOf(configuration: FunctionConfiguration): string {
  return createHash("sha256")
    .update(`metadata ${functionArnOf(configuration)}`)
    .digest("hex")
    .slice(0, 32);
}

/** The first zone of a region, in the short form: `eu-west-1` is `euw1`, `ap-southeast-2` is `apse2`. */
export function availabilityZoneIdOf(region: string): string {
  const [area = "", ...rest] = region.split("-");
  const number = rest.pop() ?? "";
  const short = rest.map((word) => points[word] ?? word.slice(0, 1)).join("");
  return `${area}${short}${number}-az1`;
}

/** Words of two parts have a letter for each. */
const points: Readonly<Record<string, string>> = {
  northeast: "ne",
  northwest: "nw",
  southeast: "se",
  southwest: "sw",
};

/** `undefined` while nothing is configured: 503. */
export function handleMetadata(
  metadata: Metadata | undefined,
  request: IncomingMessage,
  response: ServerResponse,
): void {
  request.resume();
  if (request.method !== "GET") {
    replyMethodNotAllowed(response, "GET");
    return;
  }
  if (metadata === undefined) {
    replyError(response, 503, { errorMessage: "Metadata is not available yet", errorType: "Unavailable" });
    return;
  }
  if (!isToken(request.headers.authorization, metadata.token)) {
    replyError(response, 401, { errorMessage: "Missing or invalid token", errorType: "Unauthorized" });
    return;
  }
  replyJson(response, 200, { AvailabilityZoneID: metadata.availabilityZoneId }, [
    "Cache-Control",
    metadata.isShortLived ? "private, max-age=1" : "private, max-age=43200, immutable",
  ]);
}

function isToken(authorization: string | undefined, token: string): boolean {
  const given = Buffer.from(authorization ?? "");
  const wanted = Buffer.from(`Bearer ${token}`);
  return given.length === wanted.length && timingSafeEqual(given, wanted);
}
