/**
 * The Telemetry API and the older Logs API (environment.md 3.1, 3.5): two paths, one kind of subscription.
 */
import type { IncomingMessage, ServerResponse } from "node:http";
import type { ExtensionRegistry } from "../extension-registry.ts";
import { withExtension } from "../extensions-api.ts";
import { replyError, replyMethodNotAllowed, replyNotFound } from "../replies.ts";
import { readBody } from "../request-body.ts";
import type { Refusal, TelemetryHub } from "./hub.ts";
import { type SubscriptionApi, type SubscriptionRules, toSubscription } from "./subscription-request.ts";

export const telemetryPaths: Readonly<Record<string, SubscriptionApi>> = {
  "/2022-07-01/telemetry": "telemetry",
  "/2020-08-15/logs": "logs",
};

/** One boot's extensions, and the environment's telemetry. */
export interface TelemetryApi {
  readonly registry: ExtensionRegistry;
  /** Absent where nobody can subscribe. */
  readonly telemetry: TelemetryHub | undefined;
  /** Ports that nobody can listen on: the APIs' own. */
  readonly reservedPorts: readonly number[];
}

export function handleTelemetryApi(
  { registry, telemetry, reservedPorts }: TelemetryApi,
  api: SubscriptionApi,
  request: IncomingMessage,
  response: ServerResponse,
): void {
  if (request.method !== "PUT") {
    request.resume();
    replyMethodNotAllowed(response, "PUT");
    return;
  }
  if (telemetry === undefined) {
    request.resume();
    // Extensions take every 2xx for "not here"; a 404 makes some of them crash (environment.md 3.6).
    const errorMessage = `${nameOf(api)} API is not supported`;
    replyError(response, 202, { errorType: `${nameOf(api)}.NotSupported`, errorMessage });
    return;
  }
  const newestSchemaOnly = telemetry.isManagedInstance;
  if (newestSchemaOnly && api === "logs") {
    request.resume();
    replyNotFound(response);
    return;
  }
  const rules = { reservedPorts, newestSchemaOnly };
  const unknown = (id: string) => ({
    errorType: "Extension.UnknownExtensionIdentifier",
    errorMessage: `Unknown extension ${id}`,
  });
  withExtension(registry, request, response, unknown, ({ name }) => {
    void subscribe(name, telemetry, rules, api, request, response);
  });
}

async function subscribe(
  name: string,
  telemetry: TelemetryHub,
  rules: SubscriptionRules,
  api: SubscriptionApi,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const body = await readBody(request, maxRequestBytes);
  if (body.kind === "truncated") return;
  const text = body.kind === "complete" ? Buffer.from(body.bytes).toString() : "";
  const subscription =
    body.kind === "complete" ? toSubscription(api, text, rules) : "request body is too large";
  if (typeof subscription === "string") {
    replyInvalid(response, api, subscription);
    return;
  }
  const refusal = await telemetry.subscribe(name, subscription);
  if (refusal !== undefined) {
    refuse(response, api, refusal);
    return;
  }
  // A JSON text that is a string, and no newline behind it.
  response.writeHead(200, ["Content-Type", "application/json", "Content-Length", "4"]);
  response.end(`"OK"`);
}

function refuse(response: ServerResponse, api: SubscriptionApi, refusal: Refusal): void {
  switch (refusal.kind) {
    case "closed":
      replyError(response, 403, {
        errorType: `${nameOf(api)}.SubscriptionClosed`,
        errorMessage: `${nameOf(api)} API subscription is closed`,
      });
      return;
    case "otherApi":
      replyInvalid(response, api, `already subscribed to the ${nameOf(refusal.api)} API`);
      return;
    case "unreachable":
      replyInvalid(response, api, `Invalid destination: ${refusal.reason}`);
  }
}

function replyInvalid(response: ServerResponse, api: SubscriptionApi, errorMessage: string): void {
  const errorType = api === "telemetry" ? "ValidationError" : "Logs.ValidationError";
  replyError(response, 400, { errorType, errorMessage });
}

function nameOf(api: SubscriptionApi): "Telemetry" | "Logs" {
  return api === "telemetry" ? "Telemetry" : "Logs";
}

/** Far more than any client sends. */
const maxRequestBytes = 65_536;
