import type { Socket } from "node:net";
import type { HttpRequest, HttpResponse } from "@anylambda/wire";
import { nodeCodec } from "@anylambda/wire/node";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { machine } from "../testing/adapter.ts";
import type { Machine } from "../testing/adapter.ts";
import { freePort } from "../testing/platform-contract.ts";
import { OK, answering, startRawApp } from "../testing/raw-app.ts";
import type { RawApp, RawConnection } from "../testing/raw-app.ts";
import { eventually, gate, turns } from "../testing/wait.ts";
import { createAppClient } from "./app-client.ts";
import type { AppClient } from "./app-client.ts";

let app: RawApp;
let one: Machine;
let client: AppClient;

beforeEach(() => {
  one = machine();
});

afterEach(async () => {
  one.stop();
  await app.close();
});

async function serve(
  serveOne: (connection: RawConnection) => Promise<void> | void,
  idleMs = 4000,
): Promise<void> {
  app = await startRawApp(serveOne);
  client = createAppClient(one.platform, { address: { host: "127.0.0.1", port: app.port }, idleMs });
}

function request(method = "GET", target = "/", body: string | Uint8Array = ""): HttpRequest {
  const bytes = typeof body === "string" ? nodeCodec.utf8Encode(body) : body;
  return { method, target, headers: [["host", "x"]], body: bytes };
}

const send = (...args: Parameters<typeof request>): Promise<HttpResponse> => client.send(request(...args));

const text = ({ body }: HttpResponse): string => nodeCodec.utf8Decode(body);

/** Which connection served each request so far. */
const used = (): number[] => app.requests.map(({ connection }) => connection);

/**
 * Until the other side has had enough. Node tells a failed write of it before it calls the socket destroyed: who writes
 * again then is told again, and never comes to an end.
 */
function writeForEver(socket: Socket, piece: string | Uint8Array): void {
  const more = (error?: Error | null): void => {
    if (error === undefined || error === null) socket.write(piece, more);
  };
  more();
}

describe("send", () => {
  it("sends the request in one piece and gives the response", async () => {
    await serve(answering("HTTP/1.1 201 Made\r\nx-a: b\r\ncontent-length: 2\r\n\r\nok"));
    const response = await send("POST", "/a?b=c", "body");
    expect(app.requests[0]?.head).toBe("POST /a?b=c HTTP/1.1\r\nhost: x\r\ncontent-length: 4");
    expect(app.requests[0]?.body.toString()).toBe("body");
    expect(response).toMatchObject({ status: 201, reason: "Made" });
    expect(text(response)).toBe("ok");
  });

  it("uses a kept connection again", async () => {
    await serve(answering(OK));
    for (let i = 0; i < 3; i++) await send();
    await send("POST");
    expect(used()).toEqual([0, 0, 0, 0]);
  });

  it("never shares a connection between requests under way (1)", async () => {
    const go = gate();
    await serve(async (connection) => {
      for (;;) {
        const asked = await connection.readRequest();
        if (asked === undefined) return;
        await go.opened;
        const [, target = ""] = asked.head.split(" ");
        connection.socket.write(`HTTP/1.1 200 OK\r\ncontent-length: ${target.length}\r\n\r\n${target}`);
      }
    });
    const targets = Array.from({ length: 10 }, (_, i) => `/${i}`);
    const sent = targets.map((target) => send("GET", target));
    await eventually(() => app.requests.length === targets.length);
    expect(new Set(used()).size).toBe(targets.length);
    go.open();
    expect((await Promise.all(sent)).map(text)).toEqual(targets);
    await Promise.all(targets.map((target) => send("GET", target)));
    expect(app.connections).toHaveLength(targets.length);
  });

  it("gives each its own answer: LWA 11.1 (29, 30) concurrent_request_forwarding, concurrent_post_body_isolation", async () => {
    await serve(
      answering(({ head, body }) => {
        const answer = `${head.split(" ")[1]} ${body.toString()}`;
        return `HTTP/1.1 200 OK\r\ncontent-length: ${answer.length}\r\n\r\n${answer}`;
      }),
    );
    const answers = await Promise.all(
      ["/a", "/b", "/a", "/b"].map((target, i) => send("POST", target, `${i}`)),
    );
    expect(answers.map(text)).toEqual(["/a 0", "/b 1", "/a 2", "/b 3"]);
  });

  it.each([
    ["wall", { wall: 4001 }],
    ["monotonic", { monotonic: 4001 }],
    ["wall, set back,", { wall: -4001 }],
  ])("drops a connection that was idle too long by the %s clock (2)", async (_, clock) => {
    await serve(answering(OK));
    await send();
    one.shift(clock);
    await send();
    expect(used()).toEqual([0, 1]);
    await eventually(() => app.connections[0]?.socket.destroyed);
  });

  it("keeps a connection up to the idle limit (2)", async () => {
    await serve(answering(OK), 60_000);
    await send();
    one.shift({ wall: 50_000, monotonic: 50_000 });
    await send();
    expect(used()).toEqual([0, 0]);
  });

  it("uses each connection once when the idle limit is 0", async () => {
    await serve(answering(OK), 0);
    await send();
    await send();
    expect(used()).toEqual([0, 1]);
    await eventually(() => app.connections.every(({ socket }) => socket.destroyed));
  });

  it("does not use a connection that the app has closed while it was idle", async () => {
    await serve(answering(OK));
    await send();
    app.connections[0]?.socket.end();
    await eventually(() => app.connections[0]?.socket.destroyed);
    await turns(5);
    await send("POST");
    expect(used()).toEqual([0, 1]);
  });

  /** Serves one request a connection; the next one is met by the end of the connection. */
  const closingAtTheSecond = async ({ readRequest, socket }: RawConnection): Promise<void> => {
    await readRequest();
    socket.write(OK);
    await readRequest();
    socket.resetAndDestroy();
  };

  it.each(["GET", "HEAD", "OPTIONS", "PUT", "DELETE"])(
    "sends %s again when a kept connection closes just as it is written (3, B37)",
    async (method) => {
      await serve(async (connection) => {
        if (connection.number === 0) return closingAtTheSecond(connection);
        await connection.readRequest();
        connection.socket.write("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n");
      });
      await send();
      expect((await send(method)).status).toBe(200);
      expect(used()).toEqual([0, 0, 1]);
    },
  );

  it.each(["POST", "PATCH", "get"])("does not send %s again (3)", async (method) => {
    await serve(closingAtTheSecond);
    await send();
    await expect(send(method)).rejects.toMatchObject({ code: "Adapter.AppClosedConnection" });
    expect(used()).toEqual([0, 0]);
  });

  it("does not send a request again when bytes of an answer arrived (3)", async () => {
    await serve(async ({ readRequest, socket }) => {
      await readRequest();
      socket.write(OK);
      await readRequest();
      socket.end("HTTP/1.1 2");
    });
    await send();
    await expect(send()).rejects.toMatchObject({ code: "Adapter.AppClosedConnection" });
    expect(used()).toEqual([0, 0]);
  });

  it("does not send a request again that was the first of its connection (3)", async () => {
    await serve(async ({ readRequest, socket }) => {
      await readRequest();
      socket.end();
    });
    await expect(send()).rejects.toMatchObject({ code: "Adapter.AppClosedConnection" });
    expect(used()).toEqual([0]);
  });

  it("sends a request twice at most (3)", async () => {
    await serve(async (connection) => {
      if (connection.number === 0) return closingAtTheSecond(connection);
      await connection.readRequest();
      connection.socket.resetAndDestroy();
    });
    await send();
    await expect(send()).rejects.toMatchObject({ code: "Adapter.AppClosedConnection" });
    expect(used()).toEqual([0, 0, 1]);
  });

  it("opens a connection for a POST when the kept one is not fresh, and keeps that for others (4)", async () => {
    await serve(answering(OK));
    await send();
    one.shift({ wall: 1500, monotonic: 1500 });
    await send("POST");
    expect(used()).toEqual([0, 1]);
    await send();
    await Promise.all([send(), send()]);
    expect(
      used()
        .slice(3)
        .toSorted((a, b) => a - b),
    ).toEqual([0, 1]);
  });

  it("does not pile up connections when every POST finds the last one not fresh", async () => {
    await serve(answering(OK));
    for (let i = 0; i < 20; i++) {
      await send("POST");
      one.shift({ wall: 1500, monotonic: 1500 });
    }
    await eventually(() => app.connections.filter(({ socket }) => !socket.destroyed).length <= 4);
  });

  it("gives an answer that comes before a large upload is through, and sends the next elsewhere", async () => {
    await serve(async ({ number, readHead, readRequest, socket }) => {
      if (number > 0) return answering(OK)({ number, readHead, readRequest, socket });
      await readHead();
      socket.pause();
      socket.write("HTTP/1.1 413 Too Large\r\ncontent-length: 3\r\n\r\nbig");
    });
    const response = await send("PUT", "/", new Uint8Array(32 * 1024 * 1024));
    expect(response.status).toBe(413);
    expect(text(response)).toBe("big");
    expect((await send()).status).toBe(200);
  });

  it("gives an early answer whose connection is closed at once", async () => {
    await serve(async ({ readHead, socket }) => {
      await readHead();
      socket.pause();
      socket.end("HTTP/1.1 413 Too Large\r\nconnection: close\r\ncontent-length: 3\r\n\r\nbig");
    });
    expect((await send("POST", "/", new Uint8Array(32 * 1024 * 1024))).status).toBe(413);
  });

  it("says Adapter.AppUnreachable when nothing listens", async () => {
    await serve(answering(OK));
    const port = await freePort();
    const nowhere = createAppClient(one.platform, { address: { host: "127.0.0.1", port }, idleMs: 4000 });
    await expect(nowhere.send(request())).rejects.toMatchObject({
      code: "Adapter.AppUnreachable",
      message: `No connection to the app at 127.0.0.1:${port}: ECONNREFUSED`,
    });
  });

  it.each([
    ["nothing", ""],
    ["half a head", "HTTP/1.1 200 OK\r\ncontent-le"],
    ["half a body", "HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\n12345"],
    ["half a chunk", "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\na\r\n12345"],
    ["chunks without an end", "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\n12345\r\n"],
  ])("says Adapter.AppClosedConnection when the app closes after %s (B5)", async (_, answer) => {
    await serve(async ({ readRequest, socket }) => {
      await readRequest();
      socket.end(answer);
    });
    await expect(send()).rejects.toMatchObject({
      code: "Adapter.AppClosedConnection",
      message: expect.stringContaining(`127.0.0.1:${app.port}`) as string,
    });
  });

  it.each([
    ["another protocol", "\x15\x03\x01\x00\x02\x02\x46\r\n\r\n"],
    ["a status of two digits", "HTTP/1.1 99 Odd\r\n\r\n"],
    ["a field without a name", "HTTP/1.1 200 OK\r\n: x\r\n\r\n"],
    ["two lengths", "HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nab"],
    ["a broken chunk", "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nxyz\r\n"],
    ["another transfer coding", "HTTP/1.1 200 OK\r\ntransfer-encoding: gzip\r\n\r\n"],
    ["switched protocols", "HTTP/1.1 101 Switching Protocols\r\n\r\n"],
  ])("says Adapter.AppSentInvalidHttp of %s", async (_, answer) => {
    await serve(answering(answer));
    await expect(send()).rejects.toMatchObject({ code: "Adapter.AppSentInvalidHttp" });
    await eventually(() => app.connections[0]?.socket.destroyed);
  });

  it("says Adapter.ResponseTooLarge of a body beyond what any front door takes", async () => {
    await serve(async ({ readRequest, socket }) => {
      await readRequest();
      socket.write("HTTP/1.1 200 OK\r\ncontent-length: 100000000\r\n\r\n");
      writeForEver(socket, Buffer.alloc(1024 * 1024));
    });
    await expect(send()).rejects.toMatchObject({ code: "Adapter.ResponseTooLarge" });
    await eventually(() => app.connections[0]?.socket.destroyed);
  });

  it("breaks an exchange off when it is cut, and does not send it again", async () => {
    await serve(async ({ number, readRequest, socket }) => {
      await readRequest();
      if (number === 0) socket.write(OK);
    });
    await send();
    let cut = (): void => {};
    const sent = client.send(request(), (one) => (cut = one)).catch((error: unknown) => error);
    await turns(5);
    cut();
    expect(await sent).toMatchObject({ code: "Adapter.AppClosedConnection" });
    expect(app.connections).toHaveLength(1);
  });

  it("does not take a body without a length for complete when it is cut", async () => {
    await serve(async ({ readRequest, socket }) => {
      await readRequest();
      socket.write("HTTP/1.1 200 OK\r\n\r\nhalf of it");
    });
    let cut = (): void => {};
    const response = await client.begin(request(), (one) => (cut = one));
    expect(Buffer.from((await response.read()) ?? []).toString()).toBe("half of it");
    const rest = response.read().catch((error: unknown) => error);
    cut();
    expect(await rest).toMatchObject({ code: "Adapter.AppClosedConnection" });
  });

  it("cuts nobody else's exchange when its own is over (1)", async () => {
    const go = gate();
    await serve(async ({ readRequest, socket }) => {
      await readRequest();
      socket.write(OK);
      await readRequest();
      await go.opened;
      socket.write(OK);
    });
    let cut = (): void => {};
    await client.send(request(), (one) => (cut = one));
    const other = send();
    await eventually(() => app.requests.length === 2);
    cut();
    go.open();
    expect((await other).status).toBe(200);
    expect(used()).toEqual([0, 0]);
  });

  it("opens no exchange when it is cut while connecting", async () => {
    await serve(answering(OK));
    const sent = client.send(request(), (cut) => cut()).catch((error: unknown) => error);
    expect(await sent).toMatchObject({ code: "Adapter.AppClosedConnection" });
    await eventually(() => app.connections.every(({ socket }) => socket.destroyed));
    expect(app.requests).toEqual([]);
  });
});

describe("probe", () => {
  it("gives the status and keeps the connection for the first request", async () => {
    await serve(answering(OK));
    expect(await client.probe(request())).toBe(200);
    await turns(5);
    await send();
    expect(used()).toEqual([0, 0]);
  });

  it("gives the status of an answer whose body never ends", async () => {
    await serve(async ({ readRequest, socket }) => {
      await readRequest();
      socket.write("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n");
      writeForEver(socket, `1000\r\n${"x".repeat(4096)}\r\n`);
    });
    expect(await client.probe(request())).toBe(200);
    // More than is worth reading for the sake of the connection.
    await eventually(() => app.connections[0]?.socket.destroyed);
  });

  it("says what is wrong as send does", async () => {
    await serve(async ({ readRequest, socket }) => {
      await readRequest();
      socket.end();
    });
    await expect(client.probe(request())).rejects.toMatchObject({ code: "Adapter.AppClosedConnection" });
  });
});
