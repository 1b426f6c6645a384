import { METHODS, createServer } from "node:http";
import type { Server } from "node:http";
import { connect } from "node:net";
import type { AddressInfo, Socket } from "node:net";
import * as fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { nodeCodec } from "../../node/codec.ts";
import type { HttpRequest } from "../message.ts";
import { Http1Error } from "./error.ts";
import { joinSmall, writeRequest } from "./request.ts";
import { ResponseReader } from "./response.ts";
import { fieldName, fieldText } from "./testing/responses.ts";

const empty = new Uint8Array(0);

function write(request: Partial<HttpRequest>): Uint8Array[] {
  return writeRequest({ method: "GET", target: "/", headers: [], body: empty, ...request }, nodeCodec);
}

function textOf(pieces: readonly Uint8Array[]): string {
  return Buffer.concat(pieces).toString("latin1");
}

function faultOf(request: Partial<HttpRequest>): string {
  try {
    write(request);
  } catch (error) {
    if (error instanceof Http1Error) return error.fault;
    throw error;
  }
  return "none";
}

/** What node's parser saw of one request. */
interface Seen {
  readonly method: string;
  readonly target: string;
  readonly headers: readonly (readonly string[])[];
  readonly body: Buffer;
}

describe("writeRequest, read by node's own server", () => {
  const seen: Seen[] = [];
  let server: Server;
  let socket: Socket;

  beforeAll(async () => {
    server = createServer({ keepAliveTimeout: 60_000, maxHeaderSize: 64 * 1024 }, (request, response) => {
      const body: Buffer[] = [];
      request.on("data", (bytes: Buffer) => body.push(bytes));
      request.on("end", () => {
        // Node gives field bytes as Latin-1 text.
        const raw = request.rawHeaders.map((text) => Buffer.from(text, "latin1").toString("utf8"));
        const headers = raw.flatMap((name, i) => (i % 2 === 0 ? [[name, raw[i + 1] ?? ""]] : []));
        seen.push({
          method: request.method ?? "",
          target: request.url ?? "",
          headers,
          body: Buffer.concat(body),
        });
        response.writeHead(204).end();
      });
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    socket = connect((server.address() as AddressInfo).port, "127.0.0.1").setNoDelay(true);
    await new Promise((resolve) => socket.once("connect", resolve));
  });

  afterAll(() => {
    socket.destroy();
    server.close();
  });

  /** Writes a request to the one connection and waits for its whole answer. */
  function send(method: string, pieces: readonly Uint8Array[]): Promise<number> {
    const reader = new ResponseReader(nodeCodec);
    reader.expect(method);
    return new Promise((resolve, reject) => {
      let status = 0;
      const onData = (bytes: Buffer) => {
        for (const event of reader.read(bytes)) {
          if (event.type === "head") status = event.status;
          if (event.type !== "end") continue;
          socket.off("data", onData);
          if (event.reusable) resolve(status);
          else reject(new Error(`Node ended the connection after ${status}`));
        }
      };
      socket.on("data", onData);
      for (const piece of pieces) socket.write(piece);
    });
  }

  const method = fc.constantFrom(...METHODS.filter((one) => one !== "CONNECT" && one !== "SOURCE"));
  const target = fc
    .string({
      unit: fc.integer({ min: 0x21, max: 0x7e }).map((code) => String.fromCharCode(code)),
      maxLength: 30,
    })
    .map((text) => `/${text}`);
  const special = new Set(["expect", "upgrade", "host", "keep-alive", "proxy-connection", "te", "trailer"]);
  const headers = fc.array(
    fc.tuple(
      fieldName.filter((name) => !special.has(name.toLowerCase())),
      fieldText,
    ),
    { maxLength: 8 },
  );
  const body = fc.oneof(
    { weight: 6, arbitrary: fc.uint8Array({ maxLength: 50 }) },
    {
      weight: 1,
      arbitrary: fc.integer({ min: 16_000, max: 40_000 }).map((size) => new Uint8Array(size).fill(7)),
    },
  );

  it("comes back equal, request after request on one connection", async () => {
    await fc.assert(
      fc.asyncProperty(method, target, headers, body, async (method, target, some, body) => {
        seen.length = 0;
        const headers = [["host", "shop.test"] as const, ...some];
        expect(await send(method, writeRequest({ method, target, headers, body }, nodeCodec))).toBe(204);
        expect(seen).toHaveLength(1);
        const [{ headers: arrived, ...rest }] = seen as [Seen];
        expect(rest).toEqual({ method, target, body: Buffer.from(body) });
        const framing = arrived.length > headers.length ? [["content-length", String(body.length)]] : [];
        expect(arrived).toEqual([...headers, ...framing]);
      }),
      { numRuns: 200 },
    );
  });
});

describe("writeRequest, what could smuggle", () => {
  const control = fc.constantFrom(...Array.from("\0\x01\b\n\v\f\r\x1b\x1f\x7f"));
  const any = fc.string({ unit: "binary", maxLength: 6 });
  const around = (bad: fc.Arbitrary<string>) =>
    fc.tuple(any, bad, any).map(([before, bad, after]) => before + bad + after);

  it("refuses a method, target or name that is none, and a value with a control character", () => {
    const notToken = around(
      fc.oneof(control, fc.constantFrom(...Array.from(' \t:(){}[]<>@,;/?="\\é\u0130\u017f'))),
    );
    const notTarget = around(fc.oneof(control, fc.constantFrom(" ", "\t", "é", "\u2028", "\u010a")));
    fc.assert(
      fc.property(notToken, notTarget, around(control), (token, target, value) => {
        expect(faultOf({ method: token })).toBe("bad-request");
        expect(faultOf({ target: `/${target}` })).toBe("bad-request");
        expect(faultOf({ headers: [[token, "v"]] })).toBe("bad-request");
        expect(faultOf({ headers: [["a", value]] })).toBe("bad-request");
      }),
      { numRuns: 500 },
    );
  });

  it.each([
    "content-length",
    "Content-Length",
    "transfer-encoding",
    "Transfer-Encoding",
    "TRANSFER-ENCODING",
  ])("refuses %s among the headers", (name) => {
    expect(
      faultOf({
        headers: [
          ["host", "a"],
          [name, "0"],
        ],
      }),
    ).toBe("bad-request");
  });

  it("refuses an empty method, target or name", () => {
    expect(faultOf({ method: "" })).toBe("bad-request");
    expect(faultOf({ target: "" })).toBe("bad-request");
    expect(faultOf({ headers: [["", "v"]] })).toBe("bad-request");
  });

  it("writes one head with one line a field, or nothing, for any text whatever", () => {
    // Characters whose low byte is CR or LF among them: an encoder that cuts would make line ends of them.
    const text = fc.string({
      unit: fc.oneof(fc.constantFrom(...Array.from("a:\r\n /\u010a\u010d\ud800")), any),
      maxLength: 5,
    });
    fc.assert(
      fc.property(text, text, fc.array(fc.tuple(text, text), { maxLength: 3 }), (method, target, headers) => {
        if (faultOf({ method, target, headers }) === "bad-request") return;
        const written = textOf(write({ method, target, headers }));
        const lines = written.split(/\r\n|\r|\n/);
        const framing = lines.filter((line) => line === "content-length: 0").length;
        expect(lines).toHaveLength(1 + headers.length + framing + 2);
        expect(lines.indexOf("")).toBe(lines.length - 2);
      }),
      { numRuns: 1000 },
    );
  });
});

describe("writeRequest, framing", () => {
  it.each(["GET", "HEAD", "OPTIONS", "DELETE", "TRACE"])(
    "says nothing of a body when %s has none",
    (method) => {
      expect(textOf(write({ method }))).toBe(`${method} / HTTP/1.1\r\n\r\n`);
    },
  );

  it.each(["POST", "PUT", "PATCH", "PROPFIND", "get"])("says length 0 when %s has no body", (method) => {
    expect(textOf(write({ method }))).toBe(`${method} / HTTP/1.1\r\ncontent-length: 0\r\n\r\n`);
  });

  it("says the length of any body", () => {
    const body = Buffer.from("hello");
    expect(textOf(write({ body, headers: [["a", "b"]] }))).toBe(
      "GET / HTTP/1.1\r\na: b\r\ncontent-length: 5\r\n\r\nhello",
    );
  });

  it("writes text outside ASCII as UTF-8", () => {
    expect(Buffer.concat(write({ headers: [["a", "é€\ud800"]] })).toString("utf8")).toContain(
      "a: é€\ufffd\r\n",
    );
  });

  it("gives a small body and its head as one piece", () => {
    expect(write({ body: new Uint8Array(10_000) })).toHaveLength(1);
  });

  it("gives a large body untouched", () => {
    const body = new Uint8Array(20_000);
    const pieces = write({ body });
    expect(pieces).toHaveLength(2);
    expect(pieces[1]).toBe(body);
  });
});

describe("joinSmall", () => {
  it("gives the same bytes in the same order, whatever the sizes", () => {
    const piece = fc.oneof(fc.uint8Array({ maxLength: 9 }), fc.constant(new Uint8Array(9000).fill(1)));
    fc.assert(
      fc.property(piece, fc.array(piece, { maxLength: 4 }), (head, rest) => {
        const pieces = joinSmall(head, rest);
        expect(Buffer.concat(pieces).equals(Buffer.concat([head, ...rest]))).toBe(true);
      }),
    );
  });

  it("gives the head itself when nothing follows", () => {
    const head = new Uint8Array(3);
    expect(joinSmall(head, [empty])[0]).toBe(head);
  });
});
