import type { HttpRequest } from "@anylambda/wire";
import { writeRequest } from "@anylambda/wire";
import { nodeCodec } from "@anylambda/wire/node";
import { afterEach, describe, expect, it } from "vitest";
import { nodePlatform } from "../platforms/node/platform.ts";
import { OK, answering, startRawApp } from "../testing/raw-app.ts";
import type { RawApp, RawConnection } from "../testing/raw-app.ts";
import { eventually, turns } from "../testing/wait.ts";
import { HttpConnection, readWhole } from "./http-connection.ts";

let app: RawApp;
let connection: HttpConnection;

afterEach(async () => {
  connection.close();
  await app.close();
});

async function connectTo(serve: (one: RawConnection) => Promise<void> | void): Promise<void> {
  app = await startRawApp(serve);
  connection = new HttpConnection(
    await nodePlatform.connect({ host: "127.0.0.1", port: app.port }),
    nodeCodec,
  );
}

function request(method = "GET", body = ""): Uint8Array[] {
  const made: HttpRequest = {
    method,
    target: "/",
    headers: [["host", "x"]],
    body: nodeCodec.utf8Encode(body),
  };
  return writeRequest(made, nodeCodec);
}

const unlimited = (): Promise<Uint8Array> =>
  readWhole(
    () => connection.readBody(),
    1e9,
    () => new Error("too large"),
  );

async function ask(method?: string, body?: string): Promise<string> {
  await connection.exchange(method ?? "GET", request(method, body));
  return nodeCodec.utf8Decode(await unlimited());
}

const release = (): boolean => connection.release();

describe("HttpConnection", () => {
  it("carries one exchange after the other (1)", async () => {
    let count = 0;
    await connectTo(answering(() => `HTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\n${++count}`));
    for (const expected of ["1", "2", "3"]) {
      expect(await ask()).toBe(expected);
      expect(release()).toBe(true);
    }
    expect(app.connections).toHaveLength(1);
  });

  it("gives status, reason and fields of the head", async () => {
    await connectTo(answering("HTTP/1.1 404 Gone Fishing\r\nX-A: 1\r\nx-a: 2\r\ncontent-length: 0\r\n\r\n"));
    expect(await connection.exchange("GET", request())).toMatchObject({
      status: 404,
      reason: "Gone Fishing",
      headers: [
        ["X-A", "1"],
        ["x-a", "2"],
        ["content-length", "0"],
      ],
    });
  });

  it("notices while it is idle that the peer closes it (2)", async () => {
    await connectTo(answering(OK));
    await ask();
    expect(release()).toBe(true);
    expect(connection.isUsable).toBe(true);
    app.connections[0]?.socket.end();
    await eventually(() => !connection.isUsable);
  });

  it("notices while it is idle that the peer resets it (2)", async () => {
    await connectTo(answering(OK));
    await ask();
    release();
    app.connections[0]?.socket.resetAndDestroy();
    await eventually(() => !connection.isUsable);
  });

  it("is useless after anything arrives while it is idle (3)", async () => {
    await connectTo(answering(OK));
    await ask();
    expect(release()).toBe(true);
    app.connections[0]?.socket.write("HTTP/1.1 408 Request Timeout\r\ncontent-length: 0\r\n\r\n");
    await eventually(() => !connection.isUsable);
  });

  it("is useless when more arrived than the response (3)", async () => {
    await connectTo(answering(`${OK}HTTP/1.1 200 OK\r\n`));
    expect(await ask()).toBe("ok");
    expect(release()).toBe(false);
    expect(connection.isUsable).toBe(false);
  });

  it.each([
    ["the response says close", "HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 2\r\n\r\nok"],
    ["it is of HTTP/1.0", "HTTP/1.0 200 OK\r\ncontent-length: 2\r\n\r\nok"],
  ])("is not kept when %s", async (_, response) => {
    await connectTo(answering(response));
    expect(await ask()).toBe("ok");
    expect(release()).toBe(false);
  });

  it("reads a body that ends with the connection, and is not kept", async () => {
    await connectTo(async ({ readRequest, socket }) => {
      await readRequest();
      socket.end("HTTP/1.1 200 OK\r\n\r\nuntil the end");
    });
    expect(await ask()).toBe("until the end");
    expect(release()).toBe(false);
  });

  it("is not kept when the response came before the request was written whole (6)", async () => {
    await connectTo(async ({ readHead, socket }) => {
      await readHead();
      // The body stays in the kernel: what follows it on this connection would wait behind it.
      socket.pause();
      socket.write("HTTP/1.1 413 Too Large\r\ncontent-length: 2\r\n\r\nno");
    });
    const body = "x".repeat(32 * 1024 * 1024);
    expect(await ask("POST", body)).toBe("no");
    expect(release()).toBe(false);
  });

  it("tells whether anything of the response arrived (4)", async () => {
    let answer = "";
    await connectTo(async ({ readRequest, socket }) => {
      await readRequest();
      socket.end(answer);
    });
    await expect(ask()).rejects.toMatchObject({ fault: "closed" });
    expect(connection.sawBytes).toBe(false);

    await app.close();
    answer = "H";
    await connectTo(async ({ readRequest, socket }) => {
      await readRequest();
      socket.end(answer);
    });
    await expect(ask()).rejects.toMatchObject({ fault: "truncated" });
    expect(connection.sawBytes).toBe(true);
  });

  it("does not take its own closing for the end of a body (5)", async () => {
    await connectTo(async ({ readRequest, socket }) => {
      await readRequest();
      socket.write("HTTP/1.1 200 OK\r\n\r\n");
    });
    await connection.exchange("GET", request());
    const read = connection.readBody().catch((error: unknown) => error);
    connection.close();
    expect(await read).toMatchObject({ fault: "truncated" });
  });

  it("skips interim responses", async () => {
    await connectTo(
      answering(`HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n${OK}`),
    );
    expect(await ask()).toBe("ok");
    expect(release()).toBe(true);
  });
});

describe("readWhole", () => {
  it("joins the pieces of a body", async () => {
    const chunk = "x".repeat(50_000);
    await connectTo(async ({ readRequest, socket }) => {
      await readRequest();
      socket.write("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n");
      for (let i = 0; i < 10; i++) {
        socket.write(`${chunk.length.toString(16)}\r\n${chunk}\r\n`);
        await turns(1);
      }
      socket.write("0\r\ntrailer: x\r\n\r\n");
    });
    expect((await ask()).length).toBe(500_000);
    expect(release()).toBe(true);
  });

  it("throws as soon as the body is longer than the limit", async () => {
    await connectTo(async ({ readRequest, socket }) => {
      await readRequest();
      socket.write("HTTP/1.1 200 OK\r\ncontent-length: 1000000\r\n\r\n12345678901");
    });
    await connection.exchange("GET", request());
    await expect(
      readWhole(
        () => connection.readBody(),
        10,
        () => new Error("too large"),
      ),
    ).rejects.toThrow("too large");
  });

  it("takes a body of exactly the limit", async () => {
    await connectTo(answering("HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\n1234567890"));
    await connection.exchange("GET", request());
    expect(
      (
        await readWhole(
          () => connection.readBody(),
          10,
          () => new Error("too large"),
        )
      ).length,
    ).toBe(10);
  });
});
