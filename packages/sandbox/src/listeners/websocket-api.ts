/**
 * An API Gateway WebSocket API as a real `ws://` endpoint, with its management API (spec event-formats.md 10).
 *
 *  (1) A handshake is accepted after `$connect` has answered 2xx, and a client that it refuses never was connected.
 *  (2) Each message is an invocation of its own; they wait for nothing but a free environment, and may overtake.
 *  (3) `$disconnect` is told of each connection that was accepted, once.
 */
import { type IncomingMessage, STATUS_CODES, type Server, type ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
import { type JsonObject, headerOf } from "@anylambda/wire";
import { selectedKey } from "@anylambda/wire/front-doors/route-selection";
import * as websocket from "@anylambda/wire/front-doors/websocket";
import { nodeCodec } from "@anylambda/wire/node";
import { WebSocketServer } from "ws";
import { type AuthorizerMeans, requireAuthorizer } from "../authorizers/authorizers.ts";
import type { Fleet } from "../fleet.ts";
import { apiIdOf, newExtendedId } from "../identifiers.ts";
import { withPatience } from "../patience.ts";
import { originForm, requestOf } from "./client-request.ts";
import { manageConnection } from "./connections-api.ts";
import { type Lifetimes, OpenConnection, messageTooBig, unsupportedData } from "./connections.ts";
import { type ConnectGuard, connectGuard } from "./connect-access.ts";
import type { WebSocketApiOptions } from "./door-options.ts";
import { FrameSizes } from "./frame-sizes.ts";
import { type Place, contextOf, newArrival } from "./front-door.ts";
import { type HttpListener, createFrontServer, listenAt, schemeOf, servePlainToo } from "./http-listener.ts";

/** Opens it. Rejects when the port is taken or the address is not this machine's. `url` is `ws://HOST:PORT/STAGE`, or `wss:`. */
export async function listenWebSocketApi(
  fleet: Fleet,
  options: Omit<WebSocketApiOptions, "type"> = {},
  means: AuthorizerMeans = {},
): Promise<HttpListener> {
  if (options.authorization !== undefined) requireAuthorizer(options.authorization.authorizer, "websocket");
  const { host = "127.0.0.1", port = 0, stage = "prod", tls } = options;
  const open = new Map<string, OpenConnection>();
  const manage = (request: IncomingMessage, response: ServerResponse): void => {
    manageConnection(open, stage, request, response).catch(() => response.destroy());
  };
  const server = createFrontServer(manage, tls);
  const plain = tls === undefined ? undefined : createFrontServer(manage);
  // The app finds the management API where the events say, and needs no certificate for it.
  if (plain !== undefined) servePlainToo(server, plain);
  const listener = await listenAt(server, host, port);
  const api = apiAt(fleet, server, listener, open, options, means);
  server.on("upgrade", (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    // A client that hangs up is no bug of ours.
    socket.on("error", () => undefined);
    shakeHands(api, request, socket, head).catch(() => socket.destroy());
  });
  return {
    url: `${listener.url.replace(/^http/, "ws")}${stage}`,
    port: listener.port,
    close: () => {
      for (const connection of open.values()) connection.end();
      const closed = listener.close();
      plain?.closeIdleConnections();
      return closed;
    },
  };
}

interface Api {
  readonly fleet: Fleet;
  readonly server: Server;
  readonly place: Place;
  readonly guard: ConnectGuard | undefined;
  readonly open: Map<string, OpenConnection>;
  readonly sockets: WebSocketServer;
  /** The subprotocols that `$connect` chose, until the handshake is done. */
  readonly protocols: WeakMap<IncomingMessage, string>;
  readonly stage: string;
  readonly routes: ReadonlySet<string>;
  readonly routeResponses: ReadonlySet<string>;
  readonly expression: string;
  readonly lifetimes: Lifetimes;
  readonly patienceMs: number;
}

function apiAt(
  fleet: Fleet,
  server: Server,
  { url, port }: HttpListener,
  open: Map<string, OpenConnection>,
  options: Omit<WebSocketApiOptions, "type">,
  means: AuthorizerMeans,
): Api {
  const { stage = "prod", routes = ["$connect", "$disconnect", "$default"], routeResponses = [] } = options;
  const { configuration } = fleet;
  const protocols = new WeakMap<IncomingMessage, string>();
  const place: Place = {
    accountId: configuration.accountId,
    apiId: apiIdOf(configuration, "websocket"),
    // This machine's, for apps build the address of the management API of it.
    domainName: `${reachable(new URL(url).hostname)}:${port}`,
    port,
    scheme: schemeOf(options),
  };
  const { authorization } = options;
  return {
    fleet,
    server,
    place,
    guard: authorization && connectGuard(means, configuration, place, authorization),
    open,
    sockets: new WebSocketServer({
      noServer: true,
      clientTracking: false,
      perMessageDeflate: false,
      maxPayload: 131_072,
      handleProtocols: (_offered, request) => protocols.get(request) ?? false,
    }),
    protocols,
    stage,
    routes: new Set(routes),
    routeResponses: new Set(routeResponses),
    expression: options.routeSelectionExpression ?? "$request.body.action",
    lifetimes: { idleMs: options.idleTimeoutMs ?? 600_000, longestMs: options.maxConnectionMs ?? 7_200_000 },
    patienceMs: options.timeoutMs ?? 29_000,
  };
}

/** An address that an app can connect to: those that stand for all of a machine's are none. */
function reachable(hostname: string): string {
  return hostname === "0.0.0.0" || hostname === "[::]" ? "127.0.0.1" : hostname;
}

async function shakeHands(api: Api, incoming: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
  const target = originForm(incoming.url ?? "/") ?? "";
  const [path = ""] = target.split("?", 1);
  if (path !== `/${api.stage}` && path !== `/${api.stage}/`) return refuse(socket, 403, "Forbidden");
  if (!isHandshake(incoming)) return refuse(socket, 400, "Bad Request");
  const request = requestOf(incoming, target, new Uint8Array(0));
  const arriving: websocket.Connection = {
    connectionId: newExtendedId(),
    connectedAt: Date.now(),
    stage: api.stage,
    sourceIp: request.sourceIp,
    userAgent: headerOf(request.headers, "user-agent"),
  };
  const access = await api.guard?.(request, newArrival(), arriving);
  if (access !== undefined && "status" in access) return refuse(socket, access.status, access.message);
  const connection = access === undefined ? arriving : { ...arriving, authorizer: access.authorizer };
  if (api.routes.has("$connect")) {
    const told = await tell(api, connection, { type: "CONNECT", request });
    const refusal = refusalOf(told);
    if (refusal !== undefined) return refuse(socket, refusal.status, refusal.message);
    if (typeof told !== "string" && told.protocol !== undefined) api.protocols.set(incoming, told.protocol);
  }
  if (socket.destroyed || !api.server.listening) return void socket.destroy();
  api.sockets.handleUpgrade(incoming, socket, head, (accepted) => {
    const opened = new OpenConnection(connection, incoming.headers.host ?? "", accepted, api.lifetimes);
    api.open.set(connection.connectionId, opened);
    const frames = new FrameSizes();
    // Before the library reads the same bytes.
    socket.prependListener("data", (bytes: Buffer) => {
      if (frames.read(bytes).some((length) => length > maxFrameBytes)) opened.close(messageTooBig);
    });
    accepted.on("message", (data: Buffer, isBinary: boolean) => {
      if (!opened.isOpen) return;
      if (isBinary) opened.close(unsupportedData);
      else void receive(api, opened, data.toString());
    });
    void opened.ended.then((ending) => {
      api.open.delete(connection.connectionId);
      if (!api.routes.has("$disconnect") || !api.server.listening) return;
      return tell(api, connection, { type: "DISCONNECT", host: opened.host, ...ending });
    });
  });
}

/** 10.2 */
const maxFrameBytes = 32_768;

/** What the library would refuse only after `$connect` was asked. */
function isHandshake({ method, headers }: IncomingMessage): boolean {
  const { upgrade, "sec-websocket-version": version, "sec-websocket-key": key = "" } = headers;
  const known = upgrade?.toLowerCase() === "websocket" && version === "13";
  return method === "GET" && known && /^[+/0-9A-Za-z]{22}==$/.test(key);
}

type Told = websocket.ConnectionAnswer | "malformed" | "timeout";

function refusalOf(told: Told): { readonly status: number; readonly message: string } | undefined {
  if (told === "malformed") return { status: 502, message: serverError };
  if (told === "timeout") return { status: 504, message: timedOut };
  if (told.status >= 200 && told.status < 300) return undefined;
  return { status: told.status, message: STATUS_CODES[told.status] ?? "Refused" };
}

const serverError = "Internal server error";
const timedOut = "Endpoint request timed out";

async function receive(api: Api, opened: OpenConnection, text: string): Promise<void> {
  opened.touch();
  const routeKey = routeKeyOf(api, text);
  if (routeKey === undefined) return complain(opened, "Forbidden", newExtendedId());
  const messageId = newExtendedId();
  const told = await tell(api, opened.connection, { type: "MESSAGE", routeKey, messageId, text });
  if (told === "malformed") await complain(opened, serverError, messageId);
  else if (told === "timeout") await complain(opened, timedOut, messageId);
  else if (api.routeResponses.has(routeKey) && told.body !== "") await opened.send(told.body);
}

/** The route that the message names, else `$default`, else none. */
function routeKeyOf({ routes, expression }: Api, text: string): string | undefined {
  const key = selectedKey(expression, text);
  if (key !== undefined && routes.has(key) && key !== "$connect" && key !== "$disconnect") return key;
  return routes.has("$default") ? "$default" : undefined;
}

async function complain(opened: OpenConnection, message: string, requestId: string): Promise<void> {
  const { connectionId } = opened.connection;
  await opened.send(JSON.stringify({ message, connectionId, requestId }));
}

/** Invokes the function. */
async function tell(
  api: Api,
  connection: websocket.Connection,
  occurrence: websocket.Occurrence,
): Promise<Told> {
  const arrival = newArrival();
  const context = contextOf(api.place, arrival, arrival.extendedId);
  const event: JsonObject = websocket.toEvent(occurrence, connection, context, nodeCodec);
  const payload = Buffer.from(JSON.stringify(event));
  const { answer } = api.fleet.invoke({ payload, traceId: arrival.traceId });
  const given = await withPatience(answer, api.patienceMs);
  if (given === undefined) return "timeout";
  const failed = given.refused !== undefined || given.functionError !== undefined;
  return websocket.fromResult({ payload: given.payload, failed }, nodeCodec);
}

function refuse(socket: Duplex, status: number, message: string): void {
  const body = JSON.stringify({ message });
  const head = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? "Unknown"}`,
    "Content-Type: application/json",
    `Content-Length: ${Buffer.byteLength(body)}`,
    `x-amzn-RequestId: ${newExtendedId()}`,
    "Connection: close",
  ];
  socket.end(`${head.join("\r\n")}\r\n\r\n${body}`);
}
