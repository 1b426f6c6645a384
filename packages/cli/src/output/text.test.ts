import type { SandboxEvent } from "@anylambda/sandbox";
import { describe, expect, it } from "vitest";
import { jsonReporter } from "./json.ts";
import type { CommandNotice, Notice } from "./notice.ts";
import { inColour, inPlain, type Paint, paintFor } from "./paint.ts";
import { textReporter } from "./text.ts";

const at = { time: new Date("2026-11-22T10:00:00Z"), environment: "e1", environmentNumber: 1 };
const report = { requestId: "r1", status: "success", durationMs: 1.5, billedDurationMs: 2 } as const;

const events: SandboxEvent[] = [
  { ...at, type: "initStart" },
  { ...at, type: "log", source: { kind: "function" }, stream: "stdout", line: "from the app" },
  {
    ...at,
    type: "log",
    source: { kind: "extension", name: "lambda-adapter" },
    stream: "stderr",
    line: "from us",
  },
  {
    ...at,
    type: "log",
    source: { kind: "extension", name: "other" },
    stream: "stdout",
    line: "from another",
  },
  { ...at, type: "start", requestId: "r1", version: "$LATEST" },
  { ...at, type: "end", requestId: "r1" },
  { ...at, type: "report", ...report, memorySizeMb: 512, maxMemoryUsedMb: 90, initDurationMs: 100 },
];
const own: CommandNotice[] = [
  {
    type: "starting",
    name: "shop",
    command: "node x.js",
    appPort: 4000,
    memorySizeMb: 512,
    timeoutSeconds: 30,
  },
  {
    type: "listening",
    url: "http://127.0.0.1:3000/",
    doors: [{ door: "function-url", url: "http://127.0.0.1:3000/" }],
    queues: [],
    invokeUrl: "http://127.0.0.1:4001",
    name: "shop",
    dashboardUrl: "http://127.0.0.1:4002/#secret",
  },
  { type: "stopping", signal: "SIGINT" },
  { type: "warning", message: "careful" },
  { type: "failure", message: "It broke", hint: "Mend it.", lines: ["last words"] },
];

function told(notices: readonly Notice[], paint: Paint, quiet = false): { out: string; complaints: string } {
  let out = "";
  let complaints = "";
  const reporter = textReporter({
    write: (text) => (out += text),
    complain: (text) => (complaints += text),
    paint,
    quiet,
  });
  for (const notice of notices) reporter.tell(notice);
  return { out, complaints };
}

describe("textReporter", () => {
  it("tells who said what", () => {
    expect(told([...own, ...events], inPlain)).toMatchSnapshot();
  });
  it("tells only the app's words, the address and complaints when quiet", () => {
    expect(told([...own, ...events], inPlain, true)).toMatchSnapshot();
  });
  it("names the doors when there are several, or another than a Function URL", () => {
    const listening = {
      type: "listening",
      url: "http://127.0.0.1:3000/",
      doors: [
        { door: "function-url", url: "http://127.0.0.1:3000/" },
        { door: "rest", url: "http://127.0.0.1:3001/prod/" },
      ],
      queues: [],
      invokeUrl: "http://127.0.0.1:4001",
      name: "shop",
    } as const;
    expect(told([listening], inPlain, true).out).toBe(
      "\n  http://127.0.0.1:3000/       function-url  Ctrl-C ends it\n  http://127.0.0.1:3001/prod/  rest\n\n",
    );
    expect(told([{ ...listening, doors: listening.doors.slice(1) }], inPlain, true).out).toBe(
      "\n  http://127.0.0.1:3001/prod/  rest          Ctrl-C ends it\n\n",
    );
    const withQueue = { ...listening, doors: [{ door: "function-url", url: "u" }], queues: ["/tmp/orders"] };
    expect(told([withQueue], inPlain, true).out).toBe(
      "\n  u  Ctrl-C ends it\n  /tmp/orders  files here become SQS messages\n\n",
    );
  });
  it("says whose addresses are told where there are several functions", () => {
    const doors = [{ door: "function-url", url: "http://127.0.0.1:3000/" }];
    const of = (name: string, more: object = {}) =>
      ({
        type: "listening",
        url: "",
        doors,
        queues: [],
        invokeUrl: "http://127.0.0.1:4001",
        name,
        function: name,
        ...more,
      }) as const;
    expect(told([of("api"), of("worker", { doors: [] })], inPlain).out).toMatchInlineSnapshot(`
      "
        api
        http://127.0.0.1:3000/  Ctrl-C ends it
        aws lambda invoke --endpoint-url http://127.0.0.1:4001 --function-name api answer.json

        worker
        aws lambda invoke --endpoint-url http://127.0.0.1:4001 --function-name worker answer.json

      "
    `);
  });
  it("numbers the environments beyond the first", () => {
    const line = {
      ...at,
      type: "log",
      source: { kind: "function" },
      stream: "stdout",
      line: "hello",
    } as const;
    const numbered = [1, 2, 1].map((environmentNumber) => ({ ...line, environmentNumber }));
    const start = {
      ...at,
      type: "start",
      requestId: "r1",
      version: "$LATEST",
      environmentNumber: 2,
    } as const;
    expect(told([...numbered, start], inPlain).out).toBe(
      "app     │ hello\napp 2     │ hello\napp       │ hello\nlambda 2  │ START RequestId: r1 Version: $LATEST\n",
    );
  });
  it("says the same in colour", () => {
    const coloured = told([...own, ...events], inColour);
    // oxlint-disable-next-line no-control-regex -- that is how colours begin
    const plain = coloured.out.replaceAll(/\u001b\[\d+m/g, "");
    expect(plain).toBe(told([...own, ...events], inPlain).out);
    expect(coloured.out).not.toBe(plain);
  });
});

describe("jsonReporter", () => {
  it("writes one object a line, the sandbox's own time kept", () => {
    let out = "";
    const reporter = jsonReporter((text) => (out += text));
    for (const notice of [...own, ...events]) reporter.tell(notice);
    const lines = out
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(lines.map(({ type }) => type)).toEqual([...own, ...events].map(({ type }) => type));
    expect(lines.at(-1)).toMatchObject({
      time: at.time.toISOString(),
      text: expect.stringMatching(/^REPORT/),
    });
  });
});

describe("paintFor", () => {
  const terminal = { isTTY: true };
  it("paints on a terminal only, and not when NO_COLOR says so", () => {
    expect(paintFor(terminal, {})).toBe(inColour);
    expect(paintFor(terminal, { NO_COLOR: "" })).toBe(inColour);
    expect(paintFor({}, {})).toBe(inPlain);
    expect(paintFor(terminal, { NO_COLOR: "1" })).toBe(inPlain);
    expect(paintFor(terminal, { TERM: "dumb" })).toBe(inPlain);
  });
});
