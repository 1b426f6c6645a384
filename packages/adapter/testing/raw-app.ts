/** An app of raw sockets, for tests in which bytes or the life of a connection matter. */
import { createServer } from "node:net";
import type { AddressInfo, Server, Socket } from "node:net";

export interface RawRequest {
  /** Request line and fields, without the empty line. */
  readonly head: string;
  readonly body: Buffer;
}

export interface RawConnection {
  /** 0 for the first connection of this app. */
  readonly number: number;
  readonly socket: Socket;
  /** The next request, framed by its content-length; `undefined` when the client has closed. */
  readRequest(): Promise<RawRequest | undefined>;
  /** Waits for the next request's head only; its body stays unread. */
  readHead(): Promise<string | undefined>;
}

export interface RawApp {
  readonly port: number;
  readonly connections: readonly RawConnection[];
  /** Every request that `readRequest` gave out, in order. */
  readonly requests: readonly (RawRequest & { readonly connection: number })[];
  close(): Promise<void>;
}

export async function startRawApp(
  serve: (connection: RawConnection) => Promise<void> | void,
  options: {
    readonly host?: string;
    readonly port?: number;
    /** A Unix socket instead; the port is 0 then. */
    readonly path?: string;
    readonly pauseOnConnect?: boolean;
  } = {},
): Promise<RawApp> {
  const connections: RawConnection[] = [];
  const requests: (RawRequest & { connection: number })[] = [];
  const server = createServer(
    { pauseOnConnect: options.pauseOnConnect ?? false, noDelay: true },
    (socket) => {
      socket.on("error", () => {});
      const connection = connectionOf(
        socket,
        connections.length,
        options.pauseOnConnect ?? false,
        (request) => {
          requests.push({ ...request, connection: connection.number });
        },
      );
      connections.push(connection);
      void serve(connection);
    },
  );
  const port =
    options.path === undefined
      ? await listen(server, options.port ?? 0, options.host ?? "127.0.0.1")
      : await listenUnix(server, options.path);
  return {
    port,
    connections,
    requests,
    close: () =>
      new Promise((resolve) => {
        for (const { socket } of connections) socket.destroy();
        server.close(() => resolve());
      }),
  };
}

export function listen(server: Server, port: number, host: string): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, host, () => resolve((server.address() as AddressInfo).port));
  });
}

function listenUnix(server: Server, path: string): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(path, () => resolve(0));
  });
}

function connectionOf(
  socket: Socket,
  number: number,
  paused: boolean,
  record: (request: RawRequest) => void,
): RawConnection {
  let arrived: Buffer = Buffer.alloc(0);
  const end = { reached: false };
  let wake = (): void => {};
  if (!paused) {
    socket.on("data", (bytes) => {
      arrived = Buffer.concat([arrived, bytes]);
      wake();
    });
    const onEnd = (): void => {
      end.reached = true;
      wake();
    };
    socket.on("end", onEnd);
    socket.on("close", onEnd);
  }
  const more = (): Promise<void> =>
    new Promise((resolve) => {
      wake = resolve;
    });
  const headEnd = async (): Promise<number> => {
    for (;;) {
      const at = arrived.indexOf("\r\n\r\n");
      if (at >= 0 || end.reached) return at;
      await more();
    }
  };
  return {
    number,
    socket,
    async readHead() {
      const at = await headEnd();
      return at < 0 ? undefined : arrived.subarray(0, at).toString("latin1");
    },
    async readRequest() {
      const at = await headEnd();
      if (at < 0) return undefined;
      const head = arrived.subarray(0, at).toString("latin1");
      const length = Number(/^content-length: (\d+)$/im.exec(head)?.[1] ?? 0);
      while (arrived.length < at + 4 + length && !end.reached) await more();
      const request = { head, body: arrived.subarray(at + 4, at + 4 + length) };
      arrived = arrived.subarray(at + 4 + length);
      record(request);
      return request;
    },
  };
}

/** Answers every request of a connection with `answer`, as long as the client keeps it. */
export function answering(
  answer: string | ((request: RawRequest) => string),
): (c: RawConnection) => Promise<void> {
  return async (connection) => {
    for (;;) {
      const request = await connection.readRequest();
      if (request === undefined) return;
      connection.socket.write(typeof answer === "string" ? answer : answer(request), "latin1");
    }
  };
}

export const OK = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";
