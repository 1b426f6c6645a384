import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { nodeCodec } from "../../node/codec.ts";
import { Http1Error } from "./error.ts";
import type { Http1Fault } from "./error.ts";
import { ResponseReader, defaultResponseLimits } from "./response.ts";
import type { ResponseEvent, ResponseLimits } from "./response.ts";
import { conversation, latin1Bytes, pieceSizes, piecesOf, writtenResponse } from "./testing/responses.ts";

/** Adjacent body events joined, their bytes copied: what invariant 1 compares. */
function joined(events: readonly ResponseEvent[]): ResponseEvent[] {
  const result: ResponseEvent[] = [];
  let body: Uint8Array[] = [];
  const flush = () => {
    if (body.length > 0) result.push({ type: "body", bytes: new Uint8Array(Buffer.concat(body)) });
    body = [];
  };
  for (const event of events)
    if (event.type === "body") {
      body.push(event.bytes);
    } else {
      flush();
      result.push(event);
    }
  flush();
  return result;
}

function readAll(
  text: string,
  method = "GET",
  limits: ResponseLimits = defaultResponseLimits,
): ResponseEvent[] {
  const reader = new ResponseReader(nodeCodec, limits);
  reader.expect(method);
  return joined(reader.read(latin1Bytes(text)));
}

function headOf(text: string): { status: number; reason: string; headers: unknown } {
  const [head] = readAll(text);
  if (head?.type !== "head") throw new Error(`No head: ${JSON.stringify(head)}`);
  return { status: head.status, reason: head.reason, headers: head.headers };
}

function endOf(events: readonly ResponseEvent[]): ResponseEvent & { type: "end" } {
  const end = events.at(-1);
  if (end?.type !== "end") throw new Error(`No end: ${JSON.stringify(end)}`);
  return end;
}

function faultOf(act: () => unknown): Http1Fault | "none" {
  try {
    act();
  } catch (error) {
    if (error instanceof Http1Error) return error.fault;
    throw error;
  }
  return "none";
}

describe("ResponseReader, any response", () => {
  it("gives the same events for any split, and those that were meant (1, 2)", () => {
    fc.assert(
      fc.property(conversation, pieceSizes, (responses, sizes) => {
        const reader = new ResponseReader(nodeCodec);
        for (const { method, bytes, events, closes } of responses) {
          reader.expect(method);
          const seen: ResponseEvent[] = [];
          for (const piece of piecesOf(bytes, sizes)) {
            seen.push(...joined(reader.read(piece)));
            // What a connection does: it reads the next bytes into the same memory.
            piece.fill(0xee);
          }
          if (closes) seen.push(...reader.close());
          expect(joined(seen)).toEqual(events);
        }
        expect(faultOf(() => reader.close())).toBe("closed");
      }),
      { numRuns: 1000 },
    );
  });

  it("gives the same events when nothing is split (1)", () => {
    fc.assert(
      fc.property(conversation, (responses) => {
        const reader = new ResponseReader(nodeCodec);
        for (const { method, bytes, events, closes } of responses) {
          reader.expect(method);
          const seen = reader.read(bytes);
          if (closes) seen.push(...reader.close());
          expect(joined(seen)).toEqual(events);
        }
      }),
      { numRuns: 500 },
    );
  });

  it("gives body bytes as views into what was fed (3)", () => {
    fc.assert(
      fc.property(conversation, pieceSizes, ([response], sizes) => {
        const reader = new ResponseReader(nodeCodec);
        reader.expect(response?.method ?? "GET");
        for (const piece of piecesOf(response?.bytes ?? new Uint8Array(0), sizes)) {
          const bodies = reader.read(piece).filter((event) => event.type === "body");
          expect(bodies.filter((event) => event.bytes.buffer !== piece.buffer)).toEqual([]);
        }
      }),
      { numRuns: 200 },
    );
  });
});

const small: ResponseLimits = { headBytes: 200, fields: 6, interims: 2 };
const MAX_CHUNK_LINE_BYTES = 4096;

interface Change {
  readonly at: number;
  readonly how: "set" | "insert" | "remove" | "repeat";
  readonly text: string;
}

const change: fc.Arbitrary<Change> = fc.record({
  at: fc.nat({ max: 400 }),
  how: fc.constantFrom("set", "insert", "remove", "repeat"),
  text: fc.oneof(
    fc.constantFrom(
      "\r",
      "\n",
      "\r\n",
      "\r\n\r\n",
      " ",
      "\t",
      ":",
      "\0",
      "0",
      "f",
      ";",
      ",",
      "\u00a0",
      "\u00ff",
    ),
    fc.uint8Array({ minLength: 1, maxLength: 3 }).map((bytes) => Buffer.from(bytes).toString("latin1")),
    fc.constantFrom(
      "Content-Length: 5\r\n",
      "Transfer-Encoding: gzip\r\n",
      "HTTP/1.1 100 x\r\n\r\n",
      "x".repeat(300),
    ),
    fc.constantFrom("HTTP/1.1 101 x\r\n\r\n", `5;${"e".repeat(5000)}\r\n`),
  ),
});

function changed(text: string, { at, how, text: other }: Change): string {
  const place = text.length === 0 ? 0 : at % text.length;
  const before = text.slice(0, place);
  switch (how) {
    case "set":
      return before + other + text.slice(place + other.length);
    case "insert":
      return before + other + text.slice(place);
    case "remove":
      return before + text.slice(place + other.length);
    case "repeat":
      return before + text.slice(place) + text.slice(place);
  }
}

const hostile: fc.Arbitrary<string> = fc.oneof(
  {
    weight: 1,
    arbitrary: fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes).toString("latin1")),
  },
  {
    weight: 1,
    arbitrary: fc
      .array(
        fc.constantFrom(
          "HTTP/1.1 200 OK",
          "\r\n",
          "\n",
          "\r",
          "a: b",
          " ",
          "0",
          "5",
          "hello",
          "Transfer-Encoding: chunked",
        ),
        { maxLength: 40 },
      )
      .map((parts) => parts.join("")),
  },
  {
    weight: 6,
    arbitrary: fc
      .tuple(fc.boolean().chain(writtenResponse), fc.array(change, { minLength: 1, maxLength: 4 }))
      .map(([{ bytes }, changes]) => changes.reduce(changed, Buffer.from(bytes).toString("latin1"))),
  },
);

interface Outcome {
  readonly events: ResponseEvent[];
  readonly fault: Http1Fault | "none";
}

/** Feeds up to the end of one response, then closes. Anything but Http1Error falls through. */
function outcomeOf(method: string, pieces: Iterable<Uint8Array>): Outcome {
  const reader = new ResponseReader(nodeCodec, small);
  reader.expect(method);
  const events: ResponseEvent[] = [];
  let unanswered = 0;
  const fault = faultOf(() => {
    for (const piece of pieces) {
      unanswered += piece.length;
      for (const event of reader.read(piece)) {
        unanswered = 0;
        events.push(event.type === "end" ? { ...event, reusable: false } : event);
      }
      // A chunk's end, the next chunk line and a trailer section: more than these cannot be silent (5).
      if (unanswered > 2 * MAX_CHUNK_LINE_BYTES + small.headBytes + 60) throw new Error("Holds too much");
      if (events.at(-1)?.type === "end") return;
    }
    for (const event of reader.close()) events.push(event);
  });
  return { events: joined(events), fault };
}

describe("ResponseReader, hostile bytes", () => {
  it("throws Http1Error or nothing, and the same for any split (1, 4, 5)", () => {
    fc.assert(
      fc.property(fc.constantFrom("GET", "HEAD"), hostile, pieceSizes, (method, text, sizes) => {
        const bytes = latin1Bytes(text);
        const whole = outcomeOf(method, [bytes]);
        const split = outcomeOf(method, piecesOf(bytes, sizes));
        expect(split.fault).toBe(whole.fault);
        expect(split.events.slice(0, whole.events.length)).toEqual(whole.events);
      }),
      { numRuns: 3000 },
    );
  });
});

const OK = "HTTP/1.1 200 OK\r\n";
const CHUNKED = `${OK}Transfer-Encoding: chunked\r\n\r\n`;

/** Every fault a reader can find, by what it reads. `close` stands for the end of the connection. */
const faults: {
  readonly [fault in Exclude<Http1Fault, "bad-request">]: readonly (readonly [why: string, text: string])[];
} = {
  closed: [["nothing came", ""]],
  truncated: [
    ["the head stops", "HTTP/1.1 2"],
    ["only empty lines came", "\r\n"],
    ["only an interim response came", "HTTP/1.1 100 Continue\r\n\r\n"],
    ["the body stops", `${OK}Content-Length: 5\r\n\r\nhell`],
    ["a chunk line stops", `${CHUNKED}5`],
    ["chunk data stops", `${CHUNKED}5\r\nhell`],
    ["the end of a chunk is missing", `${CHUNKED}5\r\nhello\r`],
    ["the trailers stop", `${CHUNKED}0\r\na: b\r\n`],
  ],
  "bad-status-line": [
    ["another protocol speaks", "SSH-2.0-OpenSSH_9.6\r\n\r\n"],
    ["the version is not 1.x", "HTTP/2.0 200 OK\r\n\r\n"],
    ["the protocol is in lower case", "http/1.1 200 OK\r\n\r\n"],
    ["the status has two digits", "HTTP/1.1 99 OK\r\n\r\n"],
    ["the status has four digits", "HTTP/1.1 2000 OK\r\n\r\n"],
    ["the status begins with 0", "HTTP/1.1 099 OK\r\n\r\n"],
    ["two spaces follow the version", "HTTP/1.1  200 OK\r\n\r\n"],
    ["the line is folded", " HTTP/1.1 200 OK\r\n\r\n"],
    ["the reason holds a CR", "HTTP/1.1 200 a\rb\r\n\r\n"],
    ["the reason holds a NUL", "HTTP/1.1 200 a\0b\r\n\r\n"],
  ],
  "bad-field": [
    ["there is no colon", `${OK}nonsense\r\n\r\n`],
    ["the name is empty", `${OK}: v\r\n\r\n`],
    ["the name holds a space", `${OK}a b: v\r\n\r\n`],
    ["the name ends in a no-break space", `${OK}a\u00a0: v\r\n\r\n`],
    ["the first line is folded", `${OK} a: v\r\n\r\n`],
    ["the value holds a NUL", `${OK}a: v\0w\r\n\r\n`],
    ["the value holds a CR", `${OK}a: v\rw\r\n\r\n`],
    ["the value ends in a CR of its own", `${OK}a: v\r\r\n\r\n`],
    ["the value begins with a vertical tab", `${OK}a: \vv\r\n\r\n`],
    ["a folded line holds a CR", `${OK}a: v\r\n w\rx\r\n\r\n`],
    ["a folded line holds a NUL", `${OK}a: v\r\n \0\r\n\r\n`],
    ["a trailer has no colon", `${CHUNKED}0\r\nnonsense\r\n\r\n`],
  ],
  "bad-length": [
    ["it is empty", `${OK}Content-Length:\r\n\r\n`],
    ["it is no number", `${OK}Content-Length: five\r\n\r\n`],
    ["it is negative", `${OK}Content-Length: -5\r\n\r\n`],
    ["it has a sign", `${OK}Content-Length: +5\r\n\r\n`],
    ["it is hexadecimal", `${OK}Content-Length: 0x5\r\n\r\n`],
    ["it has more digits than a safe integer", `${OK}Content-Length: 1000000000000000\r\n\r\n`],
    ["a list differs", `${OK}Content-Length: 5, 6\r\n\r\n`],
    ["a list has a hole", `${OK}Content-Length: 5,\r\n\r\n`],
    ["two fields differ", `${OK}Content-Length: 5\r\nContent-Length: 6\r\n\r\n`],
  ],
  "bad-transfer-coding": [
    ["it is unknown", `${OK}Transfer-Encoding: gzip\r\n\r\n`],
    ["a coding lies under chunked", `${OK}Transfer-Encoding: gzip, chunked\r\n\r\n`],
    ["chunked is applied twice", `${OK}Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n`],
    ["chunked has a parameter", `${OK}Transfer-Encoding: chunked;q=1\r\n\r\n`],
  ],
  "bad-chunk": [
    ["the size is missing", `${CHUNKED}\r\n`],
    ["the size is no number", `${CHUNKED}x\r\n`],
    ["the size is negative", `${CHUNKED}-1\r\n`],
    ["the size has a prefix", `${CHUNKED}0x5\r\n`],
    ["the size has a space before it", `${CHUNKED} 5\r\n`],
    ["two sizes stand in a line", `${CHUNKED}5 5\r\n`],
    ["the size is above what a number counts exactly", `${CHUNKED}10000000000000\r\n`],
    ["the line ends in LF alone", `${CHUNKED}5\nhello`],
    ["an extension holds a CR", `${CHUNKED}5;a\rb\r\nhello`],
    ["the data is longer than its size", `${CHUNKED}4\r\nhello\r\n`],
    ["the data ends in LF alone", `${CHUNKED}5\r\nhello\n`],
  ],
  "too-large": [
    ["a head exceeds the limit", `${OK}a: ${"v".repeat(defaultResponseLimits.headBytes)}\r\n\r\n`],
    ["a head without an end exceeds the limit", "x".repeat(defaultResponseLimits.headBytes + 1)],
    ["empty lines exceed the limit", "\r\n".repeat(defaultResponseLimits.headBytes)],
    ["a head has too many fields", `${OK}${"a: b\r\n".repeat(defaultResponseLimits.fields + 1)}\r\n`],
    [
      "a trailer section exceeds the limit",
      `${CHUNKED}0\r\na: ${"v".repeat(defaultResponseLimits.headBytes)}\r\n\r\n`,
    ],
    [
      "a trailer section has too many fields",
      `${CHUNKED}0\r\n${"a: b\r\n".repeat(defaultResponseLimits.fields + 1)}\r\n`,
    ],
    ["a chunk line exceeds the limit", `${CHUNKED}5;${"e".repeat(MAX_CHUNK_LINE_BYTES)}\r\nhello`],
    ["a chunk line without an end exceeds the limit", `${CHUNKED}5;${"e".repeat(MAX_CHUNK_LINE_BYTES)}`],
  ],
  "unexpected-interim": [
    ["the app switches protocols", "HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\n\r\n"],
    [
      "interim responses do not end",
      "HTTP/1.1 103 Early Hints\r\n\r\n".repeat(defaultResponseLimits.interims + 1),
    ],
  ],
};

describe("ResponseReader, faults", () => {
  for (const [fault, examples] of Object.entries(faults))
    for (const [why, text] of examples)
      it(`says ${fault} when ${why}`, () => {
        for (const size of [text.length + 1, 1000, 7]) {
          const reader = new ResponseReader(nodeCodec);
          reader.expect("GET");
          const found = faultOf(() => {
            for (const piece of piecesOf(latin1Bytes(text), [size])) reader.read(piece);
            reader.close();
          });
          expect(found, `in pieces of ${size}`).toBe(fault);
        }
      });

  it("throws nothing else when a list of 250,000 lengths or codings fits into the head (4)", () => {
    const lengths = `${OK}Content-Length: ${"5,".repeat(250_000)}5\r\n\r\nhello`;
    expect(endOf(readAll(lengths)).reusable).toBe(true);
    const codings = `${OK}Transfer-Encoding: ${"a,".repeat(250_000)}a\r\n\r\n`;
    expect(faultOf(() => readAll(codings))).toBe("bad-transfer-coding");
  });

  it("reads 150,000 folded lines in a moment", () => {
    const began = performance.now();
    const [, value] = (headOf(`${OK}a: b\r\n${" c\n".repeat(150_000)}\r\n`).headers as string[][])[0] ?? [];
    expect(value).toBe(`b${" c".repeat(150_000)}`);
    expect(performance.now() - began).toBeLessThan(2000);
  });
});

describe("ResponseReader, limits (5)", () => {
  const limits: ResponseLimits = { headBytes: 64, fields: 2, interims: 1 };

  it("takes a head of exactly the limit in any split", () => {
    const filled = `${OK}a: ${"v".repeat(64 - OK.length - 7)}\r\n\r\n`;
    expect(filled).toHaveLength(64);
    for (const sizes of [[64], [1], [63, 1]]) {
      const reader = new ResponseReader(nodeCodec, limits);
      const events = [...piecesOf(latin1Bytes(filled), sizes)].flatMap((piece) => reader.read(piece));
      expect(events.map((event) => event.type)).toEqual(["head"]);
    }
  });

  it("takes as many fields and interim responses as the limits say", () => {
    const text = `HTTP/1.1 103 Hints\r\na: 1\r\n\r\n${OK}a: 1\r\nContent-Length: 0\r\n\r\n`;
    expect(readAll(text, "GET", limits).map((event) => event.type)).toEqual(["interim", "head", "end"]);
  });

  it("counts interim responses anew for each response", () => {
    const reader = new ResponseReader(nodeCodec, limits);
    for (let i = 0; i < 3; i++) {
      reader.expect("GET");
      expect(reader.read(latin1Bytes(`HTTP/1.1 103 H\r\n\r\n${OK}Content-Length: 0\r\n\r\n`))).toHaveLength(
        3,
      );
    }
  });

  it("takes chunk lines of exactly the limit in any split", () => {
    const line = `5;${"e".repeat(MAX_CHUNK_LINE_BYTES - 4)}\r\n`;
    for (const sizes of [[9000], [1], [4095, 1]]) {
      const reader = new ResponseReader(nodeCodec);
      reader.read(latin1Bytes(CHUNKED));
      const pieces = piecesOf(latin1Bytes(`${line}hello\r\n0\r\n\r\n`), sizes);
      expect(joined([...pieces].flatMap((piece) => reader.read(piece)))).toHaveLength(2);
    }
  });

  it("takes chunks of any number and does not count them together", () => {
    expect(readAll(`${CHUNKED}${"1\r\na\r\n".repeat(20_000)}0\r\n\r\n`)).toHaveLength(3);
  });
});

describe("ResponseReader, lenient heads", () => {
  it("takes bare LF as the end of a line", () => {
    expect(headOf("HTTP/1.1 200 OK\na: b\n\n")).toEqual({ status: 200, reason: "OK", headers: [["a", "b"]] });
  });

  it("skips empty lines before the status line", () => {
    expect(headOf(`\r\n\n\r\n${OK}\r\n`).status).toBe(200);
  });

  it("joins folded lines with one space", () => {
    expect(headOf(`${OK}a: b \r\n  c\r\n\td\r\n \r\nx: y\r\n\r\n`).headers).toEqual([
      ["a", "b c d"],
      ["x", "y"],
    ]);
  });

  it("drops white space before the colon and around the value", () => {
    expect(headOf(`${OK}a \t:  b\tc \t\r\n\r\n`).headers).toEqual([["a", "b\tc"]]);
  });

  it("keeps repeated fields, their order and the case of their names", () => {
    const fields = [
      ["B", "1"],
      ["a", "2"],
      ["b", "3"],
      ["B", ""],
    ];
    expect(headOf(`${OK}B: 1\r\na: 2\r\nb: 3\r\nB:\r\n\r\n`).headers).toEqual(fields);
  });

  it("reads a value as UTF-8 when its bytes are, else as Latin-1 (B6)", () => {
    expect(headOf(`${OK}a: voil\u00c3\u00a0\r\nb: voil\u00e0\r\n\r\n`).headers).toEqual([
      ["a", "voilà"],
      ["b", "voilà"],
    ]);
  });

  it("keeps a no-break space and a BOM at the end of a value: only space and tab are white space", () => {
    const bom = "\u00ef\u00bb\u00bf";
    expect(
      headOf(`${OK}a: \u00c2\u00a0x\u00c2\u00a0\r\nb: x${bom}\r\nc: ${bom}\r\n ${bom}\r\n\r\n`).headers,
    ).toEqual([
      ["a", "\u00a0x\u00a0"],
      ["b", "x\ufeff"],
      ["c", "\ufeff \ufeff"],
    ]);
  });

  it("judges a folded value as a whole", () => {
    expect(headOf(`${OK}a: voil\u00c3\u00a0\r\n \u00e9\r\n\r\n`).headers).toEqual([
      ["a", "voil\u00c3\u00a0 \u00e9"],
    ]);
  });

  it("reads a status line without reason, with or without its space", () => {
    expect(headOf("HTTP/1.1 200\r\n\r\n").reason).toBe("");
    expect(headOf("HTTP/1.1 200 \r\n\r\n").reason).toBe("");
    expect(headOf("HTTP/1.1 404 Not  Found\r\n\r\n").reason).toBe("Not  Found");
  });
});

describe("ResponseReader, framing", () => {
  it("lets a transfer coding override a length, and does not trust the connection further", () => {
    const events = readAll(
      `${OK}Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n`,
    );
    expect(events[1]).toEqual({ type: "body", bytes: latin1Bytes("hello") });
    expect(endOf(events).reusable).toBe(false);
  });

  it("takes a list of equal lengths once", () => {
    expect(endOf(readAll(`${OK}Content-Length: 2, 2\r\nContent-Length: 2\r\n\r\nhi`)).reusable).toBe(true);
  });

  it("gives trailers with the end", () => {
    const events = readAll(`${CHUNKED}0\r\nA: 1\r\nB: 2\r\n\r\n`);
    expect(endOf(events).trailers).toEqual([
      ["A", "1"],
      ["B", "2"],
    ]);
  });

  it.each([
    ["HEAD", 200],
    ["GET", 204],
    ["GET", 304],
  ])("expects no body after %s %i, whatever the fields say", (method, status) => {
    for (const framing of ["Content-Length: 5", "Transfer-Encoding: chunked", "Content-Length: x", "a: b"])
      expect(readAll(`HTTP/1.1 ${status} x\r\n${framing}\r\n\r\n`, method)).toHaveLength(2);
  });

  it("asks of each response anew which method it answers", () => {
    const reader = new ResponseReader(nodeCodec);
    const bytes = latin1Bytes(`${OK}Content-Length: 2\r\n\r\n`);
    reader.expect("HEAD");
    expect(reader.read(bytes)).toHaveLength(2);
    reader.expect("GET");
    expect(reader.read(bytes)).toHaveLength(1);
    expect(reader.read(latin1Bytes("hi"))).toHaveLength(2);
  });
});

describe("ResponseReader, reusable", () => {
  const length = "Content-Length: 0\r\n";

  it.each([
    [true, "HTTP/1.1, nothing said", `${OK}${length}\r\n`],
    [true, "HTTP/1.1, keep-alive", `${OK}${length}Connection: keep-alive\r\n\r\n`],
    [false, "HTTP/1.1, close", `${OK}${length}Connection: close\r\n\r\n`],
    [false, "HTTP/1.1, close in a list and another case", `${OK}${length}connection: x , CLOSE\r\n\r\n`],
    [
      false,
      "HTTP/1.1, close in a second field",
      `${OK}${length}Connection: keep-alive\r\nConnection: close\r\n\r\n`,
    ],
    [false, "HTTP/1.0, nothing said", `HTTP/1.0 200 OK\r\n${length}\r\n`],
    [true, "HTTP/1.0, keep-alive", `HTTP/1.0 200 OK\r\n${length}Connection: Keep-Alive\r\n\r\n`],
    [
      false,
      "HTTP/1.0, keep-alive and close",
      `HTTP/1.0 200 OK\r\n${length}Connection: keep-alive, close\r\n\r\n`,
    ],
    [
      false,
      "HTTP/1.0, keep-alive and chunked",
      "HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    ],
    [true, "chunked", `${CHUNKED}0\r\n\r\n`],
    [false, "bytes behind the end", `${OK}${length}\r\nX`],
    [false, "bytes behind the last chunk", `${CHUNKED}0\r\n\r\n\r\n`],
    [false, "bytes behind a body", `${OK}Content-Length: 2\r\n\r\nhi!`],
  ])("is %s: %s", (reusable, _, text) => {
    expect(endOf(readAll(text)).reusable).toBe(reusable);
  });

  it("is false when the body ended with the connection", () => {
    const reader = new ResponseReader(nodeCodec);
    reader.read(latin1Bytes(`${OK}\r\nhello`));
    expect(reader.close()).toEqual([{ type: "end", trailers: [], reusable: false }]);
  });

  it("is false for a body after a HEAD, which nobody asked for", () => {
    expect(endOf(readAll(`${OK}Content-Length: 5\r\n\r\nhello`, "HEAD")).reusable).toBe(false);
  });
});

describe("ResponseReader.close", () => {
  it("says closed between two responses, also when the last one had interim responses (2)", () => {
    const reader = new ResponseReader(nodeCodec);
    reader.expect("GET");
    reader.read(latin1Bytes(`HTTP/1.1 100 Continue\r\n\r\n${OK}Content-Length: 0\r\n\r\n`));
    expect(faultOf(() => reader.close())).toBe("closed");
  });

  it("ends a body without a length, also an empty one", () => {
    const reader = new ResponseReader(nodeCodec);
    expect(reader.read(latin1Bytes(`${OK}\r\n`))).toHaveLength(1);
    expect(reader.close()).toHaveLength(1);
    expect(faultOf(() => reader.close())).toBe("closed");
  });
});
