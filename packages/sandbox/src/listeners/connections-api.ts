/**
 * The management API of a WebSocket API (spec event-formats.md 10.3): `/STAGE/@connections/ID`, by which a backend sends,
 * asks and disconnects. The AWS SDKs speak to it as they are; signatures are not looked at.
 */
import { randomUUID } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import { drained, readBody } from "../request-body.ts";
import { type OpenConnection, closedByBackend } from "./connections.ts";
import { originForm } from "./client-request.ts";

/** Answers one request. Never rejects for what the client does. */
export async function manageConnection(
  connections: ReadonlyMap<string, OpenConnection>,
  stage: string,
  incoming: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const body = await readBody(incoming, maxMessageBytes);
  if (body.kind === "truncated") return;
  if (body.kind === "tooLarge") await drained(incoming);
  const id = connectionIdOf(incoming.url ?? "/", stage);
  if (id === undefined) return fail(response, 403, "ForbiddenException", "Forbidden");
  if (!/^[A-Za-z0-9_-]+=$/.test(id))
    return fail(response, 400, "BadRequestException", `Invalid connectionId: ${id}`);
  const open = connections.get(id);
  if (open === undefined || !open.isOpen) return fail(response, 410, "GoneException", "Gone");
  switch (incoming.method ?? "") {
    case "GET":
      return reply(response, 200, JSON.stringify(shapeOf(open)));
    case "DELETE":
      open.close(closedByBackend);
      return reply(response, 204);
    case "POST": {
      if (body.kind === "tooLarge")
        return fail(response, 413, "PayloadTooLargeException", "Message too long");
      const sent = await open.send(Buffer.from(body.bytes).toString());
      return sent ? reply(response, 200, "") : fail(response, 410, "GoneException", "Gone");
    }
    default:
      return fail(response, 403, "MissingAuthenticationTokenException", "Missing Authentication Token");
  }
}

/** A frame that goes to a client may be as long as a message (10.2). */
const maxMessageBytes = 131_072;

/** SDKs write `%40connections` and `%3D`, people write them plainly. */
function connectionIdOf(target: string, stage: string): string | undefined {
  const [path = ""] = (originForm(target) ?? "").split("?", 1);
  const found = /^\/([^/]+)\/(?:@|%40)connections\/([^/]+)$/i.exec(path);
  if (found === null || found[1] !== stage) return undefined;
  return (found[2] ?? "").replaceAll(/%3d/gi, "=");
}

function shapeOf({ connection, lastActiveAt }: OpenConnection): object {
  const { connectedAt, sourceIp, userAgent } = connection;
  return {
    connectedAt: new Date(connectedAt).toISOString(),
    identity: { sourceIp, userAgent: userAgent ?? null },
    lastActiveAt: new Date(lastActiveAt).toISOString(),
  };
}

function reply(response: ServerResponse, status: number, body?: string): void {
  const type = body === undefined ? [] : ["Content-Type", "application/json", "Content-Length", sizeOf(body)];
  response.writeHead(status, ["x-amzn-RequestId", randomUUID(), ...type]);
  response.end(body);
}

function fail(response: ServerResponse, status: number, type: string, message: string): void {
  const body = JSON.stringify({ message });
  const head = ["x-amzn-RequestId", randomUUID(), "x-amzn-ErrorType", type];
  response.writeHead(status, [...head, "Content-Type", "application/json", "Content-Length", sizeOf(body)]);
  response.end(body);
}

function sizeOf(body: string): string {
  return String(Buffer.byteLength(body));
}
