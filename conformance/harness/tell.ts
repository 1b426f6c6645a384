/** What is expected, in the few words that a cell of a table holds. */
import { bytesOf } from "./messages.ts";
import { listOf } from "./play.ts";
import type { AnswerExpected, Bytes, Expected, Json, RequestExpected, StreamExpected } from "./scenario.ts";

/** Characters of a value that a cell shows. */
const MAX_SHOWN = 110;

export function tell(expected: Expected): string {
  const told: string[] = [];
  if (expected.ended !== undefined)
    told.push(
      typeof expected.ended === "number" ? `ends with ${expected.ended}` : `dies of ${expected.ended}`,
    );
  if (expected.hangs === true) told.push("hangs");
  if (expected.request !== undefined) told.push(requests(listOf(expected.request)));
  if (expected.error !== undefined) told.push(failure(expected.error));
  if (expected.stream !== undefined) told.push(stream(expected.stream));
  if (expected.answer !== undefined) told.push(answers(listOf(expected.answer)));
  if (expected.connections !== undefined) told.push(connections(expected.connections));
  if (told.length === 0 || expected.request === undefined) told.push(...journal(expected));
  return told.filter((one) => one !== "").join("; ") || "goes on";
}

function requests(all: readonly RequestExpected[]): string {
  if (all.length === 0) return "the app is not asked";
  const told = all.map(request).filter((one) => one !== "");
  return told.length === 0 ? "" : `app sees ${told.join(", then ")}`;
}

function request({ line, headers, body, connection }: RequestExpected): string {
  const told: string[] = [];
  if (line !== undefined) told.push(code(textOf(line)));
  for (const [name, value] of Object.entries(headers ?? {})) {
    if (value === null) told.push(`no ${code(name)}`);
    else if (value instanceof RegExp) told.push(`${code(name)} like ${code(textOf(value))}`);
    else told.push(...listOf(value).map((one) => code(`${name}: ${one}`)));
  }
  if (body !== undefined) told.push(bytesOf(body).length === 0 ? "no body" : `the body ${bytes(body)}`);
  if (connection !== undefined) told.push(`over connection ${connection + 1}`);
  return told.join(" ");
}

function connections({ atLeast, atMost }: NonNullable<Expected["connections"]>): string {
  return `over ${atLeast === atMost ? atLeast : `${atLeast} to ${atMost}`} connections`;
}

function failure({ type, message, document }: NonNullable<Expected["error"]>): string {
  const told = ["the invocation fails"];
  if (type !== undefined) told.push(`as ${code(textOf(type))}`);
  if (message !== undefined) told.push(`with ${code(textOf(message))}`);
  if (document !== undefined) told.push(`with ${json(document)}`);
  return told.join(" ");
}

function stream({ prelude, has, body, trailers }: StreamExpected): string {
  const told = ["streams"];
  const head = prelude ?? has;
  if (head !== undefined) told.push(json(head));
  if (body instanceof RegExp) told.push(`body like ${code(textOf(body))}`);
  else if (body !== undefined) told.push(`body ${bytes(body)}`);
  if (trailers) told.push(`trailers ${code(trailers.type)}`);
  return told.join(" ");
}

function answers(all: readonly AnswerExpected[]): string {
  const told = all.map(answer).filter((one) => one !== "");
  return [...new Set(told)].join(", then ");
}

function answer({ is, has, lacks, bytes: exactly, match, inflated }: AnswerExpected): string {
  const told: string[] = [];
  const part = is ?? has;
  if (part !== undefined) told.push(json(part));
  if (exactly !== undefined) told.push(bytes(exactly));
  if (match !== undefined) told.push(`like ${code(textOf(match))}`);
  if (inflated !== undefined) told.push(`inflates to ${bytes(inflated)}`);
  if (lacks !== undefined) told.push(`no ${lacks.map(code).join(", ")}`);
  return told.length === 0 ? "" : `answer ${told.join(" ")}`;
}

function journal({ journal: lines, never, atMost }: Expected): string[] {
  const told: string[] = [];
  if (lines !== undefined && lines.length > 0) told.push(lines.map((line) => code(textOf(line))).join(", "));
  if (never !== undefined) told.push(`never ${code(textOf(never))}`);
  if (atMost !== undefined) told.push(`${code(textOf(atMost.lines))} ${atMost.count} times at most`);
  return told;
}

/** Of a pattern what it means to a reader, not to an engine. */
function textOf(pattern: string | RegExp): string {
  if (typeof pattern === "string") return pattern;
  return pattern.source
    .replace(/^\^/, "")
    .replace(/\$$/, "")
    .replaceAll(/\\([^\w])/g, "$1")
    .replaceAll(".*", " … ")
    .trim();
}

function json(value: Json): string {
  return code(JSON.stringify(value));
}

function bytes(value: Bytes): string {
  const text = bytesOf(value).toString("utf8");
  return /[^\t\n\r\x20-\u{10fffe}]|\ufffd/u.test(text) ? code(bytesOf(value).toString("hex")) : code(text);
}

/** As code in a cell: one line, bars escaped, cut when long. */
function code(text: string): string {
  const line = text.replaceAll("\r", "\\r").replaceAll("\n", "\\n");
  const cut = line.length > MAX_SHOWN ? `${line.slice(0, MAX_SHOWN)}…` : line;
  const escaped = cut.replaceAll("|", "\\|");
  return escaped.includes("`") ? `\`\` ${escaped} \`\`` : `\`${escaped}\``;
}
