import http from "node:http";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Rig, call, fixture, of, rig, until } from "../testing/harness.ts";
import { listenFunctionUrl } from "./function-url.ts";
import type { HttpListener } from "./http-listener.ts";

let r: Rig;
let listener: HttpListener;
let address: string;

beforeAll(async () => {
  r = await rig({ command: fixture("stream-runtime.mjs"), timeoutMs: 3000 });
  listener = await listenFunctionUrl(r.fleet, { invokeMode: "RESPONSE_STREAM" });
  address = new URL(listener.url).host;
});
afterAll(async () => {
  await listener.close();
  await r[Symbol.asyncDispose]();
});

/** Status and bytes of an answer whose connection was cut in the middle. */
function cutOff(
  path: string,
  at = address,
): Promise<{ readonly status: number; readonly body: string; readonly cut: boolean }> {
  return new Promise((resolve, reject) => {
    http
      .get(`http://${at}${path}`, (response) => {
        let body = "";
        response.on("data", (chunk: Buffer) => (body += chunk.toString()));
        response.on("error", () => {});
        response.on("close", () =>
          resolve({ status: response.statusCode ?? 0, body, cut: !response.complete }),
        );
      })
      .on("error", reject);
  });
}

const reports = () => of(r.events, "report");

describe("a streamed answer", () => {
  it("has the prelude's status, headers and cookies, and the bytes behind it", async () => {
    const reply = await call(address, { path: "/" });
    expect(reply).toMatchObject({ status: 201, body: "body" });
    expect(reply.headers["content-type"]).toBe("text/x");
    expect(reply.headers["set-cookie"]).toEqual(["a=1", "b=2; Path=/"]);
    expect(reply.headers["transfer-encoding"]).toBe("chunked");
    expect(reply.headers["x-amzn-requestid"]).toMatch(/^[0-9a-f-]{36}$/);
  });

  it("is the same when each byte comes by itself", async () => {
    expect(await call(address, { path: "/split" })).toMatchObject({ status: 201, body: "body" });
  });

  it("leaves its head when no byte follows (1)", async () => {
    expect(await call(address, { path: "/empty" })).toMatchObject({ status: 201, body: "" });
    expect(await call(address, { path: "/no-content" })).toMatchObject({ status: 204, body: "" });
  });

  it("is body from its first byte without a prelude", async () => {
    const reply = await call(address, { path: "/plain" });
    expect(reply).toMatchObject({ status: 200, body: "just bytes" });
    expect(reply.headers["content-type"]).toBe("text/plain");
  });

  it("is the envelope itself when the function answers as if buffered", async () => {
    const reply = await call(address, { path: "/buffered" });
    expect(reply).toMatchObject({ status: 200, body: '{"statusCode":404,"body":"x"}' });
  });

  it("is a 502 when it fails before its first byte", async () => {
    expect(await call(address, { path: "/error" })).toMatchObject({
      status: 502,
      body: "Internal Server Error",
    });
  });

  it("is a 502 when its prelude never ends, and the function is read to its end", async () => {
    expect(await call(address, { path: "/malformed" })).toMatchObject({ status: 502 });
    expect(await call(address, { path: "/" })).toMatchObject({ status: 201 });
  });

  it("cuts the connection when trailers tell of a failure, and says so in the report (4)", async () => {
    expect(await cutOff("/fail")).toEqual({ status: 201, body: "half", cut: true });
    await until(() => reports().at(-1)?.errorType === "Runtime.Oops");
    expect(reports().at(-1)).toMatchObject({ status: "error" });
  });

  it("cuts the connection when the function dies, and serves the next request (4)", async () => {
    expect(await cutOff("/die")).toMatchObject({ status: 201, body: "half", cut: true });
    expect(await call(address, { path: "/" })).toMatchObject({ status: 201, body: "body" });
  });

  it("cuts the connection when the function runs out of time (4)", async () => {
    expect(await cutOff("/hang")).toMatchObject({ status: 201, body: "half", cut: true });
    await until(() => reports().at(-1)?.status === "timeout");
    expect(await call(address, { path: "/" })).toMatchObject({ status: 201, body: "body" });
  });

  it("arrives whole when it is larger than every buffer, read by a slow client (2)", async () => {
    const pieces = 320;
    let bytes = 0;
    await new Promise<void>((resolve, reject) => {
      http
        .get(`http://${address}/big?${pieces}`, (response) => {
          response.on("data", (chunk: Buffer) => {
            bytes += chunk.length;
            response.pause();
            setImmediate(() => response.resume());
          });
          response.on("end", resolve);
          response.on("error", reject);
        })
        .on("error", reject);
    });
    expect(bytes).toBe(pieces * 64 * 1024);
  });

  it("runs to its end for a client that has gone (3)", async () => {
    const before = reports().length;
    await new Promise<void>((resolve, reject) => {
      const request = http.get(`http://${address}/big?200`, (response) => {
        response.once("data", () => {
          request.destroy();
          resolve();
        });
      });
      request.on("error", reject);
    });
    await until(() => reports().length > before);
    expect(reports().at(-1)).toMatchObject({ status: "success" });
  });

  it("ends with an error when it is larger than a streamed answer may be", async () => {
    // On a busy machine 200 MB take longer than the other answers here may.
    await using patient = await rig({ command: fixture("stream-runtime.mjs"), timeoutMs: 60_000 });
    const door = await listenFunctionUrl(patient.fleet, { invokeMode: "RESPONSE_STREAM" });
    const reply = await cutOff("/big?3300", new URL(door.url).host);
    expect(reply).toMatchObject({ status: 201, cut: true });
    const errorType = (): string | undefined => of(patient.events, "report").at(-1)?.errorType;
    await until(() => errorType() !== undefined);
    expect(errorType()).toBe("Function.ResponseSizeTooLarge");
    await door.close();
  });
});
