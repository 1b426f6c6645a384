/**
 * Credentials by HTTP, for processes that were made a snapshot of: a variable would be the same in every copy and
 * expire (environment.md 6.4). `GET /2021-04-23/credentials`, `Authorization: TOKEN`, no scheme before it. A copy has
 * the token of the original and gets values of its own.
 */
import { randomBytes } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Credentials } from "../function.ts";
import { replyError, replyJson, replyMethodNotAllowed } from "../replies.ts";
import { fakeCredentials } from "../variables.ts";

export const credentialsPath = "/2021-04-23/credentials";

export interface CredentialsOffer {
  readonly token: string;
  readonly credentials: Credentials;
  readonly expiration: Date;
}

export function newCredentialsToken(): string {
  return randomBytes(32).toString("base64url");
}

/** What one environment offers: the role's own credentials, or made-up ones that no other environment has. */
export function offerOf(token: string, given: Credentials | undefined, now: Date): CredentialsOffer {
  const made = {
    ...fakeCredentials,
    sessionToken: `${fakeCredentials.sessionToken}-${randomBytes(8).toString("hex")}`,
  };
  return { token, credentials: given ?? made, expiration: new Date(now.getTime() + lifetimeMs) };
}

export function handleCredentials(
  offer: CredentialsOffer | undefined,
  request: IncomingMessage,
  response: ServerResponse,
): void {
  if (request.method !== "GET") return replyMethodNotAllowed(response, "GET");
  if (offer === undefined || request.headers.authorization !== offer.token) {
    replyError(response, 404, {
      errorMessage: "cannot get credentials for the provided token",
      errorType: "ErrCredentialsNotFound",
    });
    return;
  }
  const { accessKeyId, secretAccessKey, sessionToken } = offer.credentials;
  replyJson(response, 200, {
    AccessKeyId: accessKeyId,
    SecretAccessKey: secretAccessKey,
    Token: sessionToken,
    Expiration: `${offer.expiration.toISOString().slice(0, 19)}Z`,
  });
}

/** A role's session lasts at least an hour; SDKs ask again some minutes before its end. */
const lifetimeMs = 3_600_000;
