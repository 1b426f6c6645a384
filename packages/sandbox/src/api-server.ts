/**
 * The one HTTP server of an environment: `AWS_LAMBDA_RUNTIME_API`, four APIs told apart by path prefix
 * (environment.md 0).
 */
import { type IncomingMessage, type Server, type ServerResponse, createServer } from "node:http";
import { type AddressInfo, type Socket, createServer as createListener } from "node:net";
import type { ExtensionRegistry } from "./extension-registry.ts";
import { type ExtensionMetadata, handleExtensionsApi } from "./extensions-api.ts";
import { type Metadata, handleMetadata, metadataPath } from "./metadata-endpoint.ts";
import { replyMethodNotAllowed, replyNotFound, truncatedRequestText } from "./replies.ts";
import type { RuntimeSide } from "./boot.ts";
import { serveCalls } from "./quick-calls.ts";
import { type CredentialsOffer, credentialsPath, handleCredentials } from "./snapstart/credentials.ts";
import type { TelemetryHub } from "./telemetry/hub.ts";
import { handleTelemetryApi, telemetryPaths } from "./telemetry/telemetry-api.ts";

/** Both sides of the conversation in one boot; a reset replaces them, but for the telemetry. */
export interface Apis {
  readonly runtimeApi: RuntimeSide;
  readonly registry: ExtensionRegistry;
  /** Absent where nobody can subscribe. */
  readonly telemetry?: TelemetryHub | undefined;
}

export class ApiServer {
  #apis: Apis | undefined;
  readonly #metadata: ExtensionMetadata;
  /** Takes connections from elsewhere, and those that are not for the quick way. */
  readonly #server: Server;
  /** Of the listener. A server of `node:http` that never listened itself does not know them. */
  readonly #sockets = new Set<Socket>();
  readonly #listener = createListener({ allowHalfOpen: true, noDelay: true }, (socket) =>
    this.#begin(socket),
  );
  /** Connections that were accepted elsewhere, and the request that each waits with. */
  readonly #accepted = new Map<Socket, IncomingMessage | undefined>();
  /** Answers of the credentials endpoint; without it there is none. */
  credentials: CredentialsOffer | undefined;
  /** Answer of the metadata endpoint; without it 503. */
  metadata: Metadata | undefined;

  constructor(metadata: ExtensionMetadata) {
    this.#metadata = metadata;
    this.#server = createServer(
      {
        // Clients put up to 1 MiB into the X-Ray cause header (environment.md 1.6); Node's default is 16 KiB.
        maxHeaderSize: 2 * 1024 * 1024,
        // A parked poll waits for hours: nothing may time out here (environment.md 1.1).
        requestTimeout: 0,
        headersTimeout: 0,
        keepAliveTimeout: 0,
        // Answers are small and awaited: Nagle's algorithm would hold them back for 40 ms.
        noDelay: true,
      },
      (request, response) => this.#handle(request, response),
    );
    this.#server.timeout = 0;
    this.#server.maxHeadersCount = 0;
    this.#server.on("clientError", (error: NodeJS.ErrnoException, socket) => {
      // The client closed its side in the middle of a body: it can still read.
      if (error.code === "HPE_INVALID_EOF_STATE" && socket.writable) socket.end(truncatedRequestText());
      else if (socket.writable)
        socket.end("HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
      else socket.destroy();
    });
  }

  /** Listens on a free port of the loopback interface. */
  static async start(metadata: ExtensionMetadata): Promise<ApiServer> {
    const api = new ApiServer(metadata);
    await api.listen();
    return api;
  }

  async listen(): Promise<void> {
    if (this.#listener.listening) return;
    await new Promise<void>((resolve, reject) => {
      this.#listener.once("error", reject);
      this.#listener.listen(0, "127.0.0.1", resolve);
    });
  }

  #begin(socket: Socket): void {
    this.#sockets.add(socket);
    socket.once("close", () => this.#sockets.delete(socket));
    const runtime = (): RuntimeSide["quick"] => this.#apis?.runtimeApi.quick;
    serveCalls(socket, runtime, (left, read) => {
      left.unshift(read);
      this.#server.emit("connection", left);
    });
  }

  /** Serves a connection that was accepted elsewhere: in another network namespace. */
  accept(socket: Socket): void {
    this.#accepted.set(socket, undefined);
    socket.once("close", () => this.#accepted.delete(socket));
    this.#server.emit("connection", socket);
  }

  /** Goes on with a connection that {@link hold} gave away, in this server or in another: its request is asked anew. */
  resume(socket: Socket, held: string): void {
    if (held !== "") socket.unshift(Buffer.from(held, "latin1"));
    this.accept(socket);
  }

  /**
   * The accepted connections with the requests that wait on them, as they came: to be given away. `undefined` while a
   * request is under way that cannot be asked again.
   */
  hold(): readonly { readonly socket: Socket; readonly held: string }[] | undefined {
    const connections = [...this.#accepted];
    if (connections.some(([, request]) => request !== undefined && request.method !== "GET"))
      return undefined;
    this.#accepted.clear();
    return connections.map(([socket, request]) => ({
      socket,
      held: request === undefined ? "" : textOf(request),
    }));
  }

  /** Value of `AWS_LAMBDA_RUNTIME_API`. */
  get address(): string {
    return `127.0.0.1:${this.#port}`;
  }

  get #port(): number {
    return (this.#listener.address() as AddressInfo).port;
  }

  /** What waits on an accepted connection. */
  #note(request: IncomingMessage, response: ServerResponse): void {
    const { socket } = request;
    if (!this.#accepted.has(socket)) return;
    this.#accepted.set(socket, request);
    response.once("close", () => {
      if (this.#accepted.get(socket) === request) this.#accepted.set(socket, undefined);
    });
  }

  serve(apis: Apis): void {
    this.#apis = apis;
  }

  async close(): Promise<void> {
    await new Promise<void>((resolve) => {
      // Without a port of its own there is nothing to close but connections.
      this.#listener.close(() => resolve());
      for (const socket of [...this.#sockets, ...this.#accepted.keys()]) socket.destroy();
    });
  }

  #handle(request: IncomingMessage, response: ServerResponse): void {
    if (this.#accepted.size > 0) this.#note(request, response);
    const target = request.url ?? "/";
    const query = target.indexOf("?");
    const path = query < 0 ? target : target.slice(0, query);
    const apis = this.#apis;
    if (apis === undefined) replyNotFound(response);
    else if (path.startsWith("/2018-06-01/runtime/")) apis.runtimeApi.handle(request, response, path);
    else if (path.startsWith("/2020-01-01/extension/") && !apis.registry.isDisabled)
      handleExtensionsApi(apis.registry, this.#metadata, request, response, path);
    else if (path === credentialsPath && this.credentials !== undefined)
      handleCredentials(this.credentials, request, response);
    else this.#handleRest(apis, request, response, path);
  }

  /** What has a path of its own. */
  #handleRest(
    { registry, telemetry }: Apis,
    request: IncomingMessage,
    response: ServerResponse,
    path: string,
  ): void {
    const api = registry.isDisabled ? undefined : telemetryPaths[path];
    if (api !== undefined) {
      // 9001 is the APIs' port on Lambda, and within an environment that has a network of its own.
      const reservedPorts = [9001, ...(this.#listener.listening ? [this.#port] : [])];
      handleTelemetryApi({ registry, telemetry, reservedPorts }, api, request, response);
    } else if (path === metadataPath) handleMetadata(this.metadata, request, response);
    else if (path === "/2018-06-01/ping") ping(request, response);
    else replyNotFound(response);
  }
}

/** A request without a body, as it was sent. */
function textOf({ method, url, rawHeaders }: IncomingMessage): string {
  let text = `${method} ${url} HTTP/1.1\r\n`;
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) text += `${rawHeaders[i]}: ${rawHeaders[i + 1]}\r\n`;
  return `${text}\r\n`;
}

function ping(request: IncomingMessage, response: ServerResponse): void {
  if (request.method !== "GET") {
    replyMethodNotAllowed(response, "GET");
    return;
  }
  response.writeHead(200, ["Content-Type", "text/plain; charset=utf-8", "Content-Length", "4"]);
  response.end("pong");
}
