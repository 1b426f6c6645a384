/**
 * Generators of whole HTTP/1.1 responses: the bytes as a peer may write them, beside the events they mean.
 * Bytes are held as Latin-1 text, one character a byte, until they are fed.
 */
import * as fc from "fast-check";
import type { HeaderField } from "../../message.ts";
import type { ResponseEvent } from "../response.ts";

export interface WrittenResponse {
  readonly method: string;
  readonly bytes: Uint8Array;
  /** Adjacent body events joined, empty ones left out. */
  readonly events: readonly ResponseEvent[];
  /** The end of the body is the end of the connection. */
  readonly closes: boolean;
}

interface Written<T> {
  readonly wire: string;
  readonly means: T;
}

const tokenChars = Array.from(
  "!#$%&'*+.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz-",
);

const decided = new Set(["content-length", "transfer-encoding", "connection"]);

/** Names that say nothing about framing. */
export const fieldName: fc.Arbitrary<string> = fc
  .oneof(
    fc.string({ unit: fc.constantFrom(...tokenChars), minLength: 1, maxLength: 10 }),
    fc.constantFrom("x-a", "X-A", "Set-Cookie", "content-type", "__proto__"),
  )
  .filter((name) => !decided.has(name.toLowerCase()));

/** What may stand in a field, without white space around it. Both ends of `à` and of the BOM look like space. */
export const fieldText: fc.Arbitrary<string> = fc.oneof(
  fc.string({ maxLength: 12 }).map(stripped),
  fc.string({ unit: "binary", maxLength: 8 }).map(stripped),
  fc.constantFrom("", "voilà", "\u00a0x\u00a0", "\ufeffmark\ufeff", "a, b", "a\tb", "x: y", "\u3000"),
);

/** Text without control characters, tab excepted, and without spaces and tabs at its ends. */
function stripped(text: string): string {
  // eslint-disable-next-line no-control-regex
  return text.replace(/[\0-\x08\x0a-\x1f\x7f]/g, "").replace(/^[ \t]+|[ \t]+$/g, "");
}

export function latin1Bytes(text: string): Uint8Array {
  return Uint8Array.from(text, (char) => char.charCodeAt(0));
}

function utf8Wire(text: string): string {
  return Buffer.from(text, "utf8").toString("latin1");
}

const space = fc.constantFrom("", "", " ", "\t", " \t ");
const lineEnd = fc.constantFrom("\r\n", "\r\n", "\r\n", "\n");

/** Bytes that are no UTF-8: read as Latin-1. */
const latin1Value = fc
  .string({ unit: fc.constantFrom("a", " ", "é", "\u00ff", "\u00a0", "\u0085"), minLength: 1, maxLength: 6 })
  .map((text) => stripped(`${text}é`))
  .filter((text) => Buffer.from(Buffer.from(text, "latin1").toString("utf8")).toString("latin1") !== text)
  .map((text): Written<string> => ({ wire: text, means: text }));

const plainValue = fieldText.map((text): Written<string> => ({ wire: utf8Wire(text), means: text }));

const foldedValue = fc
  .tuple(
    fieldText,
    fc.array(fc.tuple(lineEnd, fc.constantFrom(" ", "\t", " \t "), fieldText), { maxLength: 3 }),
  )
  .map(([first, more]): Written<string> => ({
    wire: utf8Wire(first + more.map(([end, indent, text]) => `${end}${indent}${text}`).join("")),
    means: [first, ...more.map(([, , text]) => text)].filter((text) => text !== "").join(" "),
  }));

const field = fc
  .tuple(fieldName, space, space, fc.oneof(plainValue, latin1Value, foldedValue), space, lineEnd)
  .map(([name, before, after, value, behind, end]): Written<HeaderField> => ({
    wire: `${name}${before}:${after}${value.wire}${behind}${end}`,
    means: [name, value.means],
  }));

const fields = fc.array(field, { maxLength: 5 });

const reason = fc.oneof(
  fc.constantFrom(
    { wire: "", means: "" },
    { wire: " ", means: "" },
    { wire: " I'm a  teapot ", means: "I'm a  teapot " },
  ),
  fieldText.map((text): Written<string> => ({ wire: ` ${utf8Wire(text)}`, means: text })),
);

const interim = fc
  .tuple(fc.constantFrom(100, 102, 103, 199), fields, lineEnd)
  .map(([status, fields, end]): Written<ResponseEvent> => ({
    wire: `HTTP/1.1 ${status} Wait${end}${fields.map((one) => one.wire).join("")}${end}`,
    means: { type: "interim", status, headers: fields.map((one) => one.means) },
  }));

interface Payload {
  readonly method: string;
  readonly status: number;
  readonly framing: readonly HeaderField[];
  readonly wire: string;
  readonly body: string;
  readonly trailers: readonly HeaderField[];
  readonly closes: boolean;
}

const bytes = fc.uint8Array({ maxLength: 40 }).map((body) => Buffer.from(body).toString("latin1"));
const status = fc.oneof(
  fc.constantFrom(200, 201, 205, 302, 404, 500, 999),
  fc.integer({ min: 200, max: 999 }),
);
const bodyStatus = status.filter((one) => one !== 204 && one !== 304);

function payloadOf(known: Pick<Payload, "method" | "status"> & Partial<Payload>): Payload {
  return { framing: [], wire: "", body: "", trailers: [], closes: false, ...known };
}

const byLength = fc
  .tuple(bodyStatus, bytes, fc.integer({ min: 0, max: 3 }))
  .map(([status, body, way]): Payload => {
    const n = String(body.length);
    const framings: readonly HeaderField[][] = [
      [["Content-Length", n]],
      [["content-length", `${n} , ${n}`]],
      [
        ["CONTENT-LENGTH", n],
        ["content-length", n],
      ],
      [
        ["Transfer-Encoding", "identity"],
        ["Content-Length", n],
      ],
    ];
    return payloadOf({ method: "GET", status, framing: framings[way] ?? [], wire: body, body });
  });

const chunk = fc
  .tuple(
    bytes.filter((data) => data !== ""),
    fc.constantFrom("", "0", "000"),
    fc.boolean(),
    fc.constantFrom("", ";a", " ;a=b", ';q="x;y"', "\t; é"),
  )
  .map(([data, zeros, upper, extension]): Written<string> => {
    const size = data.length.toString(16);
    return { wire: `${zeros}${upper ? size.toUpperCase() : size}${extension}\r\n${data}\r\n`, means: data };
  });

const chunked = fc
  .tuple(
    bodyStatus,
    fc.array(chunk, { maxLength: 5 }),
    fields,
    fc.constantFrom("0\r\n", "00000;last\r\n"),
    lineEnd,
    fc.constantFrom("chunked", "Chunked", ", chunked ,", "identity, chunked"),
  )
  .map(([status, chunks, trailers, last, end, coding]): Payload => ({
    method: "POST",
    status,
    framing: [["Transfer-Encoding", coding.trim()]],
    wire: `${chunks.map((one) => one.wire).join("")}${last}${trailers.map((one) => one.wire).join("")}${end}`,
    body: chunks.map((one) => one.means).join(""),
    trailers: trailers.map((one) => one.means),
    closes: false,
  }));

const untilClose = fc
  .tuple(bodyStatus, bytes)
  .map(([status, body]): Payload => payloadOf({ method: "GET", status, wire: body, body, closes: true }));

const bodiless = fc
  .tuple(
    fc.constantFrom(["HEAD", 200], ["HEAD", 404], ["GET", 204], ["GET", 304]) as fc.Arbitrary<
      [string, number]
    >,
    fc.constantFrom<HeaderField[]>([], [["content-length", "812"]], [["transfer-encoding", "chunked"]]),
  )
  .map(([[method, status], framing]): Payload => payloadOf({ method, status, framing }));

const connection = fc.constantFrom(
  ...([
    [undefined, true, false],
    ["close", false, false],
    ["Keep-Alive", true, true],
    ["x-foo, Close", false, false],
    ["x-foo", true, false],
  ] as [string | undefined, boolean, boolean][]),
);

const framed = fc.oneof(byLength, chunked, bodiless);

/** One response; `closing` ones may be delimited by the end of the connection. */
export function writtenResponse(closing: boolean): fc.Arbitrary<WrittenResponse> {
  return fc
    .record({
      blank: fc.constantFrom("", "", "\r\n", "\n\r\n"),
      interims: fc.array(interim, { maxLength: 2 }),
      minor: fc.constantFrom(1, 1, 1, 0),
      reason,
      fields,
      payload: closing ? untilClose : framed,
      connection,
      end: lineEnd,
    })
    .map(({ blank, interims, minor, reason, fields, payload, connection, end }) => {
      const [option, onOne, onZero] = connection;
      const own: HeaderField[] = [...payload.framing];
      if (option !== undefined) own.push(["Connection", option]);
      const wire =
        `${blank}${interims.map((one) => one.wire).join("")}` +
        `HTTP/1.${minor} ${payload.status}${reason.wire}${end}` +
        `${fields.map((one) => one.wire).join("")}${own.map(([name, value]) => `${name}: ${value}${end}`).join("")}` +
        `${end}${payload.wire}`;
      const events: ResponseEvent[] = interims.map((one) => one.means);
      const headers = [...fields.map((one) => one.means), ...own];
      events.push({ type: "head", status: payload.status, reason: reason.means, headers });
      if (payload.body !== "") events.push({ type: "body", bytes: latin1Bytes(payload.body) });
      // RFC 9112, 6.1: an HTTP/1.0 peer does not know transfer codings, so what it means by one is not to be trusted.
      const doubtful = minor === 0 && own.some(([name, value]) => /^t/i.test(name) && /chunked/i.test(value));
      const isSilent = payload.method === "HEAD" || payload.status === 204 || payload.status === 304;
      const keeps = minor === 1 ? onOne : onZero && (isSilent || !doubtful);
      events.push({ type: "end", trailers: payload.trailers, reusable: keeps && !payload.closes });
      return { method: payload.method, bytes: latin1Bytes(wire), events, closes: payload.closes };
    });
}

/** Responses one after another on one connection; only the last may be delimited by its end. */
export const conversation: fc.Arbitrary<WrittenResponse[]> = fc
  .tuple(fc.array(writtenResponse(false), { minLength: 1, maxLength: 3 }), fc.option(writtenResponse(true)))
  .map(([some, last]) => (last === null ? some : some.concat(last)));

/** Sizes of pieces, used over and over: empty pieces among them, byte by byte often enough. */
export const pieceSizes: fc.Arbitrary<number[]> = fc.oneof(
  fc.constantFrom<number[][]>([1], [0, 1], [2], [1, 3]),
  fc.array(fc.nat({ max: 60 }), { minLength: 1, maxLength: 8 }).map((sizes) => sizes.concat(1)),
);

/** `bytes` cut into pieces, each a copy in memory of its own. */
export function* piecesOf(bytes: Uint8Array, sizes: readonly number[]): Generator<Uint8Array> {
  let at = 0;
  for (let i = 0; at < bytes.length; i++) {
    const end = Math.min(bytes.length, at + (sizes[i % sizes.length] ?? 1));
    yield bytes.slice(at, end);
    at = end;
  }
}
