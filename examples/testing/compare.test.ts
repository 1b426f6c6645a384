import { Buffer } from "node:buffer";
import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { differences } from "./compare.ts";
import type { ExampleRequest } from "./requests.ts";
import { type Answer, exampleHost, send } from "./send.ts";

const servers: Server[] = [];
afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => new Promise((closed) => server.close(closed))));
});

async function serve(listener: RequestListener): Promise<string> {
  const server = createServer(listener);
  servers.push(server);
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
}

const get: ExampleRequest = { name: "GET", method: "GET", target: "/", headers: [] };

/** What the comparer finds between two servers asked the same. */
async function between(left: RequestListener, right: RequestListener, request = get): Promise<string[]> {
  const direct = await send(await serve(left), request);
  const through = await send(await serve(right), request);
  return differences(request, direct, through);
}

const answering =
  (status: number, headers: string[], body: string | Uint8Array = ""): RequestListener =>
  (_request, response) => {
    response.writeHead(status, headers).end(body);
  };

/** As a Function URL answers: its own headers added, the body in chunks. */
const framing: RequestListener = (_request, response) => {
  response.writeHead(200, {
    "content-type": "text/plain",
    "x-amzn-RequestId": "1",
    "x-amzn-Trace-Id": "Root=1",
  });
  response.write("sa");
  response.end("me");
};

const echoing: RequestListener = (request, response) => {
  response.end(request.url);
};

const decoding: RequestListener = (request, response) => {
  response.end(decodeURIComponent(request.url ?? ""));
};

const saw =
  (headers: Record<string, string>): RequestListener =>
  (_request, response) => {
    response.end(JSON.stringify({ headers }));
  };

async function seen(
  request: ExampleRequest,
): Promise<{ url: string; raw: string[]; body: string; answer: Answer }> {
  let url = "";
  let raw: string[] = [];
  const parts: Buffer[] = [];
  const base = await serve((incoming, response) => {
    url = incoming.url ?? "";
    raw = incoming.rawHeaders;
    incoming.on("data", (part: Buffer) => parts.push(part)).on("end", () => response.end());
  });
  const answer = await send(base, request);
  return { url, raw, body: Buffer.concat(parts).toString("latin1"), answer };
}

describe("differences", () => {
  it("finds none when only what is set aside differs", async () => {
    const plain = answering(200, ["Content-Type", "text/plain", "Connection", "close"], "same");
    expect(await between(plain, framing)).toEqual([]);
  });
  it("notices a wrong status and shows what came with it", async () => {
    expect(await between(answering(200, []), answering(502, [], "Internal Server Error"))).toEqual([
      'status: directly 200, through 502 with "Internal Server Error"',
      expect.stringContaining("body: directly 0 bytes, through 21"),
    ]);
  });
  it("notices a lost cookie", async () => {
    const two = answering(200, [
      "Set-Cookie",
      "a=1",
      "Set-Cookie",
      "b=2; Expires=Tue, 19 Jan 2038 03:14:07 GMT",
    ]);
    expect(await between(two, answering(200, ["Set-Cookie", "a=1"]))).toHaveLength(1);
  });
  it("notices joined cookies", async () => {
    const two = answering(200, ["Set-Cookie", "a=1", "Set-Cookie", "b=2"]);
    expect(await between(two, answering(200, ["Set-Cookie", "a=1, b=2"]))).toHaveLength(1);
  });
  it("notices cookies in another order", async () => {
    const one = answering(200, ["Set-Cookie", "a=1", "Set-Cookie", "b=2"]);
    expect(await between(one, answering(200, ["Set-Cookie", "b=2", "Set-Cookie", "a=1"]))).toHaveLength(1);
  });
  it("notices a lost repeated header", async () => {
    const two = answering(200, ["Link", "</a>", "Link", "</b>"]);
    expect(await between(two, answering(200, ["Link", "</b>"]))).toEqual([
      'header link: directly ["</a>","</b>"], through ["</b>"]',
    ]);
  });
  it("takes a repeated header and a joined one for the same", async () => {
    const two = answering(200, ["Link", "</a>", "Link", "</b>"]);
    expect(await between(two, answering(200, ["link", "</a>, </b>"]))).toEqual([]);
  });
  it("notices a header more and a header less", async () => {
    const found = await between(answering(200, ["X-A", "1"]), answering(200, ["X-B", "1"]));
    expect(found).toEqual([
      'header x-a: directly ["1"], through []',
      'header x-b: directly [], through ["1"]',
    ]);
  });
  it("takes methods in another order for the same, but not other methods", async () => {
    expect(
      await between(answering(200, ["Allow", "GET, PUT"]), answering(200, ["Allow", "PUT, GET"])),
    ).toEqual([]);
    expect(
      await between(answering(200, ["Allow", "GET, PUT"]), answering(200, ["Allow", "GET"])),
    ).toHaveLength(1);
  });
  it("notices a changed byte, even one that no text can show", async () => {
    const found = await between(
      answering(200, [], Uint8Array.of(1, 2, 0xff, 4)),
      answering(200, [], Buffer.from([1, 2, 0xfe, 4])),
    );
    expect(found).toEqual([expect.stringContaining("first difference at 2")]);
  });
  it("notices bytes that are missing at the end", async () => {
    expect(await between(answering(200, [], "abc"), answering(200, [], "ab"))).toEqual([
      expect.stringContaining("directly 3 bytes, through 2"),
    ]);
  });
  it("notices a changed query", async () => {
    expect(await between(echoing, decoding, { ...get, target: "/p?x=1&x=%2F" })).toHaveLength(1);
  });
  it("excuses the content type a Function URL adds, and no other", async () => {
    const none = answering(200, []);
    expect(await between(none, answering(200, ["Content-Type", "application/json"]))).toEqual([]);
    expect(await between(none, answering(200, ["Content-Type", "text/plain"]))).toHaveLength(1);
  });
});

describe("differences in the headers an app saw", () => {
  const asking: ExampleRequest = { ...get, answers: "headers-seen" };

  it("are none when Lambda only adds what is set aside", async () => {
    const lambda = saw({
      host: "a",
      accept: "b,c",
      "x-forwarded-for": "127.0.0.1",
      "x-amzn-trace-id": "Root=1",
    });
    expect(await between(saw({ host: "a", accept: "b, c", connection: "close" }), lambda, asking)).toEqual(
      [],
    );
  });
  it("are a header that was lost, changed or added", async () => {
    const left = saw({ lost: "1", changed: "2" });
    expect(await between(left, saw({ changed: "3", added: "4" }), asking)).toEqual([
      'the app saw lost: directly "1", through nothing',
      'the app saw changed: directly "2", through "3"',
      'the app saw added: directly nothing, through "4"',
    ]);
  });
  it("are the whole body when it is not the expected document", async () => {
    expect(await between(saw({}), answering(200, [], "oops"), asking)).toEqual([
      expect.stringContaining("body:"),
    ]);
  });
});

describe("send", () => {
  it("sends the target and the headers as they stand", async () => {
    const target = "//a/../b%2f;c?x=1&&x[]={%zz}";
    const { url, raw } = await seen({
      ...get,
      target,
      headers: [
        ["X-B", "1"],
        ["x-b", "2"],
        ["X-a", ""],
      ],
    });
    expect(url).toBe(target);
    expect(raw.slice(0, 8)).toEqual(["host", exampleHost, "X-B", "1", "x-b", "2", "X-a", ""]);
  });
  it("sends bytes with their length, or in chunks", async () => {
    const post: ExampleRequest = { ...get, method: "POST", body: Uint8Array.of(0, 255) };
    const whole = await seen(post);
    const chunked = await seen({ ...post, chunked: true });
    expect([whole.body, chunked.body]).toEqual(["\0\u00FF", "\0\u00FF"]);
    expect(whole.raw).toEqual(expect.arrayContaining(["content-length", "2"]));
    expect(chunked.raw).toEqual(expect.arrayContaining(["transfer-encoding", "chunked"]));
  });
});
