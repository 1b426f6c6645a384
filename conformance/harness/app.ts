/** The app of a scenario: raw sockets that answer what the scenario says, and record what they are asked. */
import { createServer } from "node:net";
import type { AddressInfo, Server, Socket } from "node:net";
import type { Journal } from "./journal.ts";
import { bytesOf, readerOf } from "./messages.ts";
import type { Message } from "./messages.ts";
import type { AppAnswer } from "./scenario.ts";

export interface SeenRequest extends Message {
  /** Which of the subject's connections carried it, counted from the scenario's first. */
  readonly connection: number;
  readonly port: "port" | "port2";
}

/** What one scenario makes of the app. */
interface AppScene {
  readonly journal: Journal;
  readonly answers: readonly AppAnswer[];
  /** Whether invocations have been handed out: before that, answers without `to` are not used. */
  readonly serving: () => boolean;
  /** Everything asked in invocations, and whatever an answer with `to` was there for. */
  readonly requests: SeenRequest[];
}

export interface App {
  readonly port: number;
  readonly port2: number;
  play(scene: AppScene): void;
  release(): void;
  listen(on: boolean): Promise<void>;
  /** Resolves when the subject has closed its end as well. */
  closeIdle(): Promise<void>;
  close(): Promise<void>;
}

interface Open {
  readonly socket: Socket;
  readonly port: SeenRequest["port"];
  busy: boolean;
  number: number | undefined;
}

const READY = Buffer.from("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n");

/** `leaves` its port at times, or has not come to it yet (`isLate`). */
export async function startApp(
  host: string,
  { isLate, leaves }: { readonly isLate: boolean; readonly leaves: boolean },
): Promise<App> {
  const connections = new Set<Open>();
  let scene: AppScene | undefined;
  let used = new Map<AppAnswer, number>();
  let count = 0;
  let held: (() => void)[] = [];
  let gathered: (() => void)[] = [];

  function accept(socket: Socket, port: Open["port"]): void {
    const open: Open = { socket, port, busy: false, number: undefined };
    connections.add(open);
    scene?.journal.add("app connection");
    socket.on("close", () => connections.delete(open));
    void serve(open);
  }

  async function serve(open: Open): Promise<void> {
    const reader = readerOf(open.socket);
    for (;;) {
      const request = await reader.next((line) => scene?.journal.add(`app head ${line}`));
      if (request === undefined || scene === undefined) return;
      open.busy = true;
      await answer(open, request, scene);
      open.busy = false;
      if (open.socket.destroyed || open.socket.writableEnded) return;
    }
  }

  async function answer(open: Open, request: Message, now: AppScene): Promise<void> {
    const one = choose(request.line, now);
    if (now.serving() || one?.to !== undefined) {
      open.number ??= count++;
      now.requests.push({ ...request, connection: open.number, port: open.port });
    }
    now.journal.add(`app ${request.line}`);
    if (one === undefined) {
      open.socket.write(READY);
      return;
    }
    if (one.silent === true) {
      await new Promise<void>((resolve) => {
        open.socket.once("close", resolve);
      });
      return;
    }
    if (one.gathers !== undefined) await gather(one.gathers);
    if (one.hold === true) await released();
    const [first, ...rest] = piecesOf(one.echo === true ? { ...one, body: request.body } : one);
    if (first !== undefined && first.length > 0) await write(open.socket, first);
    if (one.holdRest === true) await released();
    for (const piece of rest) await write(open.socket, piece);
    if (one.ending === "close") open.socket.end();
    if (one.ending === "reset") open.socket.resetAndDestroy();
  }

  /** The first answer for this request that is not used up, else the last there is for it. */
  function choose(line: string, now: AppScene): AppAnswer | undefined {
    const fit = now.answers.filter((one) => (one.to === undefined ? now.serving() : line.startsWith(one.to)));
    const one = fit.find((each) => !used.has(each)) ?? fit.at(-1);
    if (one !== undefined) used.set(one, 1);
    return one;
  }

  function gather(wanted: number): Promise<void> {
    return new Promise((resolve) => {
      gathered.push(resolve);
      if (gathered.length < wanted) return;
      for (const go of gathered.splice(0)) go();
    });
  }

  function released(): Promise<void> {
    return new Promise((resolve) => held.push(resolve));
  }

  const servers = [
    createServer({ noDelay: true }, (socket) => accept(socket, "port")),
    createServer({ noDelay: true }, (socket) => accept(socket, "port2")),
  ] as const;
  const ports = [
    isLate || leaves ? await keptPort(servers[0], host) : await listening(servers[0], 0, host),
    await listening(servers[1], 0, host),
  ] as const;
  if (isLate) await stop(servers[0]);

  return {
    port: ports[0],
    port2: ports[1],
    play(next) {
      for (const { socket, busy } of connections) if (busy) socket.destroy();
      for (const open of connections) open.number = undefined;
      scene = next;
      used = new Map();
      count = 0;
      held = [];
      gathered = [];
    },
    release() {
      for (const go of held.splice(0)) go();
    },
    async listen(on) {
      if (on) {
        await listening(servers[0], ports[0], host);
        return;
      }
      for (const { socket } of connections) socket.destroy();
      await stop(servers[0]);
    },
    async closeIdle() {
      const idle = [...connections].filter(({ busy }) => !busy).map(({ socket }) => socket);
      await Promise.all(idle.map(hungUp));
    },
    async close() {
      for (const { socket } of connections) socket.destroy();
      await Promise.all(servers.map(stop));
    },
  };
}

/** The answer's bytes in the pieces in which they are written. */
function piecesOf(one: AppAnswer): Buffer[] {
  if (one.raw !== undefined) return [bytesOf(one.raw)];
  const body = bytesOf(one.body ?? "");
  const status = one.status ?? 200;
  const framing =
    one.chunks === undefined ? [["content-length", String(body.length)]] : [["transfer-encoding", "chunked"]];
  const isFramed = (one.headers ?? []).some(([name]) => name.toLowerCase() === "content-length");
  const fields = [...(one.headers ?? []), ...(isFramed || status === 204 || status === 304 ? [] : framing)];
  const head = Buffer.from(
    `HTTP/1.1 ${status} ${status === 200 ? "OK" : "Status"}\r\n${fields.map(([name, value]) => `${name}: ${value}\r\n`).join("")}\r\n`,
  );
  if (one.chunks === undefined) return [Buffer.concat([head, body])];
  const chunks = one.chunks.map((chunk) => {
    const data = bytesOf(chunk);
    return Buffer.concat([Buffer.from(`${data.length.toString(16)}\r\n`), data, Buffer.from("\r\n")]);
  });
  const [first = Buffer.alloc(0), ...rest] = chunks;
  return [Buffer.concat([head, first]), ...rest, Buffer.from("0\r\n\r\n")];
}

function hungUp(socket: Socket): Promise<void> {
  return new Promise((resolve) => {
    socket.once("close", () => resolve());
    socket.end();
  });
}

function write(socket: Socket, bytes: Buffer): Promise<void> {
  return new Promise((resolve) => {
    if (socket.destroyed) resolve();
    else socket.write(bytes, () => resolve());
  });
}

function listening(server: Server, port: number, host: string): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, host, () => {
      server.removeAllListeners("error");
      resolve((server.address() as AddressInfo).port);
    });
  });
}

function stop(server: Server): Promise<void> {
  return new Promise((resolve) => {
    if (server.listening) server.close(() => resolve());
    else resolve();
  });
}

/**
 * Listens on a port that is free and that no system gives to whoever asks for any: one that is left for a while
 * would otherwise be another scenario's before it is taken again.
 */
async function keptPort(server: Server, host: string): Promise<number> {
  for (let attempt = 0; ; attempt++) {
    const port = 20_000 + Math.floor(Math.random() * 12_000);
    try {
      return await listening(server, port, host);
    } catch (error) {
      if (attempt === 20) throw error;
    }
  }
}

/** A port on which nobody listens. */
export async function closedPort(): Promise<number> {
  const server = createServer();
  const port = await keptPort(server, "127.0.0.1");
  await stop(server);
  return port;
}
