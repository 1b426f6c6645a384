import { spawn } from "node:child_process";
import http from "node:http";
import net from "node:net";
import type { AddressInfo } from "node:net";
import { createInterface } from "node:readline";
import * as fc from "fast-check";
import { afterEach, describe, expect, it } from "vitest";
import { fixture, until } from "../testing/harness.ts";
import { dialLoopback, openDestination } from "./destination.ts";
import { type Patience, Subscriber } from "./subscriber.ts";
import type { Buffering, SubscriptionRequest, Target } from "./subscription-request.ts";

const hasty: Patience = { answerMs: 60_000, retryMs: 1, longestRetryMs: 4 };
const never: Buffering = { maxItems: 1000, maxBytes: 262_144, timeoutMs: 3_600_000 };
const soon: Buffering = { ...never, timeoutMs: 1 };

const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).toReversed()) await end();
});

interface Listener {
  readonly port: number;
  /** Bodies that were taken. */
  readonly bodies: string[];
  readonly heads: http.IncomingMessage[];
  /** What to do with the next requests; 200 when nothing is left. */
  readonly answers: (number | "hang" | "cut")[];
}

async function listener(): Promise<Listener> {
  const bodies: string[] = [];
  const heads: http.IncomingMessage[] = [];
  const answers: Listener["answers"] = [];
  const server = http.createServer((request, response) => {
    const answer = answers.shift() ?? 200;
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      if (answer === "hang") return;
      if (answer === "cut") return void request.socket.destroy();
      if (answer < 300) {
        bodies.push(Buffer.concat(chunks).toString());
        heads.push(request);
      }
      response.writeHead(answer).end("whatever");
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  ends.push(() => {
    server.close();
    server.closeAllConnections();
  });
  return { port: (server.address() as AddressInfo).port, bodies, heads, answers };
}

async function subscriber(
  target: Target,
  buffering: Buffering,
  patience: Patience = hasty,
): Promise<Subscriber> {
  const request = requestOf(target, buffering);
  const made = new Subscriber(
    request,
    await openDestination(target, dialLoopback),
    patience,
    ({ droppedRecords }) => JSON.stringify({ dropped: droppedRecords }),
  );
  ends.push(() => made.close());
  return made;
}

const requestOf = (target: Target, buffering: Buffering): SubscriptionRequest => ({
  api: "telemetry",
  schema: "2025-01-29",
  types: ["platform"],
  target,
  buffering,
});
const http1 = (port: number, path = "/"): Target => ({
  protocol: "HTTP",
  host: `sandbox.localdomain:${port}`,
  port,
  path,
});
const recordsOf = ({ bodies }: Listener): unknown[] =>
  bodies.flatMap((body) => JSON.parse(body) as unknown[]);

describe("Subscriber over HTTP", () => {
  it("posts a JSON array to the path it was given, in the name it was given", async () => {
    const there = await listener();
    const s = await subscriber(http1(there.port, "/take?it=1"), soon);
    s.push(`{"é":1}`);
    await until(() => there.bodies.length === 1);
    const [head] = there.heads;
    expect(there.bodies).toEqual([`[{"é":1}]`]);
    expect(head).toMatchObject({ method: "POST", url: "/take?it=1" });
    expect(head?.headers).toMatchObject({
      host: `sandbox.localdomain:${there.port}`,
      "content-type": "application/json",
      "content-length": "10",
    });
  });

  it("sends a batch when it is full, by number or by size, and not before (2)", async () => {
    const there = await listener();
    const s = await subscriber(http1(there.port), { ...never, maxItems: 1000, maxBytes: 262_144 });
    for (let i = 0; i < 999; i++) s.push(String(i));
    await new Promise((resolve) => setImmediate(resolve));
    expect(there.bodies).toEqual([]);
    s.push("999");
    await until(() => there.bodies.length === 1);
    expect(recordsOf(there)).toHaveLength(1000);
    for (const size of [200_000, 62_142, 1]) s.push(JSON.stringify("x".repeat(size)));
    await until(() => there.bodies.length === 2);
  });

  it("sends what waits once its first record is old enough (2)", async () => {
    const there = await listener();
    const s = await subscriber(http1(there.port), { ...never, timeoutMs: 25 });
    const started = performance.now();
    s.push("1");
    s.push("2");
    await until(() => there.bodies.length === 1);
    expect(there.bodies).toEqual(["[1,2]"]);
    expect(performance.now() - started).toBeGreaterThanOrEqual(24);
  });

  it("tries again after every kind of failure, the same batch first (1)", async () => {
    const there = await listener();
    there.answers.push(500, "cut", 404, 302, "hang");
    const s = await subscriber(http1(there.port), soon, { ...hasty, answerMs: 30 });
    s.push("1");
    await until(() => there.answers.length < 5);
    s.push("2");
    await until(() => recordsOf(there).length === 2);
    expect(recordsOf(there)).toEqual([1, 2]);
    expect(there.bodies[0]).toBe("[1]");
  });

  it("finds a listener that comes later", async () => {
    const { port } = await listener();
    await ends.pop()?.();
    const s = await subscriber(http1(port), soon);
    s.push("1");
    await new Promise((resolve) => setTimeout(resolve, 10));
    const got: string[] = [];
    const server = http.createServer((request, response) => {
      request.on("data", (chunk: Buffer) => got.push(chunk.toString()));
      request.on("end", () => response.end());
    });
    await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
    ends.push(
      () => server.close(),
      () => server.closeAllConnections(),
    );
    await until(() => got.length > 0);
    expect(got).toEqual(["[1]"]);
  });

  it("drops the newest when nobody takes the oldest, says so, and holds no more than it may", async () => {
    const there = await listener();
    there.answers.push("hang");
    const s = await subscriber(http1(there.port), soon, { ...hasty, answerMs: 300 });
    s.push("0");
    await until(() => there.answers.length === 0);
    const record = JSON.stringify("x".repeat(998));
    for (let i = 0; i < 2000; i++) s.push(record);
    await until(() => there.bodies.some((body) => body.includes("dropped")));
    const records = recordsOf(there);
    const gap = records.find((one): one is { dropped: number } => typeof one === "object");
    expect(records.length - 2 + (gap?.dropped ?? 0)).toBe(2000);
    expect((records.length - 2) * 1000).toBeLessThanOrEqual(2 * 262_144);
    expect(records.at(-1)).toEqual(gap);
  });

  it("does nothing while paused, and goes on where it was (3)", async () => {
    const there = await listener();
    const s = await subscriber(http1(there.port), soon);
    s.pause();
    s.push("1");
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(there.bodies).toEqual([]);
    s.resume();
    await until(() => there.bodies.length === 1);
  });

  it.skipIf(process.platform === "win32")(
    "does not lose patience with a listener that was stopped while it had a batch (3)",
    async () => {
      const { file, args } = fixture("listener.mjs");
      const child = spawn(file, args, { stdio: ["ignore", "pipe", "inherit"] });
      ends.push(() => child.kill("SIGKILL"));
      const lines: string[] = [];
      createInterface({ input: child.stdout }).on("line", (line) => lines.push(line));
      await until(() => lines.length === 1);
      const s = await subscriber(http1(Number(lines[0])), soon, { ...hasty, answerMs: 100 });
      child.kill("SIGSTOP");
      s.push("1");
      // The kernel takes the connection and the bytes; nobody answers.
      await new Promise((resolve) => setTimeout(resolve, 30));
      s.pause();
      s.push("2");
      await new Promise((resolve) => setTimeout(resolve, 300));
      child.kill("SIGCONT");
      s.resume();
      await until(() => lines.length === 3);
      expect(lines.slice(1)).toEqual(["[1]", "[2]"]);
    },
  );

  it("flushes at once when told to, and waits for the answer, but not for ever", async () => {
    const there = await listener();
    const s = await subscriber(http1(there.port), never);
    await s.flush(60_000);
    s.push("1");
    await s.flush(60_000);
    expect(there.bodies).toEqual(["[1]"]);
    there.answers.push("hang");
    s.push("2");
    await s.flush(20);
    expect(there.bodies).toEqual(["[1]"]);
  });

  it("gives up a flush soon when nobody listens", async () => {
    const { port } = await listener();
    await ends.pop()?.();
    const s = await subscriber(http1(port), never);
    s.push("1");
    await s.flush(3_600_000);
  });

  it("takes what waits to the new place when it is told of one", async () => {
    const [old, young] = [await listener(), await listener()];
    const s = await subscriber(http1(old.port), never);
    s.push("1");
    const target = http1(young.port);
    s.replace(requestOf(target, soon), await openDestination(target, dialLoopback));
    s.push("2");
    await until(() => recordsOf(young).length === 2);
    expect(recordsOf(young)).toEqual([1, 2]);
    expect(old.bodies).toEqual([]);
  });

  it("sends nothing after it was closed (4)", async () => {
    const there = await listener();
    const s = await subscriber(http1(there.port), never);
    s.push("1");
    s.close();
    await s.flush(1000);
    s.push("2");
    await new Promise((resolve) => setTimeout(resolve, 10));
    expect(there.bodies).toEqual([]);
  });

  it("delivers all, in order, whatever the listener does (1)", async () => {
    const answer = fc.constantFrom<Listener["answers"][number]>(200, 500, "cut");
    await fc.assert(
      fc.asyncProperty(
        fc.array(answer, { maxLength: 8 }),
        fc.integer({ min: 1, max: 1500 }),
        async (answers, count) => {
          const there = await listener();
          there.answers.push(...answers);
          const s = await subscriber(http1(there.port), { ...never, timeoutMs: 25 });
          for (let i = 0; i < count; i++) {
            s.push(String(i));
            if (i % 100 === 0) await new Promise((resolve) => setImmediate(resolve));
          }
          // A flush is given up after three failures in a row.
          while (recordsOf(there).length < count) await s.flush(60_000);
          expect(recordsOf(there)).toEqual(Array.from({ length: count }, (_, i) => i));
          s.close();
        },
      ),
      { numRuns: 15 },
    );
  });
});

describe("Subscriber over TCP", () => {
  async function sink(): Promise<{ port: number; text: () => string; sockets: net.Socket[] }> {
    let text = "";
    const sockets: net.Socket[] = [];
    const server = net.createServer((socket) => {
      sockets.push(socket);
      socket.on("data", (chunk) => (text += chunk.toString()));
      socket.on("error", () => undefined);
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    ends.push(() => {
      server.close();
      for (const socket of sockets) socket.destroy();
    });
    return { port: (server.address() as AddressInfo).port, text: () => text, sockets };
  }

  it("writes one record a line, on one connection", async () => {
    const there = await sink();
    const s = await subscriber({ protocol: "TCP", port: there.port }, soon);
    s.push("1");
    await until(() => there.text() === "1\n");
    s.push("2");
    s.push("3");
    await until(() => there.text() === "1\n2\n3\n");
    expect(there.sockets).toHaveLength(1);
  });

  it("connects anew when the connection is gone", async () => {
    const there = await sink();
    const s = await subscriber({ protocol: "TCP", port: there.port }, soon);
    s.push("1");
    await until(() => there.text() === "1\n");
    there.sockets[0]?.destroy();
    await until(() => there.sockets[0]?.destroyed === true);
    // What was written into a connection that is closing is lost: TCP acknowledges nothing (environment.md 3.2).
    await until(() => {
      s.push("2");
      return there.sockets.length === 2;
    });
    await until(() => there.text().endsWith("2\n"));
  });

  it("is refused when nobody listens", async () => {
    const { port } = await sink();
    await ends.pop()?.();
    await expect(openDestination({ protocol: "TCP", port }, dialLoopback)).rejects.toThrow(/ECONNREFUSED/);
  });
});
