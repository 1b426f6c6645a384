/** Compares an outcome with what is expected; what does not fit is told in sentences. */
import { isDeepStrictEqual } from "node:util";
import { brotliDecompressSync, gunzipSync } from "node:zlib";
import type { SeenRequest } from "./app.ts";
import { bytesOf, valueOf, valuesOf } from "./messages.ts";
import type { Field, Message } from "./messages.ts";
import type { Outcome } from "./play.ts";
import type { Posted } from "./runtime-api.ts";
import type {
  AnswerExpected,
  Bytes,
  ErrorExpected,
  Expected,
  Json,
  RequestExpected,
  StreamExpected,
} from "./scenario.ts";

/** What is not as expected; nothing when all is. */
export function judge(expected: Expected, outcome: Outcome): string[] {
  const wrong: string[] = [];
  if (expected.ended !== outcome.ended)
    wrong.push(
      outcome.ended === undefined
        ? `the process is alive, expected its end with ${expected.ended}`
        : `the process died (${outcome.ended})`,
    );
  if ((expected.hangs === true) !== (outcome.hangs !== undefined))
    wrong.push(outcome.hangs === undefined ? "it does not hang" : `it hangs: waited for ${outcome.hangs}`);
  wrong.push(...requests(expected.request, outcome), ...answers(expected.answer, outcome));
  if (expected.error !== undefined) wrong.push(...error(expected.error, outcome));
  if (expected.stream !== undefined) wrong.push(...stream(expected.stream, outcome));
  wrong.push(...journal(expected, outcome.journal));
  const used = new Set(outcome.requests.map(({ connection }) => connection)).size;
  const { atLeast = used, atMost = used } = expected.connections ?? {};
  if (used < atLeast || used > atMost)
    wrong.push(`${used} connections were used, expected ${atLeast} to ${atMost}`);
  for (const call of expected.calls ?? []) {
    const made = outcome.calls.find(({ line }) => line === call.line);
    wrong.push(...(made === undefined ? [`there was no ${call.line}`] : message(call, made, "the API")));
  }
  return wrong;
}

function requests(expected: Expected["request"], outcome: Outcome): string[] {
  if (expected === undefined) return [];
  if (!isList(expected)) {
    const [first] = outcome.requests;
    return first === undefined ? ["the app saw no request"] : request(expected, first);
  }
  if (expected.length !== outcome.requests.length)
    return [
      `the app saw ${outcome.requests.length} requests, expected ${expected.length}: ${outcome.requests.map(({ line }) => line).join(", ")}`,
    ];
  return expected.flatMap((one, index) => request(one, outcome.requests[index] as SeenRequest));
}

function request(expected: RequestExpected, seen: SeenRequest): string[] {
  const wrong = message(expected, seen, "the app");
  if (expected.connection !== undefined && expected.connection !== seen.connection)
    wrong.push(`it came over connection ${seen.connection}, expected ${expected.connection}`);
  if (expected.port !== undefined && expected.port !== seen.port)
    wrong.push(`it came to ${seen.port}, expected ${expected.port}`);
  return wrong;
}

function message(expected: RequestExpected, seen: Message, who: string): string[] {
  const wrong: string[] = [];
  if (expected.line !== undefined && !fits(expected.line, seen.line))
    wrong.push(`${who} saw ${seen.line}, expected ${expected.line}`);
  wrong.push(...fields(expected.headers, seen.fields, who));
  if (expected.body !== undefined && !bytesOf(expected.body).equals(seen.body))
    wrong.push(`${who} saw the body ${quote(seen.body)}, expected ${quote(expected.body)}`);
  return wrong;
}

function fields(expected: RequestExpected["headers"], seen: readonly Field[], who: string): string[] {
  const wrong: string[] = [];
  for (const [name, value] of Object.entries(expected ?? {})) {
    const values = valuesOf(seen, name);
    const texts = values.map((one) => Buffer.from(one, "latin1").toString("utf8"));
    const ok =
      value === null
        ? values.length === 0
        : value instanceof RegExp
          ? texts.length === 1 && value.test(texts[0] ?? "")
          : isDeepStrictEqual(texts, isList(value) ? [...value] : [value]);
    if (!ok) wrong.push(`${who} saw ${name}: ${JSON.stringify(texts)}, expected ${shown(value)}`);
  }
  return wrong;
}

function answers(expected: Expected["answer"], outcome: Outcome): string[] {
  if (expected === undefined) return [];
  const list = isList(expected) ? expected : [expected];
  return list.flatMap((one, index) => {
    const given = outcome.posted.find(({ invocation }) => invocation === index);
    if (given?.kind === "response") return answer(one, given.message.body);
    return [
      given === undefined ? "nothing was answered" : `it failed with ${given.message.body.toString("utf8")}`,
    ];
  });
}

function answer(expected: AnswerExpected, body: Buffer): string[] {
  const wrong: string[] = [];
  const text = body.toString("utf8");
  const json = parsed(text);
  if (expected.bytes !== undefined && !bytesOf(expected.bytes).equals(body))
    wrong.push(`the answer is ${quote(body)}, expected ${quote(expected.bytes)}`);
  if (expected.match !== undefined && !expected.match.test(text))
    wrong.push(`the answer is ${quote(body)}, expected ${expected.match}`);
  if (expected.is !== undefined && !isDeepStrictEqual(json, expected.is))
    wrong.push(`the answer is ${quote(body)}, expected ${JSON.stringify(expected.is)}`);
  if (expected.has !== undefined) wrong.push(...missing(expected.has, json, "answer"));
  for (const path of expected.lacks ?? [])
    if (at(json, path) !== undefined) wrong.push(`the answer has ${path}`);
  if (expected.inflated !== undefined) {
    const plain = inflated(json);
    if (plain !== expected.inflated)
      wrong.push(`the answer inflates to ${plain}, expected ${expected.inflated}`);
  }
  return wrong;
}

function inflated(json: unknown): string {
  const encoded = at(json, "body");
  if (typeof encoded !== "string") return "nothing";
  const bytes = at(json, "isBase64Encoded") === true ? Buffer.from(encoded, "base64") : Buffer.from(encoded);
  const coding = at(json, "headers.content-encoding") ?? at(json, "multiValueHeaders.content-encoding.0");
  try {
    if (coding === "br") return brotliDecompressSync(bytes).toString("utf8");
    return coding === "gzip" ? gunzipSync(bytes).toString("utf8") : bytes.toString("utf8");
  } catch (error) {
    return String(error);
  }
}

function error(expected: ErrorExpected, outcome: Outcome): string[] {
  const given = outcome.posted.find(({ kind }) => kind === "error");
  if (given === undefined)
    return [`nothing failed: ${outcome.posted.map(toldOf).join(", ") || "nothing was answered"}`];
  const { message } = given;
  const document = parsed(message.body.toString("utf8"));
  const wrong: string[] = [];
  const type = String(at(document, "errorType"));
  const text = String(at(document, "errorMessage"));
  const header = valueOf(message.fields, "lambda-runtime-function-error-type") ?? "";
  if (expected.type !== undefined && !fits(expected.type, type))
    wrong.push(`errorType is ${type}, expected ${expected.type}`);
  if (expected.message !== undefined && !fits(expected.message, text))
    wrong.push(`errorMessage is ${text}, expected ${expected.message}`);
  if (expected.header !== undefined && !fits(expected.header, header))
    wrong.push(`the error's header is ${header}, expected ${expected.header}`);
  if (expected.document !== undefined && !isDeepStrictEqual(document, expected.document))
    wrong.push(`the document is ${JSON.stringify(document)}, expected ${JSON.stringify(expected.document)}`);
  return wrong;
}

const DELIMITER = Buffer.alloc(8);

function stream(expected: StreamExpected, outcome: Outcome): string[] {
  const [given] = outcome.posted;
  if (given?.kind !== "response" || given.message.chunks === undefined)
    return [`nothing was streamed: ${outcome.posted.map(toldOf).join(", ") || "nothing was answered"}`];
  const { body, chunks, fields: head, trailers } = given.message;
  const wrong = fields(expected.headers, head, "the Runtime API");
  const end = body.indexOf(DELIMITER);
  if (end < 0) return [...wrong, `there is no prelude in ${quote(body)}`];
  const prelude = parsed(body.subarray(0, end).toString("utf8"));
  const rest = body.subarray(end + DELIMITER.length);
  if (expected.prelude !== undefined && !isDeepStrictEqual(prelude, expected.prelude))
    wrong.push(`the prelude is ${JSON.stringify(prelude)}, expected ${JSON.stringify(expected.prelude)}`);
  if (expected.has !== undefined) wrong.push(...missing(expected.has, prelude, "prelude"));
  if (expected.body instanceof RegExp) {
    if (!expected.body.test(rest.toString("utf8")))
      wrong.push(`the body is ${quote(rest)}, expected ${expected.body}`);
  } else if (expected.body !== undefined && !bytesOf(expected.body).equals(rest))
    wrong.push(`the body is ${quote(rest)}, expected ${quote(expected.body)}`);
  if (expected.chunks !== undefined && chunks.length < expected.chunks)
    wrong.push(`it came in ${chunks.length} chunks, expected ${expected.chunks} at least`);
  if (expected.trailers === null && trailers.length > 0)
    wrong.push(`there are trailers ${JSON.stringify(trailers)}`);
  if (expected.trailers) {
    const type = valueOf(trailers, "lambda-runtime-function-error-type");
    const document = valueOf(trailers, "lambda-runtime-function-error-body") ?? "";
    const text = Buffer.from(document, "base64").toString("utf8");
    if (type !== expected.trailers.type)
      wrong.push(`the error trailer is ${type}, expected ${expected.trailers.type}`);
    if (!expected.trailers.document.test(text))
      wrong.push(`the error trailer says ${text}, expected ${expected.trailers.document}`);
  }
  return wrong;
}

function journal(expected: Expected, lines: readonly string[]): string[] {
  const wrong: string[] = [];
  let from = 0;
  for (const pattern of expected.journal ?? []) {
    const index = lines.findIndex((line, at) => at >= from && pattern.test(line));
    if (index < 0) wrong.push(`no ${pattern} in its place in:\n${lines.slice(-30).join("\n")}`);
    else from = index + 1;
  }
  const { never, atMost } = expected;
  const unwanted = never && lines.find((line) => never.test(line));
  if (unwanted !== undefined) wrong.push(`there is ${unwanted}`);
  if (atMost !== undefined) {
    const { after } = atMost;
    const counted = after === undefined ? lines : lines.slice(lines.findIndex((line) => after.test(line)));
    const { length } = counted.filter((line) => atMost.lines.test(line));
    if (length > atMost.count)
      wrong.push(`${atMost.lines} ${length} times, expected at most ${atMost.count}`);
  }
  return wrong;
}

/** Members of `part` that `whole` does not have; lists must be equal, members of objects may be more. */
function missing(part: Json, whole: unknown, path: string): string[] {
  if (!isMap(part)) {
    return isDeepStrictEqual(part, whole)
      ? []
      : [`${path} is ${JSON.stringify(whole)}, expected ${JSON.stringify(part)}`];
  }
  if (!isMap(whole)) return [`${path} is ${JSON.stringify(whole)}, expected ${JSON.stringify(part)}`];
  return Object.entries(part).flatMap(([key, value]) => missing(value, whole[key], `${path}.${key}`));
}

function at(value: unknown, path: string): unknown {
  let found = value;
  for (const key of path.split(".")) {
    if (typeof found !== "object" || found === null) return undefined;
    found = (found as Readonly<Record<string, unknown>>)[key];
  }
  return found;
}

function isMap(value: unknown): value is { readonly [key: string]: Json } {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isList<T>(value: T | readonly T[]): value is readonly T[] {
  return Array.isArray(value);
}

function fits(expected: string | RegExp, text: string): boolean {
  return typeof expected === "string" ? expected === text : expected.test(text);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

function toldOf({ kind, message }: Posted): string {
  return `${kind} ${quote(message.body)}`;
}

function shown(value: string | readonly string[] | RegExp | null): string {
  return value instanceof RegExp ? String(value) : JSON.stringify(value);
}

function quote(bytes: Bytes): string {
  const text = bytesOf(bytes).toString("utf8");
  return JSON.stringify(text.length > 400 ? `${text.slice(0, 400)}...` : text);
}
