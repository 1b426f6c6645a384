/** The adapter on the native host, from end to end: what only the engine can get wrong. */
import { createHash, randomBytes } from "node:crypto";
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { brotliDecompressSync, gunzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { functionUrlEvent, sqsEvent } from "../packages/adapter/testing/events.ts";
import { answer, isCheck } from "../packages/adapter/testing/function.ts";
import { answering, startRawApp } from "../packages/adapter/testing/raw-app.ts";
import type { RawConnection } from "../packages/adapter/testing/raw-app.ts";
import { eventually, turns } from "../packages/adapter/testing/wait.ts";
import { missing, startAdapter, startNative, startNativeOver, stopAfterEach } from "./testing/binary.ts";

interface Answer {
  readonly statusCode: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly isBase64Encoded: boolean;
}

const answerOf = (text: string): Answer => JSON.parse(text) as Answer;

/** The whole body of an answer, as bytes. */
function bodyOf({ body, isBase64Encoded }: Answer): Buffer {
  return Buffer.from(body, isBase64Encoded ? "base64" : "utf8");
}

/** Answers the readiness check, then hands the connection over. */
function afterCheck(serve: (connection: RawConnection) => Promise<void>) {
  return async (connection: RawConnection): Promise<void> => {
    const first = await connection.readRequest();
    if (first === undefined) return;
    if (isCheck(first)) {
      connection.socket.write(answer(200));
      if ((await connection.readRequest()) === undefined) return;
    }
    await serve(connection);
  };
}

it.for(missing === undefined ? [] : [missing])("%s", (reason, { skip }) => {
  skip(reason);
});

describe.skipIf(missing !== undefined)("native adapter", () => {
  stopAfterEach();

  it("maps a GET and its answer", async () => {
    const fn = await startNative(answer(200, "hello", ["content-type: text/plain", "x-one: 1"]));
    const event = functionUrlEvent({ path: "/a/b", query: "x=1&y=%C3%A9", headers: { "x-two": "grün" } });
    const outcome = answerOf((await fn.api.invoke(event)).text);
    expect(outcome).toMatchObject({ statusCode: 200, body: "hello", isBase64Encoded: false });
    expect(outcome.headers).toMatchObject({ "content-type": "text/plain", "x-one": "1" });
    const head = Buffer.from(fn.requests()[0]?.head ?? "", "latin1").toString("utf8");
    expect(head).toMatch(/^GET \/a\/b\?x=1&y=%C3%A9 HTTP\/1\.1\r\n/);
    expect(head).toContain("x-two: grün");
    expect(fn.adapter.lines).toEqual([]);
  });

  it("reaches an app on a Unix socket", async () => {
    const path = join(mkdtempSync(join(tmpdir(), "native-")), "app.sock");
    const app = await startRawApp(answering(answer(200, "hello")), { path });
    const fn = await startNative("", { ANYLAMBDA_APP_SOCKET: path });
    for (let count = 0; count < 3; count += 1)
      expect(answerOf((await fn.api.invoke(functionUrlEvent({ path: "/a" }))).text)).toMatchObject({
        statusCode: 200,
        body: "hello",
      });
    expect(fn.app.connections).toHaveLength(0);
    expect(app.connections).toHaveLength(1);
    await app.close();
    expect((await fn.api.invoke(functionUrlEvent())).text).toContain(
      `No connection to the app at unix:${path}: ENOENT`,
    );
  });

  it.each([0, 1, 2, 3, 100 * 1024, 4 * 1024 * 1024])(
    "carries a binary body of %d bytes to the app",
    async (size) => {
      const fn = await startNative(answer(204));
      const body = randomBytes(size);
      const event = functionUrlEvent({
        method: "POST",
        body: body.toString("base64"),
        isBase64Encoded: true,
      });
      expect(answerOf((await fn.api.invoke(event)).text).statusCode).toBe(204);
      expect(fn.requests()[0]?.body.equals(body)).toBe(true);
    },
  );

  it.each([
    ["-_-_", "fbffbf"],
    ["+/+/", "fbffbf"],
    ["QQ", "41"],
    ["QQ==", "41"],
    [" Q Q = = \r\n", "41"],
  ])("reads base64 as %j", async (body, hex) => {
    const fn = await startNative(answer(204));
    await fn.api.invoke(functionUrlEvent({ method: "POST", body, isBase64Encoded: true }));
    expect(fn.requests()[0]?.body.toString("hex")).toBe(hex);
  });

  it.each(["Q", "QUJDR", "QU%D", "Q=Q", "QUJD\u0000"])("refuses base64 like %j", async (body) => {
    const fn = await startNative(answer(204));
    const outcome = await fn.api.invoke(functionUrlEvent({ method: "POST", body, isBase64Encoded: true }));
    expect(outcome.kind).toBe("error");
    expect(outcome.errorType).toBe("Adapter.InvalidEvent");
    expect(fn.requests()).toHaveLength(0);
  });

  it("carries a text body that is not ASCII both ways, a byte order mark and astral characters included", async () => {
    const text = '\uFEFFgrün \u2028 日本 🐦 "quoted" \\ \t\r\n\f';
    const bytes = Buffer.from(text);
    const fn = await startNative(
      answer(200, bytes.toString("latin1"), ["content-type: text/plain; charset=utf-8"]),
    );
    const outcome = await fn.api.invoke(functionUrlEvent({ method: "POST", body: text }));
    expect(fn.requests()[0]?.body.equals(bytes)).toBe(true);
    expect(answerOf(outcome.text)).toMatchObject({ body: text, isBase64Encoded: false });
    // Byte for byte as JSON.stringify writes it.
    expect(outcome.text).toContain(JSON.stringify(text));
  });

  it("turns lone surrogates of an event into U+FFFD", async () => {
    const fn = await startNative(answer(204));
    const event = JSON.stringify(functionUrlEvent({ method: "POST", body: "BODY" }));
    await fn.api.invoke({ event: event.replace("BODY", String.raw`a\ud800b\udc00`) });
    expect(fn.requests()[0]?.body.toString()).toBe("a\uFFFDb\uFFFD");
  });

  it.each([1024 * 1024, 256 * 1024, 65_536, 4_000_001])(
    "carries a binary answer of %d bytes",
    async (size) => {
      const body = randomBytes(size);
      const fn = await startNative(
        answer(200, body.toString("latin1"), ["content-type: application/octet-stream"]),
      );
      const outcome = answerOf((await fn.api.invoke(functionUrlEvent())).text);
      expect(outcome.isBase64Encoded).toBe(true);
      expect(bodyOf(outcome).equals(body)).toBe(true);
    },
  );

  it.each(["\u0000", "a\u0008", "\u001f", "\u007f", "\u00ff"])(
    "sends an answer with %j as base64",
    async (body) => {
      const fn = await startNative(answer(200, body));
      const outcome = answerOf((await fn.api.invoke(functionUrlEvent())).text);
      expect(outcome.isBase64Encoded).toBe(true);
      expect(bodyOf(outcome).toString("latin1")).toBe(body);
    },
  );

  it("passes other events through as they are", async () => {
    const fn = await startNative(answer(200, '{"ok":true}'));
    const outcome = await fn.api.invoke({ event: sqsEvent });
    expect(outcome.text).toBe('{"ok":true}');
    expect(fn.requests()[0]?.head).toMatch(/^POST \/events HTTP/);
    expect(fn.requests()[0]?.body.toString()).toBe(sqsEvent);
  });

  it.each([
    ["gzip", gunzipSync],
    ["br", brotliDecompressSync],
  ] as const)("compresses answers with %s, whole and streamed", async (coding, decompress) => {
    const body = Array.from({ length: 20_000 }, (_, i) => `line ${i * 7919}\n`).join("");
    const event = functionUrlEvent({ headers: { "accept-encoding": coding } });
    const page = answer(200, body, ["content-type: text/plain"]);
    const whole = await startNative(page, { AWS_LWA_ENABLE_COMPRESSION: "true" });
    const outcome = answerOf((await whole.api.invoke(event)).text);
    expect(outcome.headers["content-encoding"]).toBe(coding);
    expect(decompress(bodyOf(outcome)).toString()).toBe(body);

    const env = { AWS_LWA_ENABLE_COMPRESSION: "true", AWS_LWA_INVOKE_MODE: "response_stream" };
    const streamed = await startNative(page, env);
    const sent = (await streamed.api.invoke(event)).body;
    expect(decompress(sent.subarray(sent.indexOf("\0".repeat(8)) + 8)).toString()).toBe(body);
  });

  it("streams 8 MiB and holds the app back while nobody reads", async () => {
    const bytes = randomBytes(64 * 1024);
    const pieces = 128;
    let taken = 0;
    const fn = await startNativeOver(
      afterCheck(async ({ socket }) => {
        socket.write(`HTTP/1.1 200 OK\r\ncontent-length: ${bytes.length * pieces}\r\n\r\n`);
        for (let i = 0; i < pieces; i++) {
          await new Promise((resolve) => socket.write(bytes, resolve));
          taken++;
        }
      }),
      { AWS_LWA_INVOKE_MODE: "response_stream" },
    );
    const outcome = await fn.api.invoke(functionUrlEvent());
    const hash = createHash("sha256").update(outcome.body.subarray(outcome.body.indexOf("\0".repeat(8)) + 8));
    const sent = createHash("sha256");
    for (let i = 0; i < pieces; i++) sent.update(bytes);
    expect(hash.digest("hex")).toBe(sent.digest("hex"));
    expect(taken).toBe(pieces);
  });

  it("ends a stream that the app breaks off with error trailers", async () => {
    const fn = await startNativeOver(
      afterCheck(async ({ socket }) => {
        socket.write("HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhalf", () => socket.end());
      }),
      { AWS_LWA_INVOKE_MODE: "response_stream" },
    );
    const { trailers } = await fn.api.invoke(functionUrlEvent());
    expect(trailers.map(([name]) => name.toLowerCase())).toContain("lambda-runtime-function-error-type");
  });

  it("answers when the app refuses, hangs up or answers nonsense, and goes on", async () => {
    const replies = ["not http at all\r\n\r\n", "", answer(200, "well")];
    const fn = await startNativeOver(
      afterCheck(async ({ socket }) => {
        const reply = replies.shift() ?? "";
        if (reply === "") socket.resetAndDestroy();
        else socket.end(reply);
      }),
    );
    const post = functionUrlEvent({ method: "POST", body: "x" });
    for (let i = 0; i < 2; i++) {
      const outcome = await fn.api.invoke(post);
      expect(outcome.kind === "error" || answerOf(outcome.text).statusCode >= 500).toBe(true);
    }
    expect(answerOf((await fn.api.invoke(post)).text).body).toBe("well");
    await fn.app.close();
    const refused = await fn.api.invoke(post);
    expect(refused.kind === "error" || answerOf(refused.text).statusCode >= 500).toBe(true);
    expect(fn.adapter.process.exitCode).toBeNull();
  });

  it("answers an event that is no JSON, and one that is deeper than any stack", async () => {
    const fn = await startNative(answer(200, "well"));
    expect((await fn.api.invoke({ event: "{" })).kind).toBe("error");
    const deep = "[".repeat(200_000);
    expect((await fn.api.invoke({ event: `${deep}${"]".repeat(200_000)}` })).kind).toMatch(/response|error/);
    expect(answerOf((await fn.api.invoke(functionUrlEvent())).text).body).toBe("well");
  });

  it("fails the invocation that needs more memory than the limit, and only that one", async () => {
    const body = "x".repeat(5_000_000);
    const fn = await startNative(
      (request) => (request.head.includes("/large") ? answer(200, body) : answer(200, "well")),
      {
        ANYLAMBDA_MEMORY_LIMIT_MB: "4",
      },
    );
    const outcome = await fn.api.invoke(functionUrlEvent({ path: "/large" }));
    expect(outcome.text).toContain("out of memory");
    expect(answerOf((await fn.api.invoke(functionUrlEvent())).text).body).toBe("well");
  });

  it("fails the invocation whose event needs more memory than the limit, and only that one", async () => {
    const fn = await startNative(answer(200, "well"), { ANYLAMBDA_MEMORY_LIMIT_MB: "4" });
    for (const body of ["x".repeat(5_900_000), "x".repeat(3_900_000)]) {
      const outcome = await fn.api.invoke(functionUrlEvent({ method: "POST", body }));
      expect(outcome.text).toContain("out of memory");
      expect(answerOf((await fn.api.invoke(functionUrlEvent())).text).body).toBe("well");
    }
  });

  it("answers 1,000 invocations in a row over one connection each way", async () => {
    const fn = await startNative((request) => answer(200, request.head.split(" ")[1]));
    for (let i = 0; i < 1000; i++) {
      const outcome = await fn.api.invoke(functionUrlEvent({ path: `/${i}` }));
      expect(answerOf(outcome.text).body).toBe(`/${i}`);
    }
    expect(new Set(fn.app.requests.map(({ connection }) => connection)).size).toBeLessThanOrEqual(2);
  });

  it("answers 16 invocations at a time", async () => {
    let waiting: (() => void)[] = [];
    const fn = await startNativeOver(
      async (connection) => {
        for (;;) {
          const request = await connection.readRequest();
          if (request === undefined) return;
          if (!isCheck(request)) {
            // Nobody is answered before all sixteen have asked.
            await new Promise<void>((resolve) => {
              waiting.push(resolve);
              if (waiting.length < 16) return;
              for (const go of waiting) go();
              waiting = [];
            });
          }
          connection.socket.write(answer(200, request.head.split(" ")[1]));
        }
      },
      { AWS_LAMBDA_MAX_CONCURRENCY: "16" },
    );
    for (let round = 0; round < 5; round++) {
      const outcomes = await Promise.all(
        Array.from({ length: 16 }, (_, i) => fn.api.invoke(functionUrlEvent({ path: `/${round}/${i}` }))),
      );
      expect(outcomes.map(({ text }) => answerOf(text).body)).toEqual(
        Array.from({ length: 16 }, (_, i) => `/${round}/${i}`),
      );
    }
  });

  it("answers what is under way when it is told to end, then ends with 0", async () => {
    let connection: RawConnection | undefined;
    const fn = await startNativeOver(
      afterCheck(async (one) => {
        connection = one;
      }),
    );
    const outcome = fn.api.invoke(functionUrlEvent());
    const { socket } = await eventually(() => connection);
    fn.adapter.process.kill("SIGTERM");
    await turns(20);
    socket.write(answer(200, "late"));
    expect(answerOf((await outcome).text).body).toBe("late");
    expect(await fn.adapter.exited).toEqual({ code: 0, signal: null });
  });

  it("connects to an app by name", async () => {
    const fn = await startNative(answer(200, "well"), { AWS_LWA_HOST: "localhost" });
    expect(answerOf((await fn.api.invoke(functionUrlEvent())).text).body).toBe("well");
  });

  it("says why it cannot start", async () => {
    const { lines, exited } = startAdapter({ AWS_LAMBDA_RUNTIME_API: "127.0.0.1:1", AWS_LWA_PORT: "1" });
    expect(await exited).toEqual({ code: 1, signal: null });
    expect(lines.at(-1)).toMatch(/ECONNREFUSED/);
  });
});
