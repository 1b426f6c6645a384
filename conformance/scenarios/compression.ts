/** AWS_LWA_ENABLE_COMPRESSION. */
import { gzipSync } from "node:zlib";
import type { Scenario, Topic, Verdict } from "../harness/scenario.ts";
import { alb, albMulti, functionUrl, httpApi2, invoke, rest } from "./events.ts";
import type { Event } from "./events.ts";

const env = { AWS_LWA_ENABLE_COMPRESSION: "true" };
const text = ["content-type", "text/plain"] as const;
const page = "<html><body>An answer long enough that it gains by compression</body></html>";
const html = ["content-type", "text/html"] as const;
const accepting = (value: string): Event => functionUrl({ headers: [["accept-encoding", value]] });

/** What a client sends, and what it gets. */
const choices: readonly (readonly [accept: string, coding: string | null])[] = [
  ["gzip", "gzip"],
  ["x-gzip", "gzip"],
  ["br", "br"],
  ["gzip, br", "br"],
  ["br;q=0.5, gzip", "gzip"],
  ["gzip;q=0, br;q=0", null],
  ["GZIP", "gzip"],
  ["deflate", null],
  ["zstd", null],
  ["*", null],
  ["identity", null],
  ["gzip;q=high, br;q=0.1", "br"],
];

const ofChoices = choices.map(([accept, coding]): Scenario => ({
  name: `accept-encoding: ${accept} gives ${coding ?? "no compression"}`,
  env,
  invoke: invoke(accepting(accept)),
  app: { headers: [html], body: page },
  expect: {
    answer:
      coding === null
        ? { has: { body: page, isBase64Encoded: false }, lacks: ["headers.content-encoding"] }
        : { has: { headers: { "content-encoding": coding }, isBase64Encoded: true }, inflated: page },
  },
}));

const ofDoors: readonly Scenario[] = (
  [
    ["HTTP API 2.0", httpApi2, "headers"],
    ["REST API", rest, "multiValueHeaders"],
    ["ALB", alb, "headers"],
    ["ALB, multi-value headers", albMulti, "multiValueHeaders"],
  ] as const
).map(([door, event, map]) => ({
  name: `${door}: an answer is compressed`,
  ...(door === "ALB" && { pins: [12, 48] }),
  env,
  invoke: invoke(event({ headers: [["accept-encoding", "gzip"]] })),
  app: { headers: [html], body: page },
  expect: {
    answer: {
      has: { [map]: { "content-encoding": map === "headers" ? "gzip" : ["gzip"] }, isBase64Encoded: true },
      inflated: page,
    },
  },
}));

const plain = (type: string): { has: { headers: { "content-type": string } }; lacks: string[] } => ({
  has: { headers: { "content-type": type } },
  lacks: ["headers.content-encoding"],
});

const compressedAgain = (why: string): Verdict => ({
  is: "fault",
  why,
  sees: { answer: { has: { headers: { "content-encoding": "gzip" } } } },
});

const skipped: readonly Scenario[] = [
  ...["image/png", "text/event-stream", "application/grpc"].map((type): Scenario => ({
    name: `${type} is not compressed`,
    env,
    invoke: invoke(accepting("gzip")),
    app: { headers: [["content-type", type]], body: page },
    expect: { answer: plain(type) },
  })),
  ...[
    "application/zip",
    "video/mp4",
    "application/wasm",
    "application/pdf",
    "font/woff2",
    "application/octet-stream",
  ].map((type): Scenario => ({
    name: `${type} is not compressed`,
    faults: ["B25"],
    ...(type === "application/octet-stream" && { pins: [13] }),
    env,
    invoke: invoke(accepting("gzip")),
    app: { headers: [["content-type", type]], body: page },
    expect: { answer: plain(type) },
    lwa: compressedAgain(
      "What is compressed already is compressed once more, which costs time and gains nothing",
    ),
  })),
  {
    name: "image/svg+xml is compressed",
    env,
    invoke: invoke(accepting("gzip")),
    app: { headers: [["content-type", "image/svg+xml"]], body: page },
    expect: { answer: { has: { headers: { "content-encoding": "gzip" } }, inflated: page } },
  },
  {
    name: "an app's own compression stays",
    pins: [14],
    env,
    invoke: invoke(accepting("gzip")),
    app: { headers: [text, ["content-encoding", "gzip"]], body: gzipSync(page) },
    expect: { answer: { has: { headers: { "content-encoding": "gzip" } }, inflated: page } },
  },
  {
    name: "a part of a file is not compressed",
    env,
    invoke: invoke(accepting("gzip")),
    app: { status: 206, headers: [text, ["content-range", "bytes 0-74/200"]], body: page },
    expect: { answer: { has: { statusCode: 206, body: page } } },
  },
  {
    name: "31 bytes are not compressed",
    env,
    invoke: invoke(accepting("gzip")),
    app: { headers: [text], body: "x".repeat(31) },
    expect: { answer: { has: { body: "x".repeat(31) }, lacks: ["headers.content-encoding"] } },
  },
  {
    name: "32 bytes are compressed",
    env,
    invoke: invoke(accepting("gzip")),
    app: { headers: [text], body: "x".repeat(32) },
    expect: { answer: { has: { headers: { "content-encoding": "gzip" } }, inflated: "x".repeat(32) } },
  },
  {
    name: "three bytes in chunks are not compressed",
    faults: ["B25"],
    env,
    invoke: invoke(accepting("gzip")),
    app: { headers: [text], chunks: ["abc"] },
    expect: { answer: { has: { body: "abc" }, lacks: ["headers.content-encoding"] } },
    lwa: compressedAgain("Whatever comes in chunks is compressed, however small"),
  },
  {
    name: "no-transform is obeyed",
    faults: ["B25"],
    env,
    invoke: invoke(accepting("gzip")),
    app: { headers: [html, ["cache-control", "public, no-transform"]], body: page },
    expect: { answer: { has: { body: page }, lacks: ["headers.content-encoding"] } },
    lwa: compressedAgain("It is not read"),
  },
  {
    name: "a strong etag becomes a weak one",
    faults: ["B25"],
    env,
    invoke: invoke(accepting("gzip")),
    app: { headers: [html, ["etag", '"v1"']], body: page },
    expect: { answer: { has: { headers: { etag: 'W/"v1"' } } } },
    lwa: {
      is: "fault",
      why: "The same strong validator for other bytes: a resumed download is put together of both",
      sees: { answer: { has: { headers: { etag: '"v1"', "content-encoding": "gzip" } } } },
    },
  },
  {
    name: "accept-ranges goes, because the ranges would be others",
    env,
    invoke: invoke(accepting("gzip")),
    app: { headers: [html, ["accept-ranges", "bytes"]], body: page },
    expect: {
      answer: {
        has: { headers: { "content-encoding": "gzip" } },
        lacks: ["headers.accept-ranges", "headers.content-length"],
      },
    },
  },
  {
    name: "vary names accept-encoding",
    env,
    invoke: invoke(accepting("gzip")),
    app: { headers: [html], body: page },
    expect: { answer: { has: { headers: { vary: "accept-encoding" } } } },
  },
  {
    name: "vary names accept-encoding also when this client accepts nothing",
    env,
    invoke: invoke(functionUrl()),
    app: { headers: [html], body: page },
    expect: { answer: { has: { headers: { vary: "accept-encoding" }, body: page } } },
  },
  {
    name: "the app's vary stays beside accept-encoding",
    faults: ["B11"],
    env,
    invoke: invoke(accepting("gzip")),
    app: { headers: [html, ["vary", "cookie"]], body: page },
    expect: { answer: { has: { headers: { vary: "cookie, accept-encoding" } } } },
    lwa: {
      is: "fault",
      why: "Only the app's is left: a cache gives the compressed page to clients that cannot read it",
      sees: { answer: { has: { headers: { vary: "cookie" } } } },
    },
  },
  {
    name: "a response to HEAD is not compressed",
    env,
    invoke: invoke(functionUrl({ method: "HEAD", headers: [["accept-encoding", "gzip"]] })),
    app: { raw: "HTTP/1.1 200 OK\r\ncontent-type: text/html\r\ncontent-length: 812\r\n\r\n" },
    expect: { answer: { has: { body: "", isBase64Encoded: false }, lacks: ["headers.content-encoding"] } },
  },
  {
    name: "without the variable nothing is compressed",
    invoke: invoke(accepting("gzip")),
    app: { headers: [html], body: page },
    expect: { answer: { has: { body: page }, lacks: ["headers.content-encoding", "headers.vary"] } },
  },
  {
    name: "a message's answer is not compressed",
    env,
    invoke: invoke('{"Records":[{"eventSource":"aws:sqs"}]}'),
    app: { headers: [["content-type", "application/json"]], body: JSON.stringify({ page }) },
    expect: { answer: { bytes: JSON.stringify({ page }) } },
  },
  {
    name: "AWS_LWA_ENABLE_COMPRESSION=TRUE in capitals compresses",
    faults: ["B34"],
    env: { AWS_LWA_ENABLE_COMPRESSION: "TRUE" },
    invoke: invoke(accepting("gzip")),
    app: { headers: [html], body: page },
    expect: { answer: { has: { headers: { "content-encoding": "gzip" } }, inflated: page } },
    lwa: {
      is: "fault",
      why: "Whatever is not `true` is false, without a word",
      sees: { answer: { has: { body: page } } },
    },
  },
  {
    name: "streamed answers are compressed too",
    pins: [47],
    env: { ...env, AWS_LWA_INVOKE_MODE: "response_stream" },
    invoke: invoke(accepting("gzip")),
    app: { headers: [html], chunks: [page] },
    expect: { stream: { has: { headers: { "content-encoding": "gzip" } }, trailers: null } },
    lwa: {
      is: "different",
      named: "compression",
      why: "Compression is switched off when answers are streamed",
      sees: { stream: { body: page } },
    },
  },
];

export const compressionTopic: Topic = {
  title: "Compression",
  scenarios: [...ofChoices, ...ofDoors, ...skipped],
};
