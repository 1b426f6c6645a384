import { once } from "node:events";
import { createServer } from "node:http";
import type { IncomingMessage } from "node:http";
import { connect } from "node:net";
import type { AddressInfo } from "node:net";
import * as fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { nodeCodec } from "../node/codec.ts";
import { appResponse } from "./front-doors/testing/generators.ts";
import { bytesOf, grouped, joinBytes, textOf } from "./front-doors/testing/subject.ts";
import { endToEnd } from "./fields.ts";
import type { HeaderField, HeaderList } from "./message.ts";
import {
  MAX_PRELUDE_BYTES,
  PRELUDE_DELIMITER_BYTES,
  PreludeReader,
  errorTrailers,
  writeChunk,
  writeLastChunk,
  writePrelude,
} from "./streaming.ts";
import type { Prelude, PreludeShape } from "./streaming.ts";

const delimiter = new Uint8Array(PRELUDE_DELIMITER_BYTES);

function preludeOf(status: number, headers: HeaderList, shape: PreludeShape): unknown {
  const bytes = writePrelude(status, headers, shape, nodeCodec);
  expect(bytes.subarray(-PRELUDE_DELIMITER_BYTES)).toEqual(delimiter);
  return JSON.parse(textOf(bytes.subarray(0, -PRELUDE_DELIMITER_BYTES)));
}

type Outcome = { prelude: Prelude; body: Uint8Array } | "malformed" | undefined;

/** Feeds a reader until it has decided; the body is what it gave and all that was not fed any more. */
function readAll(pieces: readonly Uint8Array[]): Outcome {
  const reader = new PreludeReader(nodeCodec);
  for (const [index, piece] of pieces.entries()) {
    const outcome = reader.read(piece);
    if (outcome === "malformed") return outcome;
    if (outcome !== undefined)
      return { prelude: outcome.prelude, body: joinBytes([outcome.body, ...pieces.slice(index + 1)]) };
  }
  return undefined;
}

function splitAt(bytes: Uint8Array, cuts: readonly number[]): Uint8Array[] {
  const at = cuts.map((cut) => cut % (bytes.length + 1)).sort((a, b) => a - b);
  return [0, ...at].map((from, index) => bytes.subarray(from, at[index] ?? bytes.length));
}

const fedWith = (prelude: string, body = "") => joinBytes([bytesOf(prelude), delimiter, bytesOf(body)]);

describe("writePrelude", () => {
  const fields: HeaderField[] = [
    ["Content-Type", "text/plain"],
    ["X-M", "1"],
    ["Set-Cookie", "a=1"],
    ["x-m", "2"],
    ["set-cookie", "b=2"],
  ];

  it("S1: writes JSON and eight NUL bytes", () => {
    const bytes = writePrelude(200, [["content-type", "text/plain"]], "joined", nodeCodec);
    expect(textOf(bytes)).toBe(
      `{"statusCode":200,"headers":{"content-type":"text/plain"},"cookies":[]}${"\0".repeat(8)}`,
    );
  });

  it("S2: leaves content-length and hop-by-hop fields out", () => {
    const framing: HeaderField[] = [
      ["Content-Length", "5"],
      ["Transfer-Encoding", "chunked"],
      ["Connection", "close"],
      ["content-type", "a/b"],
    ];
    expect(preludeOf(200, framing, "joined")).toMatchObject({ headers: { "content-type": "a/b" } });
    expect(preludeOf(200, framing, "lists")).toMatchObject({
      multiValueHeaders: { "content-type": ["a/b"] },
    });
  });

  it("joins repeated fields and gives cookies a list (B14)", () => {
    expect(preludeOf(200, fields, "joined")).toEqual({
      statusCode: 200,
      headers: { "content-type": "text/plain", "x-m": "1, 2" },
      cookies: ["a=1", "b=2"],
    });
  });

  it("S6: gives REST lists in multiValueHeaders, and no transfer-encoding", () => {
    expect(preludeOf(200, [...fields, ["Transfer-Encoding", "chunked"]], "lists")).toEqual({
      statusCode: 200,
      multiValueHeaders: { "content-type": ["text/plain"], "x-m": ["1", "2"], "set-cookie": ["a=1", "b=2"] },
    });
  });

  it("names a type for the app that named none, but not where no body can be", () => {
    expect(preludeOf(200, [], "joined")).toMatchObject({
      headers: { "content-type": "application/octet-stream" },
    });
    for (const status of [204, 304]) expect(preludeOf(status, [], "joined")).toMatchObject({ headers: {} });
  });

  it("never holds a NUL before its delimiter", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (value) => {
        const bytes = writePrelude(200, [["x-a", `\0${value}`]], "joined", nodeCodec);
        expect(bytes.indexOf(0)).toBe(bytes.length - PRELUDE_DELIMITER_BYTES);
      }),
    );
  });
});

describe("writePrelude and PreludeReader", () => {
  const byName = (headers: HeaderList) =>
    grouped(headers.map(([name, value]) => [name.toLowerCase(), value]));

  it.each(["joined", "lists"] as const)("go there and back in the shape %s, however split (1)", (shape) => {
    const cuts = fc.array(fc.nat(2000), { maxLength: 6 });
    fc.assert(
      fc.property(appResponse, cuts, ({ status, headers, body }, cuts) => {
        const bytes = joinBytes([writePrelude(status, headers, shape, nodeCodec), body]);
        const outcome = readAll(splitAt(bytes, cuts));
        if (outcome === undefined || outcome === "malformed") throw new Error(String(outcome));
        expect(outcome.prelude.status).toBe(status);
        expect(outcome.body).toEqual(Uint8Array.from(body));
        const expected = byName(endToEnd(headers));
        if (!expected.has("content-type") && status !== 204 && status !== 304)
          expected.set("content-type", ["application/octet-stream"]);
        if (shape === "joined")
          for (const [name, values] of expected)
            if (name !== "set-cookie") expected.set(name, [values.join(", ")]);
        expect(byName(outcome.prelude.headers)).toEqual(expected);
      }),
      { numRuns: 400 },
    );
  });
});

describe("PreludeReader", () => {
  it("S3: finds a delimiter that comes in two pieces, and keeps the body whole (1)", () => {
    const bytes = fedWith('{"statusCode":201}', "\0\0body");
    const outcome = readAll([bytes.subarray(0, 21), bytes.subarray(21, 26), bytes.subarray(26)]);
    expect(outcome).toEqual({ prelude: { status: 201, headers: [] }, body: bytesOf("\0\0body") });
  });

  it("gives nothing out before the whole delimiter has come (2)", () => {
    const bytes = fedWith("{}", "x");
    const reader = new PreludeReader(nodeCodec);
    for (const byte of bytes.subarray(0, -2)) expect(reader.read(Uint8Array.of(byte))).toBeUndefined();
    expect(reader.read(bytes.subarray(-2))).toMatchObject({ prelude: { status: 200 }, body: bytesOf("x") });
  });

  it("S5: finds no delimiter that ends behind the first 16 KB (3)", () => {
    const longest =
      `{"headers":{"a":"${"x".repeat(MAX_PRELUDE_BYTES)}`.slice(0, MAX_PRELUDE_BYTES - 11) + '"}}';
    const fits = fedWith(longest, "x".repeat(100_000));
    expect(fits.indexOf(0) + PRELUDE_DELIMITER_BYTES).toBe(MAX_PRELUDE_BYTES);
    const tooLong = fedWith(` ${longest}`);
    for (const cuts of [[], [MAX_PRELUDE_BYTES], [MAX_PRELUDE_BYTES - 4], [9, 99, 999, 9999]]) {
      expect(readAll(splitAt(fits, cuts))).toMatchObject({ prelude: { status: 200 } });
      expect(readAll(splitAt(tooLong, cuts))).toBe("malformed");
      expect(readAll(splitAt(bytesOf("x".repeat(MAX_PRELUDE_BYTES + 1)), cuts))).toBe("malformed");
    }
    expect(readAll([bytesOf("x".repeat(MAX_PRELUDE_BYTES))])).toBeUndefined();
  });

  it.each([
    ["a NUL that is not eight", "{}\0\0\0\0\0\0\0x"],
    ["text", `hello${"\0".repeat(8)}`],
    ["nothing", "\0".repeat(8)],
    ["a list", `[]${"\0".repeat(8)}`],
    ["null", `null${"\0".repeat(8)}`],
    ["status 0", `{"statusCode":0}${"\0".repeat(8)}`],
    ["an interim status (U9)", `{"statusCode":103}${"\0".repeat(8)}`],
    ["a status above 599 (U9)", `{"statusCode":600}${"\0".repeat(8)}`],
    ["a status in words", `{"statusCode":"OK"}${"\0".repeat(8)}`],
  ])("calls %s malformed", (_, text) => {
    expect(readAll([bytesOf(text)])).toBe("malformed");
    expect(readAll([...bytesOf(text)].map((byte) => Uint8Array.of(byte)))).toBe("malformed");
  });

  it("takes an object without keys for 200, and ignores status (7.3)", () => {
    expect(readAll([fedWith("{}")])).toMatchObject({ prelude: { status: 200, headers: [] } });
    expect(readAll([fedWith('{"status":404}')])).toMatchObject({ prelude: { status: 200 } });
  });

  it("gives only fields that can be sent on, whatever the maps hold", () => {
    const prelude = {
      statusCode: 200,
      headers: { a: "1", b: ["2", 3], c: { toString: 1 }, d: "\r\ne: f", "g h": "1", "content-length": "7" },
      multiValueHeaders: { A: ["4"], i: "5" },
      cookies: ["j=1", {}, null],
    };
    expect(readAll([fedWith(JSON.stringify(prelude))])).toMatchObject({
      prelude: {
        headers: [
          ["a", "1"],
          ["b", "2"],
          ["b", "3"],
          ["A", "4"],
          ["i", "5"],
          ["set-cookie", "j=1"],
          // 7.3, D64: not left out, renamed.
          ["x-amzn-Remapped-content-length", "7"],
        ],
      },
    });
  });

  it("decides the same for any bytes, however they are split, and throws for none (1)", () => {
    const odd = fc.oneof(
      fc.uint8Array({ maxLength: 40 }),
      fc
        .array(fc.constantFrom("{}", "\0", "\0".repeat(8), '{"headers":', '{"a":1}', "}", "x", "\ufeff"), {
          maxLength: 8,
        })
        .map((parts) => bytesOf(parts.join(""))),
      fc
        .jsonValue()
        .map((value) =>
          fedWith(JSON.stringify({ headers: value, multiValueHeaders: value, cookies: value })),
        ),
      fc.jsonValue().map((value) => fedWith(JSON.stringify({ statusCode: value }))),
    );
    fc.assert(
      fc.property(odd, fc.array(fc.nat(100), { maxLength: 6 }), (bytes, cuts) => {
        expect(readAll(splitAt(bytes, cuts))).toEqual(readAll([bytes]));
      }),
      { numRuns: 500 },
    );
  });
});

describe("writeChunk and writeLastChunk, read by Node", () => {
  const server = createServer();
  beforeAll(async () => {
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
  });
  afterAll(() => void server.close());

  /** Sends a streamed answer as the adapter does, and gives what Node's HTTP server made of it. */
  async function sent(
    chunks: readonly Uint8Array[],
    failure?: { type: string; document: Uint8Array },
  ): Promise<{ body: Uint8Array; trailers: NodeJS.Dict<string> }> {
    const socket = connect((server.address() as AddressInfo).port, "127.0.0.1");
    const arrived = once(server, "request") as Promise<[IncomingMessage]>;
    socket.write(
      `POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\ntrailer: ${errorTrailers.type}\r\n\r\n`,
    );
    for (const piece of chunks.flatMap((chunk) => writeChunk(chunk, nodeCodec))) socket.write(piece);
    socket.write(writeLastChunk(failure, nodeCodec));
    const [request] = await arrived;
    const pieces: Uint8Array[] = [];
    for await (const piece of request) pieces.push(piece as Uint8Array);
    socket.destroy();
    return { body: joinBytes(pieces), trailers: request.trailers };
  }

  it("bring any chunks to the other side, empty ones among them", async () => {
    const chunk = fc.uint8Array({ maxLength: 40 });
    await fc.assert(
      fc.asyncProperty(fc.array(chunk, { maxLength: 6 }), async (chunks) => {
        expect(await sent(chunks)).toEqual({ body: joinBytes(chunks), trailers: {} });
      }),
      { numRuns: 40 },
    );
    const large = new Uint8Array(70_000).fill(0x61);
    expect((await sent([large])).body).toHaveLength(70_000);
  });

  it("bring a failure as trailers, its document as base64", async () => {
    const any = fc.string({ unit: "binary", maxLength: 30 });
    await fc.assert(
      fc.asyncProperty(any, any, async (type, text) => {
        const { body, trailers } = await sent([bytesOf("x")], { type, document: bytesOf(text) });
        expect(textOf(body)).toBe("x");
        const document = trailers[errorTrailers.body.toLowerCase()] ?? "?";
        expect(Uint8Array.from(Buffer.from(document, "base64"))).toEqual(bytesOf(text));
        const sentType = trailers[errorTrailers.type.toLowerCase()];
        expect(sentType).toBe(type.replace(/[^\x21-\x7e]+/g, " ").trim());
      }),
      { numRuns: 40 },
    );
    const { trailers } = await sent([], { type: "Adapter.AppClosedConnection", document: bytesOf("{}") });
    expect(trailers).toEqual({
      "lambda-runtime-function-error-type": "Adapter.AppClosedConnection",
      "lambda-runtime-function-error-body": "e30=",
    });
  });
});
