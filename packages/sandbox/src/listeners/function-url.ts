/**
 * A Lambda Function URL as a real HTTP server on this machine (spec event-formats.md 7 and 15).
 *
 * The request is read raw, because the event must show what the client sent: header order and repetition,
 * the request target with its escapes. Bodies are bytes until the event format wants text.
 */
import { randomUUID } from "node:crypto";
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import { type ClientResponse, type HeaderField, MAX_PAYLOAD_BYTES } from "@anylambda/wire";
import * as functionUrl from "@anylambda/wire/front-doors/function-url";
import { nodeCodec } from "@anylambda/wire/node";
import type { Fleet } from "../fleet.ts";
import { newTraceRoot, urlIdOf } from "../identifiers.ts";
import { drained, readBody } from "../request-body.ts";
import type { FleetAnswer } from "../waiting.ts";
import { toLatin1, toUtf8 } from "./header-text.ts";
import { type HttpListener, createFrontServer, listenAt } from "./http-listener.ts";
import { relayStream } from "./streamed-answer.ts";

export interface FunctionUrlOptions {
  /** Address to listen on; loopback unless told otherwise. */
  readonly host?: string | undefined;
  /** 0, the default, takes a free port. */
  readonly port?: number | undefined;
  /** As in the URL's configuration on AWS; `BUFFERED` unless told otherwise. */
  readonly invokeMode?: "BUFFERED" | "RESPONSE_STREAM" | undefined;
}

/** Opens the front door. Rejects when the port is taken or the address is not this machine's. */
export async function listenFunctionUrl(
  fleet: Fleet,
  options: FunctionUrlOptions = {},
): Promise<HttpListener> {
  const { host = "127.0.0.1", port = 0, invokeMode = "BUFFERED" } = options;
  const id = urlIdOf(fleet.configuration);
  const domainName = `${id}.lambda-url.${fleet.configuration.region}.on.aws`;
  const server = createFrontServer((request, response) => {
    serve(fleet, door, request, response, server).catch(() => {
      // A bug of ours must not take the server down with it.
      if (!response.headersSent) send(response, randomUUID(), badGateway, server);
    });
  });
  const listener = await listenAt(server, host, port);
  const door: Door = { id, domainName, port: listener.port, streams: invokeMode === "RESPONSE_STREAM" };
  return listener;
}

/** What is the same for every request. */
interface Door {
  readonly id: string;
  readonly domainName: string;
  readonly port: number;
  readonly streams: boolean;
}

async function serve(
  fleet: Fleet,
  door: Door,
  request: IncomingMessage,
  response: ServerResponse,
  server: Server,
): Promise<void> {
  const requestId = randomUUID();
  const target = originForm(request.url ?? "/");
  if (target === undefined) return send(response, requestId, badRequest, server);
  const body = await readBody(request, maxBodyBytes);
  if (body.kind === "truncated") return;
  if (body.kind === "tooLarge") {
    await drained(request);
    return send(response, requestId, tooLarge, server);
  }
  const traceId = newTraceRoot();
  const event = functionUrl.toEvent(
    {
      method: request.method ?? "GET",
      target,
      headers: headerPairs(request.rawHeaders),
      body: body.bytes,
      sourceIp: sourceIpOf(request),
    },
    {
      accountId: "anonymous",
      apiId: door.id,
      domainName: door.domainName,
      requestId,
      traceId,
      timeEpoch: Date.now(),
      port: door.port,
      scheme: "http",
    },
    nodeCodec,
  );
  const payload = Buffer.from(JSON.stringify(event));
  if (payload.length > MAX_PAYLOAD_BYTES) return send(response, requestId, tooLarge, server);
  const sentTrace = request.headers["x-amzn-trace-id"];
  const asked = { payload, requestId, traceId: typeof sentTrace === "string" ? sentTrace : traceId };
  const invocation = door.streams ? fleet.invokeStreaming(asked) : fleet.invoke(asked);
  // A client that hangs up meanwhile changes nothing: the function runs to its end, as on Lambda, and what is
  // written to a closed response goes nowhere.
  const answer = await invocation.answer;
  if ("stream" in answer) await relayStream(response, requestId, answer.stream);
  else send(response, requestId, toResponse(answer), server);
}

function toResponse(answer: FleetAnswer): ClientResponse {
  const { refused, payload } = answer;
  if (refused === undefined) {
    return functionUrl.fromResult({ payload, failed: answer.functionError !== undefined }, nodeCodec);
  }
  const status = refused === "TooManyRequestsException" ? 429 : 503;
  return { status, headers: [...jsonType, ["x-amzn-ErrorType", refused]], body: payload };
}

function send(response: ServerResponse, requestId: string, answer: ClientResponse, server: Server): void {
  // An interim status would leave the client waiting for the real one.
  const { status, headers, body } = answer.status < 200 ? badGateway : answer;
  const head: string[] = [];
  for (const [name, value] of headers) head.push(name, toLatin1(value));
  head.push("x-amzn-RequestId", requestId);
  if (mayTellLength(response, status, body)) head.push("Content-Length", String(body.length));
  if (!server.listening) head.push("Connection", "close");
  response.writeHead(status, head);
  response.end(body);
}

/** 204 and 304 have no length; for HEAD an empty body says nothing about the length of the real one. */
function mayTellLength(response: ServerResponse, status: number, body: Uint8Array): boolean {
  if (status === 204 || status === 304) return false;
  return response.req.method !== "HEAD" || body.length > 0;
}

/** The request target in origin-form; `undefined` for `*` and what else is no path. */
function originForm(target: string): string | undefined {
  if (target.startsWith("/")) return toUtf8(target);
  const absolute = /^https?:\/\/[^/?#]*(.*)$/i.exec(target);
  if (absolute === null) return undefined;
  const rest = absolute[1] ?? "";
  return toUtf8(rest.startsWith("/") ? rest : `/${rest}`);
}

function headerPairs(raw: readonly string[]): HeaderField[] {
  const pairs: HeaderField[] = [];
  for (let i = 0; i + 1 < raw.length; i += 2) pairs.push([raw[i] as string, toUtf8(raw[i + 1] as string)]);
  return pairs;
}

/** `::ffff:127.0.0.1` is how a socket that speaks both families names an IPv4 peer. */
function sourceIpOf(request: IncomingMessage): string {
  const address = request.socket.remoteAddress ?? "";
  return address.startsWith("::ffff:") ? address.slice(7) : address;
}

/** Request payload limit of a synchronous invocation (environment.md 5.6). */
const maxBodyBytes = 6_291_456;

const jsonType: readonly HeaderField[] = [["Content-Type", "application/json"]];

const badRequest: ClientResponse = {
  status: 400,
  headers: jsonType,
  body: Buffer.from(`{"message":"Bad Request"}`),
};

/** The status is AWS's; its exact text is not established (event-formats.md 7.2). */
const tooLarge: ClientResponse = {
  status: 413,
  headers: [...jsonType, ["x-amzn-ErrorType", "RequestTooLargeException"]],
  body: Buffer.from(
    `{"message":"Request must be smaller than ${maxBodyBytes} bytes for the InvokeFunction operation"}`,
  ),
};

const badGateway: ClientResponse = {
  status: 502,
  headers: [["Content-Type", "text/plain"]],
  body: Buffer.from("Internal Server Error"),
};
