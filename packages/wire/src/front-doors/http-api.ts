/** What an HTTP API does alike in both of its payload formats (spec event-formats.md 5 and 6). */
import type { Codec } from "../codec.ts";
import type { JsonObject } from "../json.ts";
import type { ClientResponse } from "./door.ts";
import type { IamCaller } from "./iam-caller.ts";

/** Where the API is mounted and which of its routes took the request. */
export interface HttpApiRoute {
  /** `$default`, or a name that is the first segment of the path. */
  readonly stage: string;
  /** `$default`, or such as `GET /a/{id}`. */
  readonly routeKey: string;
  /** Values of the route's variables, decoded. */
  readonly pathParameters?: { readonly [name: string]: string } | undefined;
  readonly stageVariables?: { readonly [name: string]: string } | undefined;
  /** `requestContext.authorizer` of the route's authorizer, as the payload format has it. */
  readonly authorizer?: JsonObject | undefined;
  /** Who signed, on a route that asks for a signature. */
  readonly caller?: IamCaller | undefined;
}

/** The answer to every failure and to every malformed answer. */
export function serverError(codec: Codec): ClientResponse {
  const body = codec.utf8Encode('{"message":"Internal Server Error"}');
  return { status: 500, headers: [["Content-Type", "application/json"]], body };
}

/** `x-my-id` to `X-My-Id`, as this door writes names on HTTP/1.1. */
export function canonicalName(name: string): string {
  return name.toLowerCase().replace(/(^|-)[a-z]/g, (start) => start.toUpperCase());
}
