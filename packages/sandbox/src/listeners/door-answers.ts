/** The doors' own answers, as they are written down. */
import type { ClientResponse, HeaderField } from "@anylambda/wire";

export function jsonAnswer(status: number, json: string, ...fields: readonly HeaderField[]): ClientResponse {
  return { status, headers: [["Content-Type", "application/json"], ...fields], body: Buffer.from(json) };
}

export function textAnswer(status: number, text: string): ClientResponse {
  return { status, headers: [["Content-Type", "text/plain"]], body: Buffer.from(text) };
}

/** As {@link jsonAnswer}, with the type of an error that the SDKs and the console read from a header. */
export function typedError(status: number, json: string, type: string): ClientResponse {
  return jsonAnswer(status, json, ["x-amzn-ErrorType", type]);
}

/** Of a REST API: nothing is there, or only for those who sign. */
export const missingAuthenticationToken: ClientResponse = typedError(
  403,
  `{"message":"Missing Authentication Token"}`,
  "MissingAuthenticationTokenException",
);
