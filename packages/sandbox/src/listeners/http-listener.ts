/** What the HTTP servers that face callers have in common. */
import { type IncomingMessage, type Server, type ServerResponse, createServer } from "node:http";
import { Server as SecureServer, createServer as createSecureServer } from "node:https";
import type { AddressInfo, Socket } from "node:net";
import type { Certificate } from "./door-options.ts";

export interface HttpListener {
  /** `http://HOST:PORT/`, or `https:` with a certificate. */
  readonly url: string;
  readonly port: number;
  /** Accepts nothing more; resolves when the last answer is sent. */
  close(): Promise<void>;
}

/** How long a connection to a door may be at rest. */
export const keepAliveMs = 75_000;

export function createFrontServer(
  handle: (request: IncomingMessage, response: ServerResponse) => void,
  certificate?: Certificate,
): Server {
  const options = {
    // Lambda takes 1 MB of request line and headers (environment.md 5.6).
    maxHeaderSize: 1024 * 1024,
    // Longer than any load balancer or test tool keeps a connection: nobody should meet a closed one.
    keepAliveTimeout: keepAliveMs,
    // An upload may be slow; a caller that sends nothing is nobody's cost on a developer's machine.
    requestTimeout: 0,
    noDelay: true,
  };
  const server =
    certificate === undefined
      ? createServer(options, handle)
      : createSecureServer({ ...options, ...certificate }, handle);
  server.maxHeadersCount = 0;
  return server;
}

/** As a door's events and its address have it. */
export function schemeOf({ tls }: { readonly tls?: Certificate | undefined }): "http" | "https" {
  return tls === undefined ? "http" : "https";
}

/** Lets `serve` have each connection first. What it gives away is the server's, as if it had come there. */
export function serveFirst(
  server: Server,
  serve: (socket: Socket, giveAway: (socket: Socket, read: Buffer) => void) => void,
): void {
  // With TLS the first of them shakes hands; what comes then is as plain as without.
  const event = server instanceof SecureServer ? "secureConnection" : "connection";
  const [own] = server.listeners(event) as [(this: Server, socket: Socket) => void];
  server.off(event, own);
  server.on(event, (socket: Socket) => {
    serve(socket, (left, read) => {
      left.unshift(read);
      own.call(server, left);
    });
  });
}

/**
 * Lets those who do not begin with a TLS handshake speak to `plain`, on the same port. For who is asked by the app itself, which
 * would have to be told to trust the certificate of this machine.
 */
export function servePlainToo(secure: Server, plain: Server): void {
  const [own] = secure.listeners("connection") as [(this: Server, socket: Socket) => void];
  secure.off("connection", own);
  secure.on("connection", (socket: Socket) => {
    const broke = (): void => {
      socket.destroy();
    };
    socket.once("error", broke);
    // It must not begin to flow: what flows does so past the handshake.
    socket.once("readable", () => {
      const first = socket.read(1) as Buffer | null;
      // It has ended without a word.
      if (first === null) return void socket.destroy();
      socket.off("error", broke).unshift(first);
      if (first[0] === handshakeRecord) own.call(secure, socket);
      else plain.emit("connection", socket);
    });
  });
}

/** First byte of a TLS connection (RFC 8446, 5.1). */
const handshakeRecord = 0x16;

/** Rejects when the port is taken or the address is not this machine's. */
export async function listenAt(server: Server, host: string, port: number): Promise<HttpListener> {
  const isSecure = server instanceof SecureServer;
  const endUnshaken = isSecure ? unshaken(server) : undefined;
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, host, resolve);
  });
  const address = server.address() as AddressInfo;
  const name = address.family === "IPv6" ? `[${address.address}]` : address.address;
  return {
    url: `${isSecure ? "https" : "http"}://${name}:${address.port}/`,
    port: address.port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeIdleConnections();
        endUnshaken?.();
      }),
  };
}

/** Ends the connections whose handshake is not done: the server knows of them, but not that they are idle. */
function unshaken(server: SecureServer): () => void {
  const waiting = new Map<string, Socket>();
  const nameOf = ({ remoteAddress, remotePort }: Socket): string => `${remoteAddress} ${remotePort}`;
  server.prependListener("connection", (socket: Socket) => {
    const name = nameOf(socket);
    waiting.set(name, socket);
    socket.once("close", () => waiting.delete(name));
  });
  server.prependListener("secureConnection", (socket) => waiting.delete(nameOf(socket)));
  return () => {
    for (const socket of waiting.values()) socket.destroy();
  };
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
