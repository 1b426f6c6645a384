/**
 * CORS as Function URLs and HTTP APIs do it for a function (spec event-formats.md 6.7, 7.4): they answer preflights
 * themselves, and add to other answers what is configured. An HTTP API leaves out what the function says of CORS, a
 * Function URL sends both, so that a browser sees some headers twice: set it in one place only.
 */
import { type ClientRequest, type ClientResponse, type HeaderField, headerOf } from "@anylambda/wire";
import type { CorsOptions } from "./door-options.ts";

export interface Sharing {
  /** The answer to a preflight; `undefined` when the request is none. */
  preflight(request: ClientRequest): ClientResponse | undefined;
  /** The function's answer with what the door has to say. */
  share(request: ClientRequest, response: ClientResponse): ClientResponse;
}

export function corsOf(options: CorsOptions, door: "function-url" | "http-api"): Sharing {
  return {
    preflight(request) {
      const asked = headerOf(request.headers, "access-control-request-method");
      if (request.method !== "OPTIONS" || asked === undefined) return undefined;
      const origin = headerOf(request.headers, "origin");
      if (origin === undefined) return undefined;
      const headers = preflightFields(options, origin, request, asked);
      // 200 of a Function URL is not recorded.
      return { status: door === "http-api" ? 204 : 200, headers, body: new Uint8Array(0) };
    },
    share(request, response) {
      const origin = headerOf(request.headers, "origin");
      const own = door === "http-api" ? withoutCors(response.headers) : response.headers;
      const added = origin === undefined ? [] : answerFields(options, origin);
      return { ...response, headers: [...own, ...added] };
    },
  };
}

function answerFields(options: CorsOptions, origin: string): HeaderField[] {
  const fields = originFields(options, origin);
  const exposed = options.exposeHeaders ?? [];
  if (fields.length === 0 || exposed.length === 0) return fields;
  return [...fields, ["Access-Control-Expose-Headers", exposed.join(",")]];
}

function preflightFields(
  options: CorsOptions,
  origin: string,
  request: ClientRequest,
  method: string,
): HeaderField[] {
  const fields = originFields(options, origin);
  // An origin that is not allowed learns nothing.
  if (fields.length === 0) return [];
  const askedHeaders = headerOf(request.headers, "access-control-request-headers");
  const methods = listOf(options, options.allowMethods, method);
  const headers = listOf(options, options.allowHeaders, askedHeaders);
  if (methods !== undefined) fields.push(["Access-Control-Allow-Methods", methods]);
  if (headers !== undefined) fields.push(["Access-Control-Allow-Headers", headers]);
  if (options.maxAge !== undefined) fields.push(["Access-Control-Max-Age", String(options.maxAge)]);
  return fields;
}

/** With credentials a browser takes no `*`: then what it asks for is said back to it. */
function listOf(
  { allowCredentials }: CorsOptions,
  allowed: readonly string[] = [],
  asked: string | undefined,
): string | undefined {
  if (allowed.length === 0) return undefined;
  return allowed.includes("*") && allowCredentials === true ? asked : allowed.join(",");
}

/** Empty when the origin is not allowed. */
function originFields({ allowOrigins = [], allowCredentials }: CorsOptions, origin: string): HeaderField[] {
  if (!allowOrigins.some((allowed) => allows(allowed, origin))) return [];
  const any = allowOrigins.includes("*") && allowCredentials !== true;
  const fields: HeaderField[] = [["Access-Control-Allow-Origin", any ? "*" : origin]];
  if (!any) fields.push(["Vary", "Origin"]);
  if (allowCredentials === true) fields.push(["Access-Control-Allow-Credentials", "true"]);
  return fields;
}

/** `*`, `https://*`, or an origin. */
function allows(allowed: string, origin: string): boolean {
  if (allowed === "*") return true;
  if (allowed.endsWith("://*")) return origin.startsWith(allowed.slice(0, -1));
  return allowed.toLowerCase() === origin.toLowerCase();
}

function withoutCors(headers: readonly HeaderField[]): HeaderField[] {
  return headers.filter(([name]) => !name.toLowerCase().startsWith("access-control-"));
}
