/**
 * The relay (`packages/adapter/src/loop.ts`): what goes wrong in an invocation that was begun natively, after others of its
 * kind have gone well. That it writes the same bytes as the long way is for `quick.test.ts`.
 */
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import {
  albEvent,
  functionUrlEvent,
  httpApi1Event,
  restEvent,
  sqsEvent,
} from "../packages/adapter/testing/events.ts";
import { answer, isCheck } from "../packages/adapter/testing/function.ts";
import type { RawConnection, RawRequest } from "../packages/adapter/testing/raw-app.ts";
import { eventually } from "../packages/adapter/testing/wait.ts";
import type { NativeFunction } from "./testing/binary.ts";
import { missing, startNativeOver, stopAfterEach } from "./testing/binary.ts";

const bodyOf = (text: string): string => (JSON.parse(text) as { readonly body: string }).body;
const get = functionUrlEvent({ path: "/a" });
const post = functionUrlEvent({ method: "POST", path: "/a", body: "x" });

it.for(missing === undefined ? [] : [missing])("%s", (reason, { skip }) => {
  skip(reason);
});

describe.skipIf(missing !== undefined)("relay", () => {
  stopAfterEach();

  /** A function that has answered GET and POST well; from then on `serve` has the requests. */
  async function warm(
    serve: (connection: RawConnection, request: RawRequest) => void,
    env: Readonly<Record<string, string>> = {},
  ): Promise<NativeFunction> {
    let isWarm = false;
    const fn = await startNativeOver(async (connection) => {
      for (;;) {
        const request = await connection.readRequest();
        if (request === undefined) return;
        if (isWarm) serve(connection, request);
        else connection.socket.write(answer(200, isCheck(request) ? "" : "warm"));
      }
    }, env);
    for (const event of [get, post, get, post])
      expect(bodyOf((await fn.api.invoke(event)).text)).toBe("warm");
    isWarm = true;
    return fn;
  }

  const well = ({ socket }: RawConnection): void => void socket.write(answer(200, "well"));

  it("fails an invocation whose deadline passes, and goes on with the next", async () => {
    let hangs = true;
    const fn = await warm((connection) => {
      if (!hangs) well(connection);
      hangs = false;
    });
    const headers = { "Lambda-Runtime-Deadline-Ms": String(Date.now() + 300) };
    const outcome = await fn.api.invoke({ event: JSON.stringify(get), headers });
    expect(outcome.errorType).toBe("Adapter.DeadlineExceeded");
    expect(fn.requests()).toHaveLength(5);
    expect(bodyOf((await fn.api.invoke(get)).text)).toBe("well");
  });

  it("sends a GET again that the app hung up on, and fails a POST", async () => {
    const hungUp = new Set<string>();
    const fn = await warm((connection, { head }) => {
      const method = head.slice(0, 4);
      if (hungUp.has(method)) return well(connection);
      hungUp.add(method);
      connection.socket.end();
    });
    expect(bodyOf((await fn.api.invoke(get)).text)).toBe("well");
    expect((await fn.api.invoke(post)).errorType).toBe("Adapter.AppClosedConnection");
    expect(bodyOf((await fn.api.invoke(post)).text)).toBe("well");
  });

  type Respond = (socket: RawConnection["socket"]) => void;
  const writes =
    (text: string): Respond =>
    (socket) =>
      void socket.write(text);
  const inTwo = answer(200, "in two pieces");
  const large = "y".repeat(100_000);
  const responses: readonly (readonly [string, Respond, string])[] = [
    [
      "in two pieces",
      (socket) => void socket.write(inTwo.slice(0, 30), () => setImmediate(writes(inTwo.slice(30)), socket)),
      "in two pieces",
    ],
    [
      "in chunks",
      writes("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"),
      "abc",
    ],
    [
      "with trailers",
      writes("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nt: 1\r\n\r\n"),
      "abc",
    ],
    ["until it closes", (socket) => void socket.end("HTTP/1.1 200 OK\r\n\r\nall"), "all"],
    ["after an interim one", writes(`HTTP/1.1 103 Early Hints\r\n\r\n${answer(200, "late")}`), "late"],
    ["of 100 KB", writes(answer(200, large)), large],
    ["with status 500", writes(answer(500, "broken")), "broken"],
  ];
  it.each(responses)("takes a response %s", async (_, respond, body) => {
    const fn = await warm(({ socket }) => respond(socket));
    for (const event of [get, post, get]) expect(bodyOf((await fn.api.invoke(event)).text)).toBe(body);
  });

  it("takes an event of a megabyte to the app", async () => {
    const seen: RawRequest[] = [];
    const fn = await warm((connection, request) => {
      seen.push(request);
      well(connection);
    });
    const body = "z".repeat(1_000_000);
    expect(bodyOf((await fn.api.invoke(functionUrlEvent({ method: "POST", path: "/a", body }))).text)).toBe(
      "well",
    );
    expect(seen.map((one) => one.body.toString())).toEqual([body]);
  });

  it("fails when a large response is broken off, and when it does not come in time", async () => {
    const half = answer(200, large).slice(0, 60_000);
    let closes = true;
    const fn = await warm(({ socket }) => {
      if (closes) socket.end(half);
      else socket.write(half);
    });
    expect((await fn.api.invoke(get)).errorType).toBe("Adapter.AppClosedConnection");
    closes = false;
    const headers = { "Lambda-Runtime-Deadline-Ms": String(Date.now() + 400) };
    const late = await fn.api.invoke({ event: JSON.stringify(get), headers });
    expect(late.errorType).toBe("Adapter.DeadlineExceeded");
    expect(fn.adapter.process.exitCode).toBeNull();
  });

  it("says that an answer was refused, and goes on", async () => {
    const fn = await warm(well);
    fn.api.intercept = (call, response) => {
      if (!call.path.endsWith("/response")) return false;
      response.writeHead(410).end('{"errorMessage":"gone"}');
      return true;
    };
    void fn.api.invoke(get);
    await eventually(() => fn.adapter.lines.find((line) => line.includes("with status 410")));
    fn.api.intercept = undefined;
    expect(bodyOf((await fn.api.invoke(get)).text)).toBe("well");
  });

  it("posts an answer again when the Runtime API broke off", async () => {
    const fn = await warm(well);
    let broken = false;
    fn.api.intercept = ({ path, socket }) => {
      if (broken || !path.endsWith("/response")) return false;
      broken = true;
      socket.destroy();
      return true;
    };
    expect(bodyOf((await fn.api.invoke(get)).text)).toBe("well");
    expect(broken).toBe(true);
    expect(bodyOf((await fn.api.invoke(post)).text)).toBe("well");
  });

  it("answers sixteen at a time, some of them the long way", async () => {
    const fn = await warm(
      ({ socket }, { head }) => {
        const name = head.split(" ")[1] ?? "";
        setImmediate(() => socket.write(answer(name.endsWith("5") ? 503 : 200, name)));
      },
      { AWS_LAMBDA_MAX_CONCURRENCY: "16" },
    );
    for (let round = 0; round < 20; round++) {
      const paths = Array.from({ length: 16 }, (_, i) => `/${round}/${i}`);
      const outcomes = await Promise.all(paths.map((path) => fn.api.invoke(functionUrlEvent({ path }))));
      expect(outcomes.map(({ text }) => bodyOf(text))).toEqual(paths);
    }
  });

  const parts = { method: "POST", path: "/a", query: "b=c&d=e", headers: { accept: "*/*" }, body: "x" };
  it.each([
    ["a Function URL", functionUrlEvent(parts)],
    ["a REST API", restEvent(parts)],
    ["an HTTP API with payload 1.0", httpApi1Event(parts)],
    ["a load balancer", albEvent(parts)],
    ["a load balancer with multi-value headers", albEvent(parts, true)],
    ["a queue", JSON.parse(sqsEvent) as object],
  ])("takes the events of %s: they cost less than where it may not", async (_, event) => {
    // Where statuses are errors nothing is relayed; none of these is one.
    const [relayed, other] = await Promise.all([{}, { AWS_LWA_ERROR_STATUS_CODES: "599" }].map(starting));
    if (relayed === undefined || other === undefined) throw new Error("two functions were started");
    const text = JSON.stringify(event);
    for (const fn of [relayed, other]) await invokeTimes(fn, text, 50);
    const before = [relayed, other].map(cpuOf);
    for (let round = 0; round < 20; round++)
      for (const fn of [relayed, other]) await invokeTimes(fn, text, 20);
    const [ours = 0, theirs = 0] = [relayed, other].map((fn, i) => cpuOf(fn) - (before[i] ?? 0));
    expect(ours / theirs).toBeLessThan(0.8);
  });

  function starting(env: Readonly<Record<string, string>>): Promise<NativeFunction> {
    return startNativeOver(async (connection) => {
      for (;;) {
        const request = await connection.readRequest();
        if (request === undefined) return;
        connection.socket.write(answer(200, isCheck(request) ? "" : "{}"));
      }
    }, env);
  }

  async function invokeTimes(fn: NativeFunction, event: string, times: number): Promise<void> {
    for (let i = 0; i < times; i++) expect((await fn.api.invoke({ event })).kind).toBe("response");
  }

  /** Nanoseconds on a processor, by the scheduler's own count. */
  function cpuOf(fn: NativeFunction): number {
    return Number(readFileSync(`/proc/${fn.adapter.process.pid}/schedstat`, "utf8").split(" ")[0]);
  }
});
