/**
 * The Extensions API of one boot (environment.md 2): HTTP on one side, `extension-registry.ts` on the other.
 */
import type { IncomingMessage, ServerResponse } from "node:http";
import { type ErrorBody, extensionHeaders, extensionPaths } from "@anylambda/wire";
import type { ExtensionRegistry, RegisteredExtension } from "./extension-registry.ts";
import { replyAccepted, replyError, replyJson, replyMethodNotAllowed, replyNotFound } from "./replies.ts";
import { readBody } from "./request-body.ts";

/** What `register` tells every extension about its function. */
export interface ExtensionMetadata {
  readonly functionName: string;
  readonly functionVersion: string;
  readonly handler: string;
  readonly accountId: string;
}

export function handleExtensionsApi(
  registry: ExtensionRegistry,
  metadata: ExtensionMetadata,
  request: IncomingMessage,
  response: ServerResponse,
  path: string,
): void {
  switch (path) {
    case extensionPaths.next:
      if (request.method !== "GET") replyMethodNotAllowed(response, "GET");
      else
        withExtension(registry, request, response, unknownToNext, (extension) =>
          registry.next(extension, response),
        );
      return;
    case extensionPaths.register:
      if (request.method !== "POST") replyMethodNotAllowed(response, "POST");
      else void register(registry, metadata, request, response);
      return;
    case extensionPaths.initError:
    case extensionPaths.exitError:
      if (request.method !== "POST") replyMethodNotAllowed(response, "POST");
      else
        reportError(
          registry,
          request,
          response,
          path === extensionPaths.initError ? "initError" : "exitError",
        );
      return;
    default:
      replyNotFound(response);
  }
}

async function register(
  registry: ExtensionRegistry,
  metadata: ExtensionMetadata,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const name = headerOf(request, extensionHeaders.name);
  if (name === "") {
    replyError(response, 403, {
      errorType: "Extension.InvalidExtensionName",
      errorMessage: "Empty extension name",
    });
    return;
  }
  const body = await readBody(request, maxRegisterBytes);
  if (body.kind === "truncated") return;
  const events = body.kind === "complete" ? eventsOf(body.bytes) : "request body is too large";
  if (typeof events === "string") {
    replyError(response, 403, { errorType: "InvalidRequestFormat", errorMessage: events });
    return;
  }
  const outcome = registry.register(name, events);
  if (!outcome.ok) {
    replyError(response, 403, outcome.error);
    return;
  }
  const { functionName, functionVersion, handler, accountId } = metadata;
  const features = headerOf(request, extensionHeaders.acceptFeature).split(",");
  const wantsAccount = features.some((feature) => feature.trim() === "accountId");
  const answer = { functionName, functionVersion, handler, ...(wantsAccount ? { accountId } : {}) };
  replyJson(response, 200, answer, ["Lambda-Extension-Identifier", outcome.id]);
}

function reportError(
  registry: ExtensionRegistry,
  request: IncomingMessage,
  response: ServerResponse,
  call: "initError" | "exitError",
): void {
  // The optional body is for the extension's own diagnostics: nothing of it reaches anybody.
  request.resume();
  const errorType = headerOf(request, extensionHeaders.errorType);
  // The identifier's form is checked before the header, its existence after (environment.md 2.3).
  withExtension(
    registry,
    request,
    response,
    () => (errorType === "" ? missingErrorType : unknownToErrors),
    (extension) => {
      const error = errorType === "" ? missingErrorType : registry.reportError(extension, call, errorType);
      if (error === undefined) replyAccepted(response);
      else replyError(response, 403, error);
    },
  );
}

/** Answers for whoever is no extension: every API below but `register` is for extensions only. */
export function withExtension(
  registry: ExtensionRegistry,
  request: IncomingMessage,
  response: ServerResponse,
  unknown: (id: string) => ErrorBody,
  use: (extension: RegisteredExtension) => void,
): void {
  const id = headerOf(request, extensionHeaders.identifier);
  const extension = registry.find(id.toLowerCase());
  if (extension !== undefined) use(extension);
  else if (id === "") replyError(response, 403, missingIdentifier);
  else if (!uuid.test(id)) replyError(response, 403, invalidIdentifier);
  else replyError(response, 403, unknown(id));
}

function headerOf(request: IncomingMessage, name: string): string {
  const value = request.headers[name];
  return typeof value === "string" ? value : "";
}

/** The list of events, or what is wrong with the body. Content-Type is not looked at: clients leave it out. */
function eventsOf(body: Uint8Array): readonly string[] | string {
  let document: unknown;
  try {
    document = JSON.parse(Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString());
  } catch (error) {
    return body.length === 0 ? "unexpected end of JSON input" : (error as Error).message;
  }
  if (document === null) return [];
  if (typeof document !== "object" || Array.isArray(document)) return "request body is not a JSON object";
  const { events, configurationKeys } = document as Record<string, unknown>;
  if (Array.isArray(configurationKeys) && configurationKeys.length > 0)
    return "configurationKeys are deprecated; use environment variables instead";
  if (events === undefined || events === null) return [];
  if (Array.isArray(events) && events.every((event) => typeof event === "string")) return events;
  return "events is not an array of strings";
}

/** A list of two words; far more than any client sends. */
const maxRegisterBytes = 65_536;

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

const missingIdentifier: ErrorBody = {
  errorType: "Extension.MissingExtensionIdentifier",
  errorMessage: "Missing Lambda-Extension-Identifier header",
};
const invalidIdentifier: ErrorBody = {
  errorType: "Extension.InvalidExtensionIdentifier",
  errorMessage: "Invalid Lambda-Extension-Identifier",
};
const missingErrorType: ErrorBody = {
  errorType: "Extension.MissingHeader",
  errorMessage: "Lambda-Extension-Function-Error-Type not found",
};
const unknownToErrors: ErrorBody = {
  errorType: "Extension.UnknownExtensionIdentifier",
  errorMessage: "Unknown Lambda-Extension-Identifier",
};
const unknownToNext = (id: string): ErrorBody => ({
  errorType: "Extension.UnknownExtensionIdentifier",
  errorMessage: `Unknown extension ${id}`,
});
