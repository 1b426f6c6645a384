/**
 * The dashboard's server: the page, what happened and happens, and events sent again. On loopback only.
 *
 *  (1) Nothing is said to whom `guard.ts` does not welcome.
 *  (2) A page that does not read costs no memory: it gets what it missed when it reads again, or later.
 *  (3) Without a page nothing is made into JSON.
 */
import { randomBytes } from "node:crypto";
import { readFile } from "node:fs/promises";
import { type IncomingMessage, type ServerResponse, createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { buffer } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import type { Fleet, InvocationTap, SandboxEvent } from "@anylambda/sandbox";
import type { CheckState, FunctionInfo, Hello, InvokeOrder } from "@anylambda/dashboard/protocol";
import { freshness } from "../samples/fresh.ts";
import { samples } from "../samples/samples.ts";
import { version } from "../version.ts";
import { parsed } from "./describe-event.ts";
import { type Guard, protectiveHeaders, verdictOf } from "./guard.ts";
import { History } from "./history.ts";
import { unmaskSecrets } from "./secrets.ts";

export interface Dashboard {
  /** With the token. */
  readonly url: string;
  /** What a fleet of this function has to be given. */
  tapFor(name: string): InvocationTap;
  happened(name: string, event: SandboxEvent): void;
  /** Tells the pages of a function, or of its change; from then on they can send it events. */
  add(info: FunctionInfo, fleet: Pick<Fleet, "invoke">): void;
  remove(name: string): void;
  /** Makes the page that of a check, which is so far. */
  check(state: CheckState): void;
  close(): Promise<void>;
}

export interface DashboardOptions {
  /** 0 takes a free one. */
  readonly port: number;
  /** Where the page lies: beside the command. */
  readonly assets?: string;
}

/** Rejects when the port is taken. */
export async function openDashboard({ port, assets = besideUs() }: DashboardOptions): Promise<Dashboard> {
  const token = randomBytes(16).toString("base64url");
  const run = randomBytes(8).toString("hex");
  const functions = new Map<string, { readonly info: FunctionInfo; readonly fleet: Pick<Fleet, "invoke"> }>();
  const streams = new Set<Stream>();
  let check: CheckState | undefined;
  const history = new History(() => {
    for (const stream of streams) stream.wake();
  });
  const hello = (): Hello => ({
    run,
    version,
    functions: [...functions.values()].map(({ info }) => info),
    samples: samples.map(({ name, about }) => ({ name, about })),
    ...(check !== undefined && { check }),
  });

  const serve = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    for (const [name, value] of Object.entries(protectiveHeaders)) response.setHeader(name, value);
    const verdict = verdictOf(request, guard);
    if (verdict !== "welcome") return refuse(response, verdict === "misdirected" ? 421 : 403, verdict);
    const { pathname, searchParams } = new URL(request.url ?? "/", "http://localhost");
    const route = `${request.method} ${pathname}`;
    if (route === "GET /api/stream") {
      const stream = openStream(response, history, Number(searchParams.get("after") ?? 0), hello);
      streams.add(stream);
      response.once("close", () => streams.delete(stream));
    } else if (route.startsWith("GET /api/invocations/")) {
      const detail = history.detail(pathname.slice("/api/invocations/".length));
      if (detail === undefined) refuse(response, 404, "kept no more");
      else reply(response, 200, detail);
    } else if (route.startsWith("GET /api/samples/")) {
      const sample = samples.find(({ name }) => name === pathname.slice("/api/samples/".length));
      if (sample === undefined) refuse(response, 404, "no such sample");
      else reply(response, 200, sample.make(freshness()));
    } else if (route === "POST /api/invoke") await invoke(request, response);
    else if (request.method === "GET" || request.method === "HEAD")
      await serveAsset(response, assets, pathname);
    else refuse(response, 405, "not allowed");
  };

  const invoke = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    if (Number(request.headers["content-length"] ?? maxBody + 1) > maxBody) {
      request.resume();
      return refuse(response, 413, "an event has at most 6 MB");
    }
    const order = parsed((await buffer(request)).toString()) as Partial<InvokeOrder> | undefined;
    const found = functions.get(String(order?.function));
    if (found === undefined) return refuse(response, 404, "no such function");
    const event = parsed(String(order?.event));
    if (event === undefined) return refuse(response, 400, "the event is not JSON");
    const original = order?.original === undefined ? undefined : history.original(order.original);
    const before = original === undefined ? undefined : parsed(Buffer.from(original.event).toString());
    // The text as it was typed, where nothing had to be put back: numbers keep their digits.
    const text = before === undefined ? String(order?.event) : JSON.stringify(unmaskSecrets(event, before));
    const { requestId } = found.fleet.invoke({ payload: Buffer.from(text) });
    reply(response, 202, { requestId });
  };

  const server = createServer((request, response) => {
    serve(request, response).catch(() => {
      // A bug of ours must not take the command down with it.
      if (response.headersSent) response.destroy();
      else refuse(response, 500, "a bug in the dashboard");
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, "127.0.0.1", resolve);
  });
  const guard: Guard = { port: (server.address() as AddressInfo).port, token };
  // It is looked at, not waited for.
  server.unref();
  return {
    url: `http://127.0.0.1:${guard.port}/#${token}`,
    tapFor: (name) => ({
      maxBytes: maxKept,
      received: (event) => history.received(name, event),
      answered: (answer) => history.answered(name, answer),
    }),
    happened: (name, event) => history.happened(name, event),
    add(info, fleet) {
      functions.set(info.name, { info, fleet });
      for (const stream of streams) stream.greet();
    },
    remove(name) {
      functions.delete(name);
      for (const stream of streams) stream.greet();
    },
    check(state) {
      check = state;
      for (const stream of streams) stream.greet();
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** Largest event of a synchronous invocation, with room for what JSON adds around it. */
const maxBody = 13 * 1024 * 1024;
/** How much of an event and of an answer is kept. */
const maxKept = 1024 * 1024;
/** Records in one piece. */
const maxBatch = 500;
/** How long records are gathered before a page gets them, ms. */
const gatherMs = 40;

interface Stream {
  /** There is something to tell. */
  wake(): void;
  /** What stands in `hello` has changed. */
  greet(): void;
}

function openStream(response: ServerResponse, history: History, after: number, hello: () => Hello): Stream {
  let told = Number.isFinite(after) ? after : 0;
  let greeted = false;
  let timer: NodeJS.Timeout | undefined;
  const send = (event: string, data: unknown): boolean =>
    response.write(`event: ${event}\ndata: ${JSON.stringify(data)}\n\n`);
  const pump = (): void => {
    timer = undefined;
    // Invariant 2: what the page does not take waits in the history.
    while (!response.writableNeedDrain && !response.destroyed) {
      if (!greeted) {
        greeted = true;
        send("hello", hello());
        continue;
      }
      const records = history.after(told, maxBatch);
      const last = records.at(-1);
      if (last === undefined) return;
      told = last.seq;
      send("records", records);
    }
  };
  const wake = (): void => {
    timer ??= setTimeout(pump, gatherMs);
  };
  response.writeHead(200, { "content-type": "text/event-stream" });
  response.on("drain", pump);
  response.once("close", () => clearTimeout(timer));
  pump();
  return {
    wake,
    greet() {
      greeted = false;
      wake();
    },
  };
}

const types: Readonly<Record<string, string>> = {
  "index.html": "text/html; charset=utf-8",
  "app.js": "text/javascript; charset=utf-8",
  "style.css": "text/css; charset=utf-8",
};

async function serveAsset(response: ServerResponse, assets: string, pathname: string): Promise<void> {
  const name = pathname === "/" ? "index.html" : pathname.slice(1);
  const type = types[name];
  if (type === undefined) return refuse(response, 404, "no such file");
  response.writeHead(200, { "content-type": type });
  response.end(await readFile(`${assets}/${name}`));
}

function besideUs(): string {
  return fileURLToPath(new URL("./dashboard", import.meta.url));
}

function reply(response: ServerResponse, status: number, document: unknown): void {
  response.writeHead(status, { "content-type": "application/json" });
  response.end(JSON.stringify(document));
}

function refuse(response: ServerResponse, status: number, message: string): void {
  reply(response, status, { message });
}
