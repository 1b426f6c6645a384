import { once } from "node:events";
import { Agent, request } from "node:https";
import { connect as connectPlain } from "node:net";
import { connect } from "node:tls";
import {
  ApiGatewayManagementApiClient,
  PostToConnectionCommand,
} from "@aws-sdk/client-apigatewaymanagementapi";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { WebSocket } from "ws";
import { certificate } from "../testing/certificate.ts";
import { type DoorRig, doorRig, streamed } from "../testing/doors.ts";
import { until } from "../testing/harness.ts";
import type { DoorOptions } from "./door-options.ts";
import type { HttpListener } from "./http-listener.ts";

const tls = await certificate();
let rig: DoorRig;

beforeAll(async () => {
  rig = await doorRig({ type: "alb" });
});
afterAll(() => rig[Symbol.asyncDispose]());

interface Secure {
  readonly status: number;
  readonly body: string;
}

/** One exchange, whose certificate is checked. */
function ask(
  url: string,
  more: { method?: string; body?: string; headers?: Record<string, string>; agent?: Agent } = {},
): Promise<Secure> {
  const { method = "GET", body, headers = {}, agent } = more;
  return new Promise((resolve, reject) => {
    const sent = request(
      url,
      { method, headers, ca: tls.cert, ...(agent !== undefined && { agent }) },
      (response) => {
        let text = "";
        response.setEncoding("utf8").on("data", (chunk: string) => (text += chunk));
        response.on("end", () => resolve({ status: response.statusCode ?? 0, body: text }));
        response.on("error", reject);
      },
    );
    sent.on("error", reject);
    sent.end(body);
  });
}

const headerOf = (headers: unknown, name: string): unknown =>
  Object.entries((headers ?? {}) as Record<string, unknown>).find(([key]) => key.toLowerCase() === name)?.[1];

const doors: DoorOptions[] = [
  { type: "function-url" },
  { type: "http-api" },
  { type: "http-api", payloadFormatVersion: "1.0" },
  { type: "rest" },
  { type: "alb" },
  { type: "lattice" },
];

describe.each(doors)("a door with a certificate: %o", (options) => {
  it("speaks TLS, and says so to the function", async () => {
    const listener = await rig.open({ ...options, tls });
    expect(listener.url).toMatch(/^https:\/\/127\.0\.0\.1:\d+\//);
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    // Plain ones, and one that takes a parser, on one connection.
    for (const more of [{}, { method: "POST", body: "text" }, { headers: { expect: "100-continue" } }, {}]) {
      const { status } = await ask(`${listener.url}path`, { ...more, agent });
      expect(status).toBe(200);
      const event = rig.events().at(-1);
      expect([headerOf(event?.["headers"], "x-forwarded-proto")].flat()).toEqual(["https"]);
      expect([headerOf(event?.["headers"], "x-forwarded-port")].flat()).toEqual([String(listener.port)]);
      const secured = ["x-amzn-tls-version", "x-amzn-tls-cipher-suite"].map((name) =>
        headerOf(event?.["headers"], name),
      );
      // Only a Function URL tells it (spec event-formats.md 7.1).
      const expected =
        options.type === "function-url"
          ? ["TLSv1.3", expect.stringMatching(/^TLS_/)]
          : [undefined, undefined];
      expect(secured).toEqual(expected);
    }
    agent.destroy();
  });

  it("has nothing to say to those who do not, and closes with them all", async () => {
    const listener = await rig.open({ ...options, tls });
    await expect(fetch(listener.url.replace("https", "http"))).rejects.toThrow();
    // One that never says a word, one that has shaken hands and asks nothing.
    const silent = connectPlain(listener.port, "127.0.0.1");
    const idle = connect({ port: listener.port, host: "127.0.0.1", ca: tls.cert });
    await Promise.all([once(silent, "connect"), once(idle, "secureConnect")]);
    const ends = [silent, idle].map((socket) => once(socket.on("error", () => undefined).resume(), "close"));
    await Promise.all([listener.close(), ...ends]);
  });
});

it("streams over TLS", async () => {
  const options = { type: "function-url", invokeMode: "RESPONSE_STREAM", tls } as const;
  const { url } = await rig.open(options);
  const answer = streamed({ statusCode: 201 }, "streamed text");
  const headers = { "x-answer": Buffer.from(answer).toString("base64url"), "x-do": "stream" };
  expect(await ask(url, { headers })).toEqual({ status: 201, body: "streamed text" });
});

describe("a WebSocket API with a certificate", () => {
  let listener: HttpListener;
  let address: string;

  beforeAll(async () => {
    listener = await rig.open({ type: "websocket", routeResponses: ["$default"], tls });
    address = new URL(listener.url).host;
  });

  /** With an answer for `$connect`. */
  async function client(): Promise<WebSocket> {
    const answer = Buffer.from(`{"statusCode":200}`).toString("base64url");
    const socket = new WebSocket(`${listener.url}?answer=${answer}`, { ca: tls.cert });
    await once(socket, "open");
    return socket;
  }

  it("is wss://", async () => {
    expect(listener.url).toMatch(/^wss:\/\/127\.0\.0\.1:\d+\/prod$/);
    const socket = await client();
    socket.send(`{"answer":{"statusCode":200,"body":"hello"}}`);
    const [message] = (await once(socket, "message")) as [Buffer];
    expect(message.toString()).toBe("hello");
    const connected = rig
      .events()
      .findLast(({ requestContext }) => requestContext["eventType"] === "CONNECT");
    expect(headerOf(connected?.["headers"], "x-forwarded-proto")).toBe("https");
    socket.close();
    await once(socket, "close");
  });

  it("has its management API over TLS, and in plain text for the app", async () => {
    const socket = await client();
    const received: string[] = [];
    socket.on("message", (data: Buffer) => received.push(data.toString()));
    const connectionId = String(
      rig.events().findLast(({ requestContext }) => requestContext["eventType"] === "CONNECT")
        ?.requestContext["connectionId"],
    );
    const path = `prod/@connections/${encodeURIComponent(connectionId)}`;
    expect(await ask(`https://${address}/${path}`, { method: "POST", body: "by TLS" })).toMatchObject({
      status: 200,
    });
    const sdk = new ApiGatewayManagementApiClient({
      endpoint: `http://${address}/prod`,
      region: "eu-west-1",
      credentials: { accessKeyId: "a", secretAccessKey: "b" },
    });
    await sdk.send(new PostToConnectionCommand({ ConnectionId: connectionId, Data: "in plain text" }));
    await until(() => received.length === 2);
    expect(received).toEqual(["by TLS", "in plain text"]);
    sdk.destroy();
    socket.terminate();
  });

  it("closes with those who say nothing", async () => {
    const { port, close } = await rig.open({ type: "websocket", tls });
    const silent = connectPlain(port, "127.0.0.1");
    await once(silent, "connect");
    const plain = connectPlain(port, "127.0.0.1");
    await once(plain, "connect");
    plain.write("GET /prod/@connections/x HTTP/1.1\r\nHost: x\r\n\r\n");
    await once(plain, "data");
    const ends = [silent, plain].map((socket) => once(socket.resume(), "close"));
    await Promise.all([close(), ...ends]);
  });
});

it("does not open with a key of another certificate", async () => {
  const mixed = { cert: tls.cert, key: (await certificate()).key };
  await expect(rig.open({ type: "alb", tls: mixed })).rejects.toThrow(/key values mismatch/);
});
