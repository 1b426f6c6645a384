import { once } from "node:events";
import net from "node:net";
import { setImmediate as turn } from "node:timers/promises";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ApiServer } from "./api-server.ts";
import { ExtensionRegistry } from "./extension-registry.ts";
import { plainCallOf } from "./quick-calls.ts";
import { RuntimeApi } from "./runtime-api.ts";
import { until } from "./testing/harness.ts";

const metadata = { functionName: "f", functionVersion: "1", handler: "h", accountId: "123456789012" };
const root = "/2018-06-01/runtime/invocation";
const poll = (more = "") => `GET ${root}/next HTTP/1.1\r\nhost: 127.0.0.1:9001\r\n${more}\r\n`;
const post = (path: string, body: string, more = "") =>
  `POST ${root}/${path} HTTP/1.1\r\nhost: 127.0.0.1:9001\r\ncontent-type: application/json\r\n` +
  `content-length: ${Buffer.byteLength(body)}\r\n${more}\r\n${body}`;
/** Means nothing, and is not known to: what has it goes the long way. */
const long = "x-long: 1\r\n";

/** A Runtime API, and one connection of a runtime. */
async function conversation() {
  const server = await ApiServer.start(metadata);
  const api = new RuntimeApi(() => undefined);
  server.serve({ runtimeApi: api, registry: new ExtensionRegistry(() => undefined) });
  const answers: string[] = [];
  const deliver = (requestId: string, payload: string): void => {
    const length = String(Buffer.byteLength(payload));
    api.deliver({
      requestId,
      head: [
        "Content-Type",
        "application/json",
        "Content-Length",
        length,
        "Lambda-Runtime-Aws-Request-Id",
        requestId,
      ],
      payload: Buffer.from(payload),
      mode: "buffered",
      answer: (given) => answers.push("payload" in given ? Buffer.from(given.payload).toString() : "failed"),
      broke: () => undefined,
      times: { started: performance.now(), producedBytes: 0 },
      done: () => answers.push("done"),
    });
  };
  const socket = net.connect({ port: Number(server.address.split(":")[1]), host: "127.0.0.1" });
  await once(socket, "connect");
  let received = "";
  socket.on("data", (bytes) => (received += bytes.toString("latin1"))).on("error", () => undefined);
  return {
    server,
    api,
    socket,
    answers,
    deliver,
    /** In pieces that arrive one by one. */
    async write(...pieces: readonly string[]) {
      for (const piece of pieces) {
        socket.write(piece);
        for (let turns = 0; turns < 3; turns += 1) await turn();
      }
    },
    /** The next whole answer, but for its date. */
    async read(): Promise<string> {
      const whole = (): number => {
        const end = received.indexOf("\r\n\r\n");
        return end < 0 ? Infinity : end + 4 + Number(/content-length: (\d+)/i.exec(received)?.[1] ?? 0);
      };
      await until(() => received.length >= whole());
      const answer = received.slice(0, whole());
      received = received.slice(answer.length);
      return answer.replace(/Date: [^\r]+ GMT/, "Date: *");
    },
    async [Symbol.asyncDispose]() {
      socket.destroy();
      await server.close();
    },
  };
}

type Conversation = Awaited<ReturnType<typeof conversation>>;

/** What a runtime may do, in which order it likes; each step ends with all its answers read. */
const steps = {
  async serve(one: Conversation, more: string, split: number) {
    await one.write(poll(more));
    await until(() => one.api.state === "Ready");
    one.deliver("id-1", `{"text":"ä"}`);
    const event = await one.read();
    const answer = post("id-1/response", `{"answer":"ö"}`, more);
    await one.write(...(split === 0 ? [answer] : [answer.slice(0, split), answer.slice(split)]));
    return [event, await one.read()];
  },
  async fail(one: Conversation, more: string) {
    await one.write(poll(more));
    await until(() => one.api.state === "Ready");
    one.deliver("id-2", "{}");
    const event = await one.read();
    await one.write(post("id-2/error", `{"errorMessage":"no"}`, more));
    return [event, await one.read()];
  },
  async mistake(one: Conversation, more: string) {
    await one.write(poll(more));
    await until(() => one.api.state === "Ready");
    one.deliver("id-3", "{}");
    const answers = [await one.read()];
    for (const path of ["other/response", "id-3/response", "id-3/response"]) {
      await one.write(post(path, "1", more));
      answers.push(await one.read());
    }
    return answers;
  },
};

describe("serveCalls", () => {
  it("answers the bytes that node:http answers, whatever is asked, however it is split (1, 2)", async () => {
    const step = fc.tuple(fc.constantFrom("serve", "fail", "mistake"), fc.constantFrom(0, 0, 0, 1, 40, 150));
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 5 }), async (script) => {
        const said = async (more: string) => {
          await using one = await conversation();
          const read: string[] = [];
          for (const [name, split] of script) read.push(...(await steps[name](one, more, split)));
          return { read, answers: one.answers, state: one.api.state };
        };
        expect(await said("")).toEqual(await said(long));
      }),
      { numRuns: 25 },
    );
  });

  it("reads what comes while a poll waits when that has its answer (quick-connection.ts, 2)", async () => {
    await using one = await conversation();
    await one.write(poll(), "GET /2018-06-01/ping HTTP/1.1\r\nhost: x\r\n\r\n", post("id-1/response", "1"));
    expect(one.api.state).toBe("Ready");
    one.deliver("id-1", "{}");
    expect(await one.read()).toMatch(/^HTTP\/1\.1 200 OK\r\n[^]*\{\}$/);
    expect(await one.read()).toMatch(/pong$/);
    expect(await one.read()).toMatch(/^HTTP\/1\.1 202 /);
    expect(one.answers).toEqual(["1"]);
  });

  it("gives no event to who has closed its side (quick-connection.ts, 3)", async () => {
    await using one = await conversation();
    await one.write(poll());
    one.socket.end();
    await once(one.socket, "close");
    const other = net.connect({ port: Number(one.server.address.split(":")[1]), host: "127.0.0.1" });
    other.write(poll());
    const [event] = await Promise.all([
      once(other, "data"),
      until(() => one.api.state === "Ready")
        .then(turn)
        .then(() => one.deliver("id-1", `{"a":1}`)),
    ]);
    expect(String(event[0])).toContain(`{"a":1}`);
    other.destroy();
  });

  it("ends its connections with the server", async () => {
    await using one = await conversation();
    await one.write(poll());
    const closed = once(one.socket, "close");
    await one.server.close();
    await closed;
  });
});

describe("plainCallOf", () => {
  const callOf = (text: string) => plainCallOf(Buffer.from(text, "latin1"));

  it("knows the two calls", () => {
    expect(callOf(poll("user-agent: lambda-adapter\r\n"))).toEqual({ kind: "next" });
    expect(callOf(post("a-1/response", "{}", "connection: keep-alive\r\n"))).toEqual({
      kind: "response",
      requestId: "a-1",
      body: Buffer.from("{}"),
    });
    expect(callOf(post("a-1/response", ""))).toMatchObject({ body: Buffer.alloc(0) });
  });

  it.each([
    ["more than one request", poll() + poll()],
    ["less than one", poll().slice(0, -1)],
    ["a body still to come", post("a/response", "{}").slice(0, -1)],
    ["a body where none belongs", `${poll()}{}`],
    ["another version", poll().replace("1.1", "1.0")],
    ["another path", poll().replace("next", "next?a=1")],
    ["an id that was encoded", post("a%2D1/response", "{}")],
    ["an error", post("a/error", "{}")],
    ["a length said twice", post("a/response", "{}", "content-length: 2\r\n")],
    ["a length that is none", post("a/response", "{}").replace("length: 2", "length: 2x")],
    ["no length", post("a/response", "").replace("content-length: 0\r\n", "")],
    ["chunks", post("a/response", "{}", "transfer-encoding: chunked\r\n")],
    ["an expectation", post("a/response", "{}", "expect: 100-continue\r\n")],
    ["a connection that is to close", poll("connection: close\r\n")],
    ["a mode", post("a/response", "{}", "lambda-runtime-function-response-mode: streaming\r\n")],
    ["a folded field", poll("accept: a\r\n b\r\n")],
    ["a space before the colon", poll("accept : a\r\n")],
    ["a line feed alone", poll("accept: a\nb: c\r\n")],
    ["a long head", poll(`accept: ${"a".repeat(5000)}\r\n`)],
  ])("leaves %s to the parser (1)", (_what, text) => {
    expect(callOf(text)).toBeUndefined();
  });
});
