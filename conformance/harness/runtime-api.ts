/**
 * Lambda's Runtime and Extensions API over raw sockets: hands out what a scenario says, misbehaves as it says, and
 * records every byte of what is posted.
 */
import { createServer } from "node:net";
import type { AddressInfo, Socket } from "node:net";
import type { Journal } from "./journal.ts";
import { bytesOf, readerOf } from "./messages.ts";
import type { Message } from "./messages.ts";
import type { ApiCall, ApiRule, Bytes, Invocation } from "./scenario.ts";

export interface Posted {
  /** Index of the invocation within its scenario. */
  readonly invocation: number;
  readonly kind: "response" | "error";
  readonly message: Message;
}

interface ApiScene {
  readonly journal: Journal;
  readonly rules: readonly ApiRule[];
  readonly posted: Posted[];
  readonly calls: Message[];
}

export interface RuntimeApi {
  readonly authority: string;
  /** Callers that wait for an invocation. */
  readonly waiting: () => number;
  play(scene: ApiScene): void;
  invoke(invocation: Invocation): void;
  hangUp(call: ApiCall): void;
  restore(): void;
  close(): Promise<void>;
}

/** Largest answer that Lambda takes, bytes. */
const MAX_ANSWER_BYTES = 6_291_556;

export const TRACE_ID =
  "Root=1-67a3c5d2-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1;Lineage=a87bd80c:1";
export const FUNCTION_ARN = "arn:aws:lambda:eu-central-1:123456789012:function:shop";

interface Parked {
  readonly call: ApiCall;
  readonly socket: Socket;
}

/** `label` tells several APIs apart in the journal. */
export async function startRuntimeApi(label: string): Promise<RuntimeApi> {
  const sockets = new Set<Socket>();
  /** Connections on which an answer is on its way. */
  const answering = new Set<Socket>();
  let parked: Parked[] = [];
  let queue: { id: string; invocation: Invocation }[] = [];
  let scene: ApiScene | undefined;
  let used = new Map<ApiRule, number>();
  let invocations: string[] = [];
  let total = 0;

  async function serve(socket: Socket): Promise<void> {
    const reader = readerOf(socket);
    for (;;) {
      const message = await reader.next((line) => {
        if (!line.endsWith("/response")) return;
        answering.add(socket);
        scene?.journal.add(`${label} head ${line}`);
      });
      answering.delete(socket);
      if (message === undefined) return;
      // A call's rule is looked up before its line is in the journal: steps that wait for the line come after it.
      const call = callOf(message.line);
      scene?.calls.push(message);
      if (call === undefined) {
        scene?.journal.add(`${label} unknown ${message.line}`);
        send(socket, 404, "", "{}");
        continue;
      }
      const rule = ruleFor(call);
      scene?.journal.add(`${label} ${message.line}`);
      if (rule !== undefined) misbehave(socket, call, rule);
      else handle(socket, call, message);
      scene?.journal.poke();
    }
  }

  function ruleFor(call: ApiCall): ApiRule["answer"] | undefined {
    const rule = scene?.rules.find((one) => one.on === call && (used.get(one) ?? 0) < (one.times ?? 1));
    if (rule !== undefined) used.set(rule, (used.get(rule) ?? 0) + 1);
    return rule?.answer;
  }

  function misbehave(socket: Socket, call: ApiCall, answer: ApiRule["answer"]): void {
    if (answer === "close") socket.destroy();
    else if (answer === "park") parked.push({ call, socket });
    else send(socket, answer.status, answer.headers ?? "", answer.body ?? "");
  }

  function handle(socket: Socket, call: ApiCall, message: Message): void {
    switch (call) {
      case "register":
        return send(socket, 200, "lambda-extension-identifier: 2f1e9c1a-ext\r\n", "{}");
      case "event/next":
      case "restore/next":
        parked.push({ call, socket });
        return;
      case "invocation/next":
        parked.push({ call, socket });
        return deliver();
      case "init/error":
      case "restore/error":
        scene?.journal.add(`${label} told ${call} ${message.body.toString("utf8")}`);
        return send(socket, 202, "", '{"status":"OK"}');
      case "response":
      case "error":
        return settle(socket, call, message);
    }
  }

  function settle(socket: Socket, kind: "response" | "error", message: Message): void {
    const id = decodeURIComponent(/invocation\/([^/]+)\//.exec(message.line)?.[1] ?? "");
    const invocation = invocations.indexOf(id);
    const tooLarge = message.body.length > MAX_ANSWER_BYTES;
    if (tooLarge) {
      send(socket, 413, "", '{"errorMessage":"Exceeded maximum allowed payload size"}');
      scene?.journal.add("413");
      return;
    }
    send(socket, invocation < 0 ? 400 : 202, "", '{"status":"OK"}');
    if (invocation < 0) return;
    scene?.posted.push({ invocation, kind, message });
    scene?.journal.add(`posted ${kind} ${invocation}`);
  }

  function deliver(): void {
    while (queue.length > 0) {
      const at = parked.findIndex(({ call, socket }) => call === "invocation/next" && !socket.destroyed);
      const caller = parked[at];
      const next = queue[0];
      if (caller === undefined || next === undefined) return;
      parked.splice(at, 1);
      queue.shift();
      scene?.journal.add(`delivered ${invocations.indexOf(next.id)}`);
      caller.socket.write(answerOfNext(next.id, next.invocation));
    }
  }

  const server = createServer({ noDelay: true }, (socket) => {
    sockets.add(socket);
    socket.on("close", () => {
      sockets.delete(socket);
      parked = parked.filter((one) => one.socket !== socket);
    });
    void serve(socket);
  });
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });

  function answerAll(call: ApiCall, act: (socket: Socket) => void): void {
    const meant = parked.filter((one) => one.call === call);
    parked = parked.filter((one) => one.call !== call);
    for (const { socket } of meant) act(socket);
  }

  return {
    authority: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    waiting: () => parked.filter(({ call }) => call === "invocation/next").length,
    play(next) {
      scene = next;
      used = new Map();
      invocations = [];
      queue = [];
    },
    invoke(invocation) {
      const id = `8476a536-e9f4-11e8-9739-${String(++total).padStart(12, "0")}`;
      invocations.push(id);
      queue.push({ id, invocation });
      deliver();
    },
    hangUp(call) {
      answerAll(call, (socket) => socket.destroy());
      if (call === "response") for (const socket of answering) socket.destroy();
    },
    restore: () => answerAll("restore/next", (socket) => send(socket, 200, "", "")),
    async close() {
      for (const socket of sockets) socket.destroy();
      await new Promise<void>((resolve) => {
        server.close(() => resolve());
      });
    },
  };
}

function callOf(line: string): ApiCall | undefined {
  const calls: readonly ApiCall[] = [
    "register",
    "event/next",
    "invocation/next",
    "init/error",
    "restore/next",
    "restore/error",
    "response",
    "error",
  ];
  return calls.find((one) => line.endsWith(`/${one}`));
}

function answerOfNext(id: string, { event, headers, deadlineIn }: Invocation): Buffer {
  const body = bytesOf(
    typeof event === "string" || event instanceof Uint8Array ? event : JSON.stringify(event),
  );
  const fields: { [name: string]: Bytes | null } = {
    "Content-Type": "application/json",
    "Lambda-Runtime-Aws-Request-Id": id,
    "Lambda-Runtime-Deadline-Ms": String(Date.now() + (deadlineIn ?? 60_000)),
    "Lambda-Runtime-Invoked-Function-Arn": FUNCTION_ARN,
    "Lambda-Runtime-Trace-Id": TRACE_ID,
    ...headers,
    "Content-Length": String(body.length),
  };
  const lines = Object.entries(fields).flatMap(([name, value]) =>
    value === null ? [] : [Buffer.from(`${name}: `), bytesOf(value), Buffer.from("\r\n")],
  );
  return Buffer.concat([Buffer.from("HTTP/1.1 200 OK\r\n"), ...lines, Buffer.from("\r\n"), body]);
}

function send(socket: Socket, status: number, headers: string, body: string): void {
  socket.write(
    `HTTP/1.1 ${status} Status\r\n${headers}content-type: application/json\r\n` +
      `content-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  );
}
