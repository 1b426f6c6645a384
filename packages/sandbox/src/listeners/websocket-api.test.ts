import {
  ApiGatewayManagementApiClient,
  DeleteConnectionCommand,
  GetConnectionCommand,
  PostToConnectionCommand,
} from "@aws-sdk/client-apigatewaymanagementapi";
import { once } from "node:events";
import type { IncomingMessage } from "node:http";
import { afterEach, beforeAll, afterAll, describe, expect, it } from "vitest";
import { WebSocket } from "ws";
import { type DoorRig, type Event, doorRig } from "../testing/doors.ts";
import { call } from "../testing/harness.ts";

let door: DoorRig;
const clients: WebSocket[] = [];

beforeAll(async () => {
  door = await doorRig({
    type: "websocket",
    routes: ["$connect", "$disconnect", "$default", "join", "quiet"],
    routeResponses: ["$default", "join"],
  });
});
afterEach(() => {
  for (const client of clients.splice(0)) client.terminate();
});
afterAll(() => door[Symbol.asyncDispose]());

interface Client {
  readonly socket: WebSocket;
  readonly connectionId: string;
  /** Texts received so far. */
  readonly received: string[];
  /** Code and reason of the end. */
  readonly ended: Promise<[number, string]>;
}

const eventsOf = (type: string, of = door): Event[] =>
  of.events().filter(({ requestContext }) => requestContext["eventType"] === type);
const idOf = (event: Event | undefined): string => String(event?.requestContext["connectionId"]);
const answering = (answer: unknown): string =>
  `?answer=${Buffer.from(JSON.stringify(answer)).toString("base64url")}`;
const ok = { statusCode: 200 };

function dial(url: string, more: { protocols?: string[]; headers?: Record<string, string> } = {}): WebSocket {
  const socket = new WebSocket(url, more.protocols ?? [], { headers: more.headers ?? {} });
  socket.on("error", () => undefined);
  clients.push(socket);
  return socket;
}

async function connect(of = door, url = `${of.listener.url}${answering(ok)}`): Promise<Client> {
  const socket = dial(url);
  const received: string[] = [];
  socket.on("message", (data: Buffer, isBinary: boolean) =>
    received.push(isBinary ? "binary" : data.toString()),
  );
  const ended = new Promise<[number, string]>((resolve) => {
    socket.on("close", (code, reason) => resolve([code, reason.toString()]));
  });
  await once(socket, "open");
  return { socket, connectionId: idOf(eventsOf("CONNECT", of).at(-1)), received, ended };
}

/** Status and body of a handshake that is refused. */
async function refusal(
  url: string,
  headers: Record<string, string> = {},
): Promise<[number | undefined, string]> {
  const socket = dial(url, { headers });
  const [, response] = (await once(socket, "unexpected-response")) as [unknown, IncomingMessage];
  let body = "";
  for await (const chunk of response) body += String(chunk);
  return [response.statusCode, body];
}

describe("a handshake", () => {
  it("is an event with its headers, and the connection's name is in those that follow (10.1)", async () => {
    expect(door.listener.url).toBe(`ws://${door.address}/prod`);
    const socket = dial(`${door.listener.url}${answering(ok)}&room=a%20b`, { headers: { "X-Own": "1" } });
    await once(socket, "open");
    const event = eventsOf("CONNECT").at(-1);
    expect(event).toMatchObject({
      headers: { "X-Own": "1", "Sec-WebSocket-Version": "13", "X-Forwarded-For": "127.0.0.1" },
      queryStringParameters: { room: "a b" },
      requestContext: {
        routeKey: "$connect",
        stage: "prod",
        domainName: door.address,
        connectionId: expect.stringMatching(/^[\w-]{15}=$/),
        identity: { sourceIp: "127.0.0.1" },
      },
    });
    socket.send("hello");
    await once(socket, "message");
    expect(idOf(eventsOf("MESSAGE").at(-1))).toBe(idOf(event));
  });

  it("is refused with the function's status when that is not 2xx (10.2)", async () => {
    for (const statusCode of [403, 401, 500, 302]) {
      expect((await refusal(`${door.listener.url}${answering({ statusCode })}`))[0]).toBe(statusCode);
    }
    const before = eventsOf("DISCONNECT").length;
    const client = await connect();
    client.socket.close();
    await expect.poll(() => eventsOf("DISCONNECT").length).toBe(before + 1);
    expect(idOf(eventsOf("DISCONNECT").at(-1))).toBe(client.connectionId);
  });

  it("is refused when the function fails, or says what is no answer (10.2)", async () => {
    const expected = [502, `{"message":"Internal server error"}`];
    expect(await refusal(door.listener.url, { "x-do": "error" })).toEqual(expected);
    expect(await refusal(`${door.listener.url}${answering({})}`)).toEqual(expected);
  });

  it("takes the subprotocol that the function chooses, and none when it chooses none (10.2)", async () => {
    const headers = { "Sec-WebSocket-Protocol": "b" };
    const socket = dial(`${door.listener.url}${answering({ ...ok, headers })}`, { protocols: ["a", "b"] });
    await once(socket, "open");
    expect(socket.protocol).toBe("b");
    const other = dial(`${door.listener.url}${answering(ok)}`, { protocols: ["a"] });
    const [error] = (await once(other, "error")) as [Error];
    expect(error.message).toMatch(/no subprotocol/i);
  });

  it("is refused at another path, and when it is none; the function is not asked", async () => {
    const before = eventsOf("CONNECT").length;
    const { origin } = new URL(door.listener.url.replace("ws:", "http:"));
    const at = origin.replace("http:", "ws:");
    for (const path of ["/", "/other", "/prod/more"]) expect((await refusal(`${at}${path}`))[0]).toBe(403);
    const headers = { Connection: "Upgrade", Upgrade: "websocket", "Sec-WebSocket-Version": "8" };
    expect((await call(door.address, { path: "/prod", headers })).status).toBe(400);
    expect((await call(door.address, { path: "/prod" })).status).toBe(403);
    expect(eventsOf("CONNECT")).toHaveLength(before);
  });

  it("names in its events an address that the function can reach, also when the door is open to all", async () => {
    await using open = await doorRig({ type: "websocket", host: "0.0.0.0" });
    const { port } = open.listener;
    const { connectionId } = await connect(open, `ws://127.0.0.1:${port}/prod${answering(ok)}`);
    const [event] = eventsOf("CONNECT", open);
    expect(event?.requestContext["domainName"]).toBe(`127.0.0.1:${port}`);
    const path = `/prod/@connections/${connectionId}`;
    expect((await call(String(event?.requestContext["domainName"]), { path })).status).toBe(200);
  });

  it("asks nobody when there is no $connect, and tells nobody of the end", async () => {
    await using quiet = await doorRig({ type: "websocket", stage: "beta", routes: ["$default"] });
    const socket = dial(quiet.listener.url);
    await once(socket, "open");
    socket.send("x");
    await expect.poll(() => eventsOf("MESSAGE", quiet).length).toBe(1);
    socket.close();
    await once(socket, "close");
    expect(quiet.events()).toHaveLength(1);
  });
});

describe("a message", () => {
  it("goes to the route it names, or to $default (10.2)", async () => {
    const { socket } = await connect();
    for (const [text, routeKey] of [
      [`{"action":"join"}`, "join"],
      [`{"action":"quiet"}`, "quiet"],
      [`{"action":"unknown"}`, "$default"],
      [`{"action":"$connect"}`, "$default"],
      ["no json", "$default"],
    ] as const) {
      const before = eventsOf("MESSAGE").length;
      socket.send(text);
      await expect.poll(() => eventsOf("MESSAGE").length).toBe(before + 1);
      expect(eventsOf("MESSAGE").at(-1)).toMatchObject({ body: text, requestContext: { routeKey } });
    }
  });

  it("is answered where its route has a response, and not elsewhere (10.2)", async () => {
    const { socket, received } = await connect();
    socket.send(JSON.stringify({ action: "quiet", answer: { statusCode: 200, body: "not sent" } }));
    socket.send(JSON.stringify({ action: "join", answer: { statusCode: 500, body: "päng" } }));
    await expect.poll(() => received).toEqual(["päng"]);
    expect(socket.readyState).toBe(WebSocket.OPEN);
  });

  it("whose function fails, or answers what is none, is answered by the door (10.2)", async () => {
    const { socket, received, connectionId } = await connect();
    for (const message of [
      { action: "quiet", do: "error" },
      { action: "quiet", answer: "hello" },
    ]) {
      socket.send(JSON.stringify(message));
      await expect.poll(() => received.length).toBe(1);
      expect(JSON.parse(received.pop() ?? "")).toEqual({
        message: "Internal server error",
        connectionId,
        requestId: expect.stringMatching(/^[\w-]{15}=$/),
      });
    }
  });

  it("that no route takes is answered Forbidden, and the function never hears of it (10.2)", async () => {
    await using strict = await doorRig({ type: "websocket", routes: ["$connect", "join"] });
    const { socket, received, connectionId } = await connect(strict);
    socket.send("hello");
    await expect.poll(() => received.length).toBe(1);
    expect(JSON.parse(received[0] ?? "")).toMatchObject({ message: "Forbidden", connectionId });
    expect(eventsOf("MESSAGE", strict)).toEqual([]);
  });

  it("that takes too long is answered by the door", async () => {
    await using hasty = await doorRig({ type: "websocket", routes: ["$default"], timeoutMs: 100 });
    const { socket, received } = await connect(hasty);
    socket.send(`{"do":"wait:1000"}`);
    await expect.poll(() => received.length).toBe(1);
    expect(JSON.parse(received[0] ?? "")).toMatchObject({ message: "Endpoint request timed out" });
  });

  it("may be 128 KB in frames of 32 KB, and neither may be more: 1009 (10.2)", async () => {
    const { socket, ended } = await connect();
    const before = eventsOf("MESSAGE").length;
    for (let part = 0; part < 4; part += 1) socket.send("x".repeat(32_768), { fin: part === 3 });
    await expect.poll(() => eventsOf("MESSAGE").length).toBe(before + 1);
    expect(String(eventsOf("MESSAGE").at(-1)?.["body"])).toHaveLength(131_072);
    for (let part = 0; part < 5; part += 1) socket.send("x".repeat(32_768), { fin: part === 4 });
    expect((await ended)[0]).toBe(1009);
    const other = await connect();
    other.socket.send("x".repeat(32_769));
    expect((await other.ended)[0]).toBe(1009);
    expect(eventsOf("MESSAGE")).toHaveLength(before + 1);
    await expect
      .poll(() =>
        eventsOf("DISCONNECT")
          .slice(-2)
          .map(({ requestContext }) => requestContext["disconnectStatusCode"]),
      )
      .toEqual([1009, 1009]);
  });

  it("of bytes ends the connection: 1003 (10.2)", async () => {
    const { socket, ended } = await connect();
    socket.send(Buffer.from([1]));
    expect((await ended)[0]).toBe(1003);
  });

  it("does not wait for another one that is slow", async () => {
    await using wide = await doorRig(
      { type: "websocket", routeResponses: ["$default"] },
      { maxConcurrency: 2 },
    );
    const { socket, received } = await connect(wide);
    socket.send(JSON.stringify({ do: "wait:5000", answer: { statusCode: 200, body: "slow" } }));
    socket.send(JSON.stringify({ answer: { statusCode: 200, body: "quick" } }));
    await expect.poll(() => received[0], { timeout: 10_000 }).toBe("quick");
  });
});

describe("the end of a connection", () => {
  it("is told with the code and the reason that the client gave (10.1)", async () => {
    const { socket, connectionId } = await connect();
    socket.close(4001, "enough");
    await once(socket, "close");
    await expect.poll(() => idOf(eventsOf("DISCONNECT").at(-1))).toBe(connectionId);
    expect(eventsOf("DISCONNECT").at(-1)).toMatchObject({
      headers: { Host: door.address, "x-api-key": "", "X-Forwarded-For": "", "x-restapi": "" },
      requestContext: { routeKey: "$disconnect", disconnectStatusCode: 4001, disconnectReason: "enough" },
    });
  });

  it("is told as 1006 when the client just went, as 1005 when it said nothing", async () => {
    const gone = await connect();
    gone.socket.terminate();
    await expect.poll(() => idOf(eventsOf("DISCONNECT").at(-1))).toBe(gone.connectionId);
    expect(eventsOf("DISCONNECT").at(-1)?.requestContext["disconnectStatusCode"]).toBe(1006);
    const silent = await connect();
    silent.socket.close();
    await expect.poll(() => idOf(eventsOf("DISCONNECT").at(-1))).toBe(silent.connectionId);
    expect(eventsOf("DISCONNECT").at(-1)?.requestContext["disconnectStatusCode"]).toBe(1005);
  });

  it("comes when nothing was sent for the idle time, not while something is (2)", async () => {
    await using impatient = await doorRig({ type: "websocket", idleTimeoutMs: 1500 });
    const { socket, ended } = await connect(impatient);
    const talking = setInterval(() => socket.send("x"), 50);
    await expect.poll(() => eventsOf("MESSAGE", impatient).length, { timeout: 10_000 }).toBeGreaterThan(32);
    clearInterval(talking);
    expect(await ended).toEqual([1001, "Going away"]);
    await expect.poll(() => eventsOf("DISCONNECT", impatient).length).toBe(1);
    expect(eventsOf("DISCONNECT", impatient)[0]?.requestContext["disconnectStatusCode"]).toBe(1001);
  });

  it("comes when it is as old as a connection may be (2)", async () => {
    await using short = await doorRig({ type: "websocket", maxConnectionMs: 50 });
    expect(await (await connect(short)).ended).toEqual([1001, "Going away"]);
  });

  it("comes with the end of the door", async () => {
    const closing = await doorRig({ type: "websocket" });
    const { ended } = await connect(closing);
    await closing[Symbol.asyncDispose]();
    expect([1001, 1006]).toContain((await ended)[0]);
  });
});

describe("the management API, as the AWS SDK speaks to it (10.3)", () => {
  const client = (): ApiGatewayManagementApiClient =>
    new ApiGatewayManagementApiClient({
      endpoint: `http://${door.address}/prod`,
      region: "eu-west-1",
      credentials: { accessKeyId: "a", secretAccessKey: "s" },
      maxAttempts: 1,
    });

  it("sends, tells of and ends a connection", async () => {
    const { connectionId: ConnectionId, received, ended } = await connect();
    await client().send(new PostToConnectionCommand({ ConnectionId, Data: "päng" }));
    await client().send(new PostToConnectionCommand({ ConnectionId, Data: Buffer.alloc(131_072, "x") }));
    await expect.poll(() => received.map(({ length }) => length)).toEqual([4, 131_072]);
    expect(received[0]).toBe("päng");
    const told = await client().send(new GetConnectionCommand({ ConnectionId }));
    expect(told.ConnectedAt).toBeInstanceOf(Date);
    expect(told.LastActiveAt?.getTime()).toBeGreaterThanOrEqual(told.ConnectedAt?.getTime() ?? Infinity);
    expect(told.Identity).toMatchObject({ SourceIp: "127.0.0.1" });
    await client().send(new DeleteConnectionCommand({ ConnectionId }));
    expect((await ended)[0]).toBe(1000);
  });

  it("says Gone of a connection that is no more, or never was", async () => {
    const { socket, connectionId, ended } = await connect();
    socket.close();
    await ended;
    await expect.poll(() => idOf(eventsOf("DISCONNECT").at(-1))).toBe(connectionId);
    for (const ConnectionId of [connectionId, "Qx7ExampleMAEXA="])
      for (const command of [
        new PostToConnectionCommand({ ConnectionId, Data: "x" }),
        new GetConnectionCommand({ ConnectionId }),
        new DeleteConnectionCommand({ ConnectionId }),
      ])
        await expect(client().send(command as PostToConnectionCommand)).rejects.toMatchObject({
          name: "GoneException",
          $metadata: { httpStatusCode: 410 },
        });
  });

  it("says Gone of a connection whose $connect has not answered yet", async () => {
    const before = eventsOf("CONNECT").length;
    const socket = dial(`${door.listener.url}${answering(ok)}`, { headers: { "x-do": "wait:1500" } });
    await expect.poll(() => eventsOf("CONNECT").length).toBe(before + 1);
    const ConnectionId = idOf(eventsOf("CONNECT").at(-1));
    const command = new PostToConnectionCommand({ ConnectionId, Data: "x" });
    await expect(client().send(command)).rejects.toMatchObject({ name: "GoneException" });
    await once(socket, "open");
    await client().send(command);
  });

  it("refuses too much, an id that is none, and what is no connection's address", async () => {
    const { connectionId: ConnectionId } = await connect();
    await expect(
      client().send(new PostToConnectionCommand({ ConnectionId, Data: Buffer.alloc(131_073) })),
    ).rejects.toMatchObject({ name: "PayloadTooLargeException", $metadata: { httpStatusCode: 413 } });
    await expect(client().send(new GetConnectionCommand({ ConnectionId: "c0ffee" }))).rejects.toMatchObject({
      name: "BadRequestException",
      message: "Invalid connectionId: c0ffee",
    });
    for (const path of [`/other/@connections/${ConnectionId}`, `/@connections/${ConnectionId}`, "/prod/x"])
      expect((await call(door.address, { path })).status).toBe(403);
    expect(
      (await call(door.address, { method: "PUT", path: `/prod/@connections/${ConnectionId}` })).status,
    ).toBe(403);
    // Written by hand, without an escape.
    expect((await call(door.address, { path: `/prod/@connections/${ConnectionId}` })).status).toBe(200);
  });
});
