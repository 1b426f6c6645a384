import { once } from "node:events";
import net from "node:net";
import * as fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type DoorRig, doorRig } from "../testing/doors.ts";
import { until } from "../testing/harness.ts";
import { plainRequestOf } from "./quick-requests.ts";

const request = (line = "GET /a?b=c HTTP/1.1", fields = "", body = "") =>
  `${line}\r\nHost: x\r\n${fields}\r\n${body}`;
const sized = (body: string, fields = "") => `content-length: ${Buffer.byteLength(body)}\r\n${fields}`;
/** `node:http` takes it for what it says, the quick way does not take it: it is asked of a connection. */
const long = "TE: trailers\r\n";

describe("plainRequestOf", () => {
  const plain = (text: string) => plainRequestOf(Buffer.from(text, "latin1"));

  it("reads a request with its fields as they were sent", () => {
    expect(plain(request("POST /a?b=%20 HTTP/1.1", `X-A:  1 2\t\r\nx-a:\r\n${sized("{}")}`, "{}"))).toEqual({
      method: "POST",
      target: "/a?b=%20",
      headers: [
        ["Host", "x"],
        ["X-A", "1 2"],
        ["x-a", ""],
        ["content-length", "2"],
      ],
      body: Buffer.from("{}"),
    });
  });

  it.each([
    ["more than one request", request() + request()],
    ["less than one", request().slice(0, -1)],
    ["a body still to come", request("POST / HTTP/1.1", sized("{}"), "{")],
    ["a body nobody announced", request("POST / HTTP/1.1", "", "{}")],
    ["another version", request("GET / HTTP/1.0")],
    ["an absolute target", request("GET http://x/ HTTP/1.1")],
    ["the asterisk", request("OPTIONS * HTTP/1.1")],
    ["another method", request("PROPFIND / HTTP/1.1")],
    ["no host", "GET / HTTP/1.1\r\n\r\n"],
    ["two hosts", request(undefined, "host: y\r\n")],
    ["two lengths", request(undefined, sized("{}", sized("{}")), "{}")],
    ["a length that is none", request(undefined, "content-length: +2\r\n", "{}")],
    ["chunks", request(undefined, "transfer-encoding: chunked\r\n", "0\r\n\r\n")],
    ["an expectation", request(undefined, "expect: 100-continue\r\n")],
    ["an upgrade", request(undefined, "connection: upgrade\r\nupgrade: websocket\r\n")],
    ["a connection that is to close", request(undefined, "connection: close\r\n")],
    ["what is asked of a connection", request(undefined, long)],
    ["bytes beyond ASCII", request(undefined, "x-a: \xe4\r\n")],
    ["a control character", request(undefined, "x-a: a\x00b\r\n")],
    ["a folded field", request(undefined, "x-a: a\r\n b\r\n")],
    ["a space before the colon", request(undefined, "x-a : a\r\n")],
    ["a line feed alone", request(undefined, "x-a: a\nx-b: b\r\n")],
    ["a long head", request(undefined, `x-a: ${"a".repeat(9000)}\r\n`)],
    ["many fields", request(undefined, "x-a: b\r\n".repeat(101))],
  ])("leaves %s to the parser (1)", (_what, text) => {
    expect(plain(text)).toBeUndefined();
  });
});

describe("a door", () => {
  let doors: DoorRig;
  beforeAll(async () => {
    doors = await doorRig({ type: "function-url" });
  });
  afterAll(() => doors[Symbol.asyncDispose]());

  const open = async () => {
    const socket = net.connect({ port: doors.listener.port, host: "127.0.0.1" });
    await once(socket, "connect");
    const own = { socket, received: "" };
    socket.on("data", (bytes) => (own.received += bytes.toString("latin1"))).on("error", () => undefined);
    return own;
  };
  /** One response, but for what is new each time, and what the function got. */
  const exchange = async (text: string, isHead: boolean) => {
    const own = await open();
    own.socket.write(Buffer.from(text, "latin1"));
    await until(() => {
      const end = own.received.indexOf("\r\n\r\n");
      const length = isHead ? 0 : Number(/content-length: (\d+)/i.exec(own.received)?.[1] ?? 0);
      return end >= 0 && own.received.length >= end + 4 + length;
    });
    own.socket.destroy();
    const response = own.received
      .replace(/^Date: .*\r\n/m, "Date: *\r\n")
      .replace(/^x-amzn-RequestId: .*\r\n/m, "x-amzn-RequestId: *\r\n");
    const { requestContext, ...event } = doors.events().at(-1) ?? { requestContext: {} };
    const { requestId: _, time: _1, timeEpoch: _2, ...context } = requestContext;
    const { headers } = event as { headers?: Record<string, string> };
    delete headers?.["x-amzn-trace-id"];
    delete headers?.["te"];
    return { response, event, context };
  };

  const text = fc.stringMatching(/^[!-~]{0,20}$/);
  const answer = fc.oneof(
    fc.record({
      statusCode: fc.constantFrom(200, 201, 204, 302, 304, 404, 500, 599),
      headers: fc.dictionary(fc.stringMatching(/^[A-Za-z-]{1,12}$/), text),
      cookies: fc.array(text, { maxLength: 2 }),
      body: fc.oneof(fc.string({ unit: "grapheme" }), fc.constant("x".repeat(20_000))),
    }),
    fc.constant("no answer at all"),
  );
  const asked = fc.record({
    method: fc.constantFrom("GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS"),
    target: fc.stringMatching(/^\/[!-"$-~]{0,20}$/),
    fields: fc.array(
      fc.tuple(fc.stringMatching(/^x-[A-Za-z0-9]{1,8}$/), fc.stringMatching(/^[ -~]{0,20}$/)),
      {
        maxLength: 5,
      },
    ),
    body: fc.string({ unit: "grapheme-ascii" }),
  });

  it("means and says the same on both ways (2)", async () => {
    await fc.assert(
      fc.asyncProperty(asked, answer, async ({ method, target, fields, body }, told) => {
        const wanted = Buffer.from(JSON.stringify(told)).toString("base64url");
        const lines = fields.map(([name, value]) => `${name}: ${value}\r\n`).join("");
        const isHead = method === "HEAD";
        const of = (more: string) =>
          request(
            `${method} ${target} HTTP/1.1`,
            `${lines}x-answer: ${wanted.slice(0, 6000)}\r\n${sized(body, more)}`,
            body,
          );
        expect(await exchange(of(""), isHead)).toEqual(await exchange(of(long), isHead));
      }),
      { numRuns: 60 },
    );
  });

  it("keeps a connection, also when it changes its way, and serves what comes early (1)", async () => {
    const own = await open();
    for (const [n, fields] of ["", "", long, ""].entries()) {
      own.socket.write(request(undefined, fields));
      await until(() => own.received.split("HTTP/1.1 200").length === n + 2);
    }
    own.socket.destroy();
    const early = await open();
    early.socket.write(request());
    await new Promise((resolve) => setImmediate(resolve));
    early.socket.write(request() + request());
    await until(() => early.received.split("HTTP/1.1 200").length === 4);
    early.socket.destroy();
  });

  it("ends connections at rest when it closes, and busy ones with their response (3)", async () => {
    const listener = await doors.open({ type: "function-url" });
    const connect = async () => {
      const socket = net.connect({ port: listener.port, host: "127.0.0.1" });
      await once(socket, "connect");
      return socket;
    };
    const [idle, used, busy] = [await connect(), await connect(), await connect()];
    used.write(request());
    await once(used, "data");
    const before = doors.events().length;
    let received = "";
    busy.on("data", (bytes) => (received += bytes.toString()));
    busy.write(request());
    await until(() => doors.events().length > before);
    const closed = [idle, used, busy].map((socket) => once(socket, "close"));
    for (const socket of [idle, used]) socket.resume();
    await Promise.all([listener.close(), ...closed]);
    expect(received).toMatch(/^HTTP\/1\.1 200 /);
  });
});
