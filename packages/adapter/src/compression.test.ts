import type { HeaderField, HttpResponse } from "@anylambda/wire";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { nodePlatform } from "../platforms/node/platform.ts";
import { lineOf } from "../testing/adapter.ts";
import { decompressed, decompressedWhole } from "../testing/decompress.ts";
import { functionUrlEvent, sqsEvent } from "../testing/events.ts";
import {
  answer,
  isCheck,
  startFunction,
  startFunctionOver,
  stopFunctionsAfterEach,
} from "../testing/function.ts";
import { OK } from "../testing/raw-app.ts";
import { eventually, gate } from "../testing/wait.ts";
import type { AppResponse } from "./app-client.ts";
import { chooseCoding, compressStream, compressWhole, isCompressible } from "./compression.ts";
import type { ContentCoding } from "./platform.ts";

stopFunctionsAfterEach();

describe("chooseCoding", () => {
  it.each<[string, ContentCoding | undefined]>([
    ["", undefined],
    ["gzip", "gzip"],
    ["br", "br"],
    ["x-gzip", "gzip"],
    ["GZIP", "gzip"],
    ["X-Gzip;Q=1", "gzip"],
    ["gzip, br", "br"],
    ["br, gzip", "br"],
    ["gzip, deflate, br, zstd", "br"],
    ["gzip;q=0.5, br;q=0.5", "br"],
    ["br;q=0.5, gzip;q=0.6", "gzip"],
    ["gzip;q=0.6,br;q=0.5", "gzip"],
    ["gzip;q=0.001", "gzip"],
    ["gzip;q=0", undefined],
    ["gzip;q=0.000", undefined],
    ["br;q=0, gzip", "gzip"],
    ["br;q=0., gzip;q=0.1", "gzip"],
    ["gzip;q=1., br;q=0.9", "gzip"],
    ["gzip ; q=1.000 , br;q=0.999", "gzip"],
    ["gzip;\tq=0.7", "gzip"],
    // Neither says that it can read what we have.
    ["*", undefined],
    ["*;q=1, identity", undefined],
    ["*, gzip;q=0.1", "gzip"],
    ["identity", undefined],
    ["deflate, zstd, compress", undefined],
    ["gzipped, broken, br2", undefined],
    // Malformed weights: the item is ignored, the others count.
    ["gzip;q=2", undefined],
    ["gzip;q=1.001", undefined],
    ["gzip;q=0.1234", undefined],
    ["gzip;q=-1", undefined],
    ["gzip;q=.5", undefined],
    ["gzip;q=1e0", undefined],
    ["gzip;q=", undefined],
    ["gzip;q", undefined],
    ["gzip;", undefined],
    ["gzip;q = 0.5", undefined],
    ["gzip;level=9", undefined],
    ["gzip;q=0.5;q=1", undefined],
    ["br;q=high, gzip;q=0.2", "gzip"],
    [", ,gzip,", "gzip"],
    [";q=1, gzip", "gzip"],
    ["gzip, gzip;q=0", "gzip"],
  ])("of %j is %s", (accept, coding) => {
    expect(chooseCoding(accept)).toBe(coding);
  });

  it("chooses what is named with a weight above 0, or nothing, from any text", () => {
    const item = fc.oneof(
      fc.string(),
      fc.constantFrom("gzip", "br", "x-gzip", "*", "identity", ";q=", "0.5", "1", "0", ";", ",", " "),
    );
    fc.assert(
      fc.property(fc.array(item), (items) => {
        const text = items.join("");
        const coding = chooseCoding(text);
        if (coding !== undefined) expect(text.toLowerCase()).toContain(coding);
      }),
    );
  });
});

const long = 1000;

describe("isCompressible", () => {
  it.each([
    undefined,
    "text/html; charset=utf-8",
    "Text/CSS",
    "application/json",
    "application/javascript",
    "image/svg+xml",
    "image/svg+xml; charset=utf-8",
    "IMAGE/SVG+XML",
    "application/xml",
    "application/vnd.api+json",
    "application/octet-stream-not",
    "application/pdfx",
    "font/ttf",
    "",
  ])("holds for %j", (type) => {
    expect(isCompressible(200, type === undefined ? [] : [["Content-Type", type]], long)).toBe(true);
  });

  it.each([
    "image/png",
    "image/svg",
    "IMAGE/JPEG",
    "audio/mpeg",
    "video/mp4",
    "font/woff",
    "font/woff2",
    "multipart/form-data; boundary=x",
    "text/event-stream",
    "text/event-stream; charset=utf-8",
    "application/grpc",
    "application/grpc-web+proto",
    "application/octet-stream",
    "Application/Octet-Stream; x=y",
    "application/zip",
    "application/gzip",
    "application/x-gzip",
    "application/x-7z-compressed",
    "application/x-rar-compressed",
    "application/vnd.rar",
    "application/x-bzip",
    "application/x-bzip2",
    "application/x-xz",
    "application/zstd",
    "application/x-zstd",
    "application/brotli",
    "application/pdf",
    "application/wasm",
    "application/epub+zip",
    "application/java-archive",
    "application/font-woff",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
  ])("does not hold for %s, which gains nothing or must come as it is (B25)", (type) => {
    expect(isCompressible(200, [["content-type", type]], long)).toBe(false);
  });

  it.each([
    [204, true],
    [206, true],
    [304, true],
    [200, false],
    [404, false],
    [500, false],
  ])("of the status %i is refused: %s", (status, refused) => {
    expect(isCompressible(status, [], long)).toBe(!refused);
  });

  it.each([
    [0, false],
    [31, false],
    [32, true],
    [undefined, true],
  ])("of %s bytes is %s", (bytes, expected) => {
    expect(isCompressible(200, [], bytes)).toBe(expected);
  });

  it.each<[string, string, boolean]>([
    ["Content-Encoding", "gzip", false],
    ["content-encoding", "br", false],
    ["content-encoding", "identity", true],
    ["content-encoding", " Identity ", true],
    ["content-encoding", "", true],
    ["content-encoding", "identity, gzip", false],
    ["content-encoding", "aws-chunked", false],
    ["content-range", "bytes 0-9/100", false],
    ["Content-Digest", "sha-256=:AAAA:", false],
    ["repr-digest", "sha-256=:AAAA:", false],
    ["digest", "sha-256=AAAA", false],
    ["content-md5", "AAAA", false],
    ["cache-control", "no-transform", false],
    ["Cache-Control", "public, No-Transform,max-age=1", false],
    ["cache-control", "public,no-transform", false],
    ["cache-control", "no-transformers", true],
    ["cache-control", "x-no-transform", true],
    ["cache-control", "no-store", true],
  ])("with %s: %s is %s", (name, value, expected) => {
    expect(isCompressible(200, [[name, value]], long)).toBe(expected);
  });

  it("looks at every line of a header that is repeated", () => {
    const twice = (name: string, first: string, second: string): HeaderField[] => [
      [name, first],
      [name, second],
    ];
    expect(isCompressible(200, twice("cache-control", "public", "no-transform"), long)).toBe(false);
    expect(isCompressible(200, twice("content-encoding", "identity", "gzip"), long)).toBe(false);
  });
});

const text = Buffer.from("All happy families are alike. ".repeat(10));

function responseOf(headers: HeaderField[], body: Uint8Array = text): HttpResponse {
  return { status: 200, reason: "OK", headers, body };
}

function whole(headers: HeaderField[], accept: string, body?: Uint8Array): Promise<HttpResponse> {
  return compressWhole(nodePlatform, responseOf(headers, body), accept);
}

describe("compressWhole", () => {
  it("replaces what speaks of the plain bytes, and keeps the rest in its order", async () => {
    const { status, reason, headers, body } = await whole(
      [
        ["Content-Type", "text/plain"],
        ["Content-Length", "300"],
        ["Accept-Ranges", "bytes"],
        ["ETag", '"v1"'],
        ["Content-Encoding", "identity"],
        ["Set-Cookie", "a=1"],
        ["Set-Cookie", "b=2"],
      ],
      "gzip",
    );
    expect([status, reason]).toEqual([200, "OK"]);
    expect(headers).toEqual([
      ["Content-Type", "text/plain"],
      ["ETag", 'W/"v1"'],
      ["Set-Cookie", "a=1"],
      ["Set-Cookie", "b=2"],
      ["vary", "accept-encoding"],
      ["content-encoding", "gzip"],
    ]);
    expect(decompressedWhole("gzip", body).equals(text)).toBe(true);
  });

  it("leaves a weak validator as it is", async () => {
    const { headers } = await whole([["etag", 'W/"v1"']], "br");
    expect(headers).toContainEqual(["etag", 'W/"v1"']);
  });

  it.each([
    [[], [["vary", "accept-encoding"]]],
    [
      [["Vary", "Origin"]],
      [
        ["Vary", "Origin"],
        ["vary", "accept-encoding"],
      ],
    ],
    [[["Vary", "Origin, Accept-Encoding"]], [["Vary", "Origin, Accept-Encoding"]]],
    [[["vary", "*"]], [["vary", "*"]]],
    [
      [
        ["vary", "origin"],
        ["Vary", "ACCEPT-ENCODING"],
      ],
      [
        ["vary", "origin"],
        ["Vary", "ACCEPT-ENCODING"],
      ],
    ],
    [
      [["vary", "x-accept-encoding"]],
      [
        ["vary", "x-accept-encoding"],
        ["vary", "accept-encoding"],
      ],
    ],
  ] as [HeaderField[], HeaderField[]][])(
    "makes of %j the vary %j, compressed or not",
    async (given, expected) => {
      const varied = ({ headers }: HttpResponse): HeaderField[] =>
        headers.filter(([name]) => name.toLowerCase() === "vary");
      expect(varied(await whole(given, "br"))).toEqual(expected);
      // A cache must know that another client gets other bytes.
      expect(varied(await whole(given, "identity"))).toEqual(expected);
    },
  );

  it("gives the very response back when it may not be compressed, without a vary", async () => {
    const response = responseOf([["content-type", "image/png"]]);
    expect(await compressWhole(nodePlatform, response, "gzip, br")).toBe(response);
  });

  it("gives the same body when the client takes no coding we have", async () => {
    const { body, headers } = await whole([["etag", '"v1"']], "zstd, *");
    expect(body).toBe(text);
    expect(headers).toContainEqual(["etag", '"v1"']);
  });

  it("comes back as the same bytes, whatever they are", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.uint8Array({ minLength: 32, maxLength: 5000 }),
        fc.constantFrom<ContentCoding>("gzip", "br"),
        async (bytes, coding) => {
          const { body } = await whole([], coding, bytes);
          expect(decompressedWhole(coding, body).equals(bytes)).toBe(true);
        },
      ),
      { numRuns: 100 },
    );
  });
});

function streamOf(
  headers: HeaderField[],
  pieces: readonly Uint8Array[],
): AppResponse & { readonly given: () => number } {
  let at = 0;
  return { status: 200, reason: "", headers, read: async () => pieces[at++], given: () => at };
}

async function readAll({ read }: AppResponse): Promise<Uint8Array[]> {
  const all: Uint8Array[] = [];
  for (let piece = await read(); piece !== undefined; piece = await read()) all.push(piece);
  return all;
}

describe("compressStream", () => {
  it("lets each piece be read before the next is asked for, and ends whole, whatever the split", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.uint8Array({ minLength: 1, maxLength: 500 }), { maxLength: 8 }),
        fc.constantFrom<ContentCoding>("gzip", "br"),
        async (pieces, coding) => {
          const source = streamOf([], pieces);
          const sent = compressStream(nodePlatform, source, coding);
          let output = Buffer.alloc(0);
          for (;;) {
            const piece = await sent.read();
            if (piece === undefined) break;
            expect(piece.length).toBeGreaterThan(0);
            output = Buffer.concat([output, piece]);
            const arrived = Buffer.concat(pieces.slice(0, source.given()));
            expect(decompressed(coding, output).equals(arrived)).toBe(true);
          }
          expect(decompressedWhole(coding, output).equals(Buffer.concat(pieces))).toBe(true);
          expect(await sent.read()).toBeUndefined();
        },
      ),
      { numRuns: 100 },
    );
  });

  it("has the headers of a whole one", () => {
    const headers: HeaderField[] = [
      ["content-type", "text/html"],
      ["content-length", "300"],
      ["etag", '"v1"'],
    ];
    expect(compressStream(nodePlatform, streamOf(headers, []), "gzip").headers).toEqual([
      ["content-type", "text/html"],
      ["etag", 'W/"v1"'],
      ["vary", "accept-encoding"],
      ["content-encoding", "gzip"],
    ]);
  });

  it.each<[string, HeaderField]>([
    ["too short to gain", ["Content-Length", "31"]],
    ["compressed already", ["content-encoding", "gzip"]],
    ["a stream of events", ["content-type", "text/event-stream"]],
    ["not to be transformed", ["cache-control", "no-transform"]],
  ])("gives the very response back when it is %s", (_, field) => {
    const response = streamOf([field], []);
    expect(compressStream(nodePlatform, response, "gzip")).toBe(response);
  });

  it("does not trust a length that is none", () => {
    const { headers } = compressStream(nodePlatform, streamOf([["content-length", "5, 5"]], []), "gzip");
    expect(headers).toContainEqual(["content-encoding", "gzip"]);
  });

  it("only adds the vary when the client takes no coding we have", async () => {
    const sent = compressStream(nodePlatform, streamOf([], [text]), "");
    expect(sent.headers).toEqual([["vary", "accept-encoding"]]);
    expect(await readAll(sent)).toEqual([text]);
  });

  it("throws what the app's stream throws", async () => {
    const failing = { ...streamOf([], []), read: () => Promise.reject(new Error("closed")) };
    await expect(compressStream(nodePlatform, failing, "br").read()).rejects.toThrow("closed");
  });
});

const on = { AWS_LWA_ENABLE_COMPRESSION: "true" };
const html = answer(200, text.toString(), ["content-type: text/html", 'etag: "v1"']);
const accepting = (method = "GET"): object =>
  functionUrlEvent({ method, headers: { "accept-encoding": "gzip, br" } });

describe("AWS_LWA_ENABLE_COMPRESSION", () => {
  it("compresses the answer to an HTTP event: LWA 11.1 (12) http_compress, B11", async () => {
    const fn = await startFunction(html.replace("etag", "vary: origin\r\netag"), on);
    const { headers, body, isBase64Encoded } = JSON.parse((await fn.api.invoke(accepting())).text) as {
      headers: Record<string, string>;
      body: string;
      isBase64Encoded: boolean;
    };
    expect(headers).toEqual({
      "content-type": "text/html",
      "content-encoding": "br",
      vary: "origin, accept-encoding",
      etag: 'W/"v1"',
    });
    expect(isBase64Encoded).toBe(true);
    expect(decompressedWhole("br", Buffer.from(body, "base64")).equals(text)).toBe(true);
  });

  it.each(["application/octet-stream", "image/png"])("leaves %s alone: LWA 11.1 (13)", async (type) => {
    const fn = await startFunction(answer(200, text.toString(), [`content-type: ${type}`]), on);
    expect(JSON.parse((await fn.api.invoke(accepting())).text)).toMatchObject({
      headers: { "content-type": type },
      body: text.toString(),
    });
  });

  it("leaves HEAD alone, whose length is the plain one's", async () => {
    const fn = await startFunction(
      'HTTP/1.1 200 OK\r\ncontent-type: text/html\r\netag: "v1"\r\ncontent-length: 300\r\n\r\n',
      on,
    );
    const { text: json } = await fn.api.invoke(accepting("HEAD"));
    expect(JSON.parse(json)).toMatchObject({ headers: { etag: '"v1"' }, body: "" });
    expect(json).not.toContain('encoding"');
  });

  it("leaves events alone that are not HTTP", async () => {
    const json = `{"a":"${"x".repeat(100)}"}`;
    const fn = await startFunction(answer(200, json, ["content-type: application/json"]), on);
    expect((await fn.api.invoke({ event: sqsEvent })).text).toBe(json);
  });

  it("off, changes nothing and adds no vary", async () => {
    const fn = await startFunction(html);
    expect(JSON.parse((await fn.api.invoke(accepting())).text)).toMatchObject({
      headers: { "content-type": "text/html", etag: '"v1"' },
      body: text.toString(),
    });
  });

  it("fails the invocation and not the environment when the machine cannot compress", async () => {
    const fn = await startFunction(html, on, {
      compress: () => Promise.reject(new Error("no memory")),
    });
    expect(await fn.api.invoke(accepting())).toMatchObject({
      kind: "error",
      errorType: "Adapter.InternalError",
    });
    expect(await lineOf(fn.adapter, /^ERROR/)).toContain("no memory");
    expect((await fn.api.invoke(functionUrlEvent())).kind).toBe("response");
  });

  it("compresses a stream, whose prelude says so", async () => {
    const go = gate();
    const fn = await startFunctionOver(
      async ({ readRequest, socket }) => {
        for (;;) {
          const request = await readRequest();
          if (request === undefined) return;
          if (isCheck(request)) {
            socket.write(OK);
            continue;
          }
          socket.write(
            "HTTP/1.1 200 X\r\ncontent-type: text/plain\r\ntransfer-encoding: chunked\r\n\r\n5\r\nfirst\r\n",
          );
          await go.opened;
          socket.write("6\r\nsecond\r\n0\r\n\r\n");
        }
      },
      { ...on, AWS_LWA_INVOKE_MODE: "response_stream" },
    );
    const outcome = fn.api.invoke(accepting());
    await eventually(() => fn.requests().length === 1);
    go.open();
    const [prelude = "", ...rest] = (await outcome).body.toString("latin1").split("\0".repeat(8));
    expect(JSON.parse(prelude)).toMatchObject({
      headers: { "content-type": "text/plain", "content-encoding": "br", vary: "accept-encoding" },
    });
    const body = Buffer.from(rest.join("\0".repeat(8)), "latin1");
    expect(decompressedWhole("br", body).toString()).toBe("firstsecond");
  });

  it("leaves a HEAD's stream alone", async () => {
    const fn = await startFunction(
      "HTTP/1.1 200 OK\r\ncontent-type: text/html\r\ncontent-length: 300\r\n\r\n",
      {
        ...on,
        AWS_LWA_INVOKE_MODE: "response_stream",
      },
    );
    const { body } = await fn.api.invoke(accepting("HEAD"));
    const [prelude = "", rest] = body.toString("latin1").split("\0".repeat(8));
    expect(prelude).not.toContain("content-encoding");
    expect(rest).toBe("");
  });
});
