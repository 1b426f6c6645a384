/** What the HTTP servers that face callers have in common. */
import { type IncomingMessage, type Server, type ServerResponse, createServer } from "node:http";
import type { AddressInfo, Socket } from "node:net";

export interface HttpListener {
  /** `http://HOST:PORT/` */
  readonly url: string;
  readonly port: number;
  /** Accepts nothing more; resolves when the last answer is sent. */
  close(): Promise<void>;
}

/** How long a connection to a door may be at rest. */
export const keepAliveMs = 75_000;

export function createFrontServer(
  handle: (request: IncomingMessage, response: ServerResponse) => void,
): Server {
  const server = createServer(
    {
      // Lambda takes 1 MB of request line and headers (environment.md 5.6).
      maxHeaderSize: 1024 * 1024,
      // Longer than any load balancer or test tool keeps a connection: nobody should meet a closed one.
      keepAliveTimeout: keepAliveMs,
      // An upload may be slow; a caller that sends nothing is nobody's cost on a developer's machine.
      requestTimeout: 0,
      noDelay: true,
    },
    handle,
  );
  server.maxHeadersCount = 0;
  return server;
}

/** Lets `serve` have each connection first. What it gives away is the server's, as if it had come there. */
export function serveFirst(
  server: Server,
  serve: (socket: Socket, giveAway: (socket: Socket, read: Buffer) => void) => void,
): void {
  const [own] = server.listeners("connection") as [(this: Server, socket: Socket) => void];
  server.off("connection", own);
  server.on("connection", (socket) => {
    serve(socket, (left, read) => {
      left.unshift(read);
      own.call(server, left);
    });
  });
}

/** Rejects when the port is taken or the address is not this machine's. */
export async function listenAt(server: Server, host: string, port: number): Promise<HttpListener> {
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, host, resolve);
  });
  const address = server.address() as AddressInfo;
  const name = address.family === "IPv6" ? `[${address.address}]` : address.address;
  return { url: `http://${name}:${address.port}/`, port: address.port, close: () => close(server) };
}

async function close(server: Server): Promise<void> {
  await new Promise<void>((resolve) => {
    server.close(() => resolve());
    server.closeIdleConnections();
  });
}

/** Resolves when the client has taken what was written, or has gone. */
export function writable(response: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      response.off("drain", done);
      response.off("close", done);
      resolve();
    };
    response.once("drain", done);
    response.once("close", done);
  });
}
