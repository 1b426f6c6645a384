// 200,000 invocations of mixed doors and sizes through the adapter, failures and streams among them: every answer is
// what it must be, and the adapter's memory is flat after the first tenth.
//   node bench/adapter-soak.mjs [--engine node|native] [--invocations N]
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { createServer } from "node:http";
import { parseArgs } from "node:util";
import { brotliDecompressSync } from "node:zlib";
import { content, randomOf } from "./lib/content.mjs";
import { engines, residentMb, root, startApp } from "./lib/programs.mjs";
import { mb, report } from "./lib/report.mjs";

const { values } = parseArgs({
  options: {
    engine: { type: "string", default: "node" },
    invocations: { type: "string", default: "200000" },
  },
});
const invocations = Number(values.invocations);
const engine = engines[values.engine];
if (engine === undefined || !(invocations >= 10)) {
  console.error("Usage: node bench/adapter-soak.mjs [--engine node|native] [--invocations N]");
  process.exit(2);
}
const points = [invocations / 10, invocations / 2, invocations].map(Math.floor);
// V8 takes and gives back as it pleases; the native engine's memory must stand still.
const allowedGrowth = values.engine === "native" ? 1.05 : 1.1;

const random = randomOf(1);
const upTo = (n) => random() % n;
const chance = (percent) => upTo(100) < percent;

// What the Runtime API is waiting for: the poll to answer, and the post that ends the invocation.
const waiting = { poll: undefined, onPoll: undefined, onPost: undefined };
const api = createServer((request, response) => {
  if (request.url.endsWith("/invocation/next")) {
    if (waiting.onPoll === undefined) waiting.poll = response;
    else waiting.onPoll(response);
    waiting.onPoll = undefined;
    return;
  }
  if (request.url.endsWith("/event/next")) return;
  const pieces = [];
  request.on("data", (piece) => pieces.push(piece));
  request.on("end", () => {
    if (request.url.endsWith("/register")) response.setHeader("lambda-extension-identifier", "soak");
    else response.statusCode = 202;
    response.end('{"status":"OK"}\n');
    const [, id, kind] = /invocation\/(.+)\/(response|error)$/.exec(request.url) ?? [];
    if (kind === undefined) return;
    const { headers, trailers } = request;
    waiting.onPost?.({ id, kind, body: Buffer.concat(pieces), headers, trailers });
  });
});
api.keepAliveTimeout = 0;
await new Promise((resolve) => api.listen(0, "127.0.0.1", resolve));

const app = await startApp(`${root}/bench/apps/planned.mjs`);
const child = spawn(engine.file, engine.args, {
  env: {
    AWS_LAMBDA_RUNTIME_API: `127.0.0.1:${api.address().port}`,
    AWS_LAMBDA_FUNCTION_NAME: "soak",
    AWS_LWA_PORT: new URL(app.url).port,
    AWS_LWA_INVOKE_MODE: "response_stream",
    AWS_LWA_ENABLE_COMPRESSION: "true",
  },
  stdio: ["ignore", "ignore", "inherit"],
});
child.on("exit", (code) => {
  console.error(`The adapter ended with ${code}`);
  process.exit(1);
});

const doors = [
  "url",
  "url",
  "http2",
  "rest",
  "http1",
  "alb",
  "alb-multi",
  "lattice1",
  "lattice2",
  "sqs",
  "direct",
];
const seen = new Map();
const errors = [];
let errorCount = 0;
const memory = [];
let recent = [];
const begin = performance.now();
/** A look at the memory each so many invocations; 21 of them before the first point at the least. */
const every = Math.max(1, Math.min(100, Math.floor(invocations / 210)));

for (let i = 1; i <= invocations; i++) {
  const planned = plan();
  const id = `soak-${i}`;
  const poll = waiting.poll ?? (await new Promise((resolve) => (waiting.onPoll = resolve)));
  waiting.poll = undefined;
  const posted = new Promise((resolve) => (waiting.onPost = resolve));
  poll.writeHead(200, {
    "lambda-runtime-aws-request-id": id,
    "lambda-runtime-deadline-ms": String(Date.now() + 60_000),
    "lambda-runtime-invoked-function-arn": "arn:aws:lambda:us-east-1:123456789012:function:soak",
  });
  poll.end(planned.event);
  const outcome = await posted;
  const wrong = outcome.id === id ? faultOf(planned, outcome) : `the answer is for ${outcome.id}`;
  const expected = planned.expected ?? "answered";
  seen.set(expected, (seen.get(expected) ?? 0) + 1);
  if (wrong !== undefined) {
    errorCount++;
    if (errors.length < 10) errors.push(`${id} ${planned.door} ${JSON.stringify(planned.plan)}: ${wrong}`);
  }
  if (i % every === 0) recent = [...recent.slice(-20), residentMb(child.pid)];
  if (points.includes(i)) memory.push(recent.toSorted((a, b) => a - b)[Math.floor(recent.length / 2)]);
}
const seconds = (performance.now() - begin) / 1000;
child.removeAllListeners("exit");
child.kill("SIGKILL");
api.closeAllConnections();
api.close();
await app.stop();

const growth = Math.max(...memory) / memory[0];
const kinds = [...seen].toSorted(([, a], [, b]) => b - a).map(([kind, count]) => `${count} ${kind}`);
report(
  `adapter-soak-${values.engine}`,
  `${invocations} invocations of mixed doors and sizes in ${seconds.toFixed(0)} s, ${errorCount} wrong answers ` +
    `(${kinds.join(", ")}). Memory is the median of 21 looks, one every ${every} invocations.`,
  ["process", ...points.map((point) => `after ${point}`), "largest growth"],
  [[engine.name, ...memory.map(mb), growth.toFixed(3)]],
  { engine: values.engine, points, memory, growth, seconds, seen: Object.fromEntries(seen), errors },
);
for (const error of errors) console.error(error);
if (errorCount > 0 || growth > allowedGrowth) {
  console.error("\nThe soak failed: see above.");
  process.exit(1);
}

/** One invocation: its event, and what must come of it. */
function plan() {
  const door = doors[upTo(doors.length)];
  const isEvent = door === "sqs" || door === "direct";
  if (chance(1)) return { door, event: '{"no": json', expected: "Adapter.InvalidEvent" };
  const request = content({ size: sizeOf(), from: upTo(1 << 20), text: chance(50) });
  const answer = {
    status: [200, 200, 200, 201, 404, 500][upTo(6)],
    size: sizeOf(),
    from: upTo(1 << 20),
    text: chance(50),
    how: chance(2) ? ["hang up", "cut"][upTo(2)] : ["whole", "chunked"][upTo(2)],
    close: chance(5),
  };
  // A load balancer's limit of 1 MB is met on either side of where it lies.
  const isAlb = door.startsWith("alb");
  const tooLarge = isAlb && !answer.text && answer.size > 700_000;
  if (tooLarge) answer.size = Math.max(answer.size, 800_000);
  const compressed = !isEvent && answer.how !== "cut" && answer.size < 20_000 && chance(20);
  const json = JSON.stringify(answer);
  const streamed = door === "url" || door === "rest";
  let expected;
  if (answer.how === "hang up" || (answer.how === "cut" && !streamed))
    expected = "Adapter.AppClosedConnection";
  else if (answer.how === "cut") expected = "cut stream";
  else if (isEvent && answer.status === 500) expected = "Adapter.AppErrorStatus";
  else if (tooLarge) expected = "Adapter.ResponseTooLarge";
  const event = JSON.stringify(eventOf(door, json, request, compressed));
  return { door, event, request, plan: answer, expected, streamed };
}

/** Mostly small, as requests are; up to 1 MB. */
function sizeOf() {
  const dice = upTo(1000);
  if (dice < 200) return 0;
  if (dice < 550) return upTo(200);
  if (dice < 850) return upTo(8_000);
  if (dice < 970) return upTo(64_000);
  return dice < 995 ? upTo(256_000) : upTo(1_000_000);
}

function eventOf(door, planJson, request, compressed) {
  const headers = {
    host: "soak.example",
    "x-plan": planJson,
    cookie: "a=1; b=2",
    ...(compressed && { "accept-encoding": "gzip, br" }),
  };
  const multi = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, [value]]));
  const payload = { body: request.toString("base64"), isBase64Encoded: true };
  const path = "/soak/é";
  const query = "a=1&b=%26";
  switch (door) {
    case "url":
    case "http2": {
      const domainName =
        door === "url" ? "x.lambda-url.us-east-1.on.aws" : "x.execute-api.us-east-1.amazonaws.com";
      const http = { method: "POST", path, protocol: "HTTP/1.1", sourceIp: "192.0.2.1", userAgent: "soak" };
      const requestContext = { accountId: "123456789012", domainName, http, stage: "$default" };
      return { version: "2.0", rawPath: path, rawQueryString: query, headers, requestContext, ...payload };
    }
    case "rest":
    case "http1": {
      const requestContext = { httpMethod: "POST", resourcePath: "/{proxy+}", stage: "test", identity: {} };
      const own = door === "rest" ? {} : { version: "1.0" };
      const maps = { headers, multiValueHeaders: multi, queryStringParameters: { a: "1" } };
      return { ...own, resource: "/{proxy+}", path, httpMethod: "POST", ...maps, requestContext, ...payload };
    }
    case "alb":
      return { requestContext: { elb: {} }, httpMethod: "POST", path, headers, ...payload };
    case "alb-multi":
      return { requestContext: { elb: {} }, httpMethod: "POST", path, multiValueHeaders: multi, ...payload };
    case "lattice1":
      return { raw_path: path, method: "POST", headers, body: payload.body, is_base64_encoded: true };
    case "lattice2": {
      const requestContext = { serviceArn: "arn:aws:vpc-lattice:x" };
      return { version: "2.0", path, method: "POST", headers: multi, requestContext, ...payload };
    }
    case "sqs":
      return { Records: [{ eventSource: "aws:sqs", body: payload.body }], plan: planJson };
    default:
      return { plan: planJson, data: payload.body };
  }
}

/** What is wrong with the outcome; `undefined` when nothing is. */
function faultOf({ door, event, request, plan: answer, expected, streamed }, outcome) {
  const { kind, body, headers, trailers } = outcome;
  if (expected !== undefined && expected !== "cut stream") {
    const type = headers["lambda-runtime-function-error-type"];
    return kind === "error" && type === expected ? undefined : `${kind} ${type} instead of ${expected}`;
  }
  if (kind !== "response") return `failed: ${body.toString("utf8", 0, 300)}`;
  if (door === "sqs" || door === "direct") {
    const { sha, own } = JSON.parse(body);
    if (sha !== shaOf(event)) return "the app got another event";
    return sameBytes(Buffer.from(own, "base64"), content(answer));
  }
  const { status, received, encoding, bytes } = streamed ? readStream(body) : readAnswer(body);
  const trailer = trailers["lambda-runtime-function-error-type"];
  const ended = expected === "cut stream" ? "Adapter.AppClosedConnection" : undefined;
  if (trailer !== ended) return `trailer ${trailer} instead of ${ended}`;
  if (status !== answer.status) return `status ${status}`;
  if (received !== shaOf(request)) return "the app got another body";
  const plain = encoding === "br" ? brotliDecompressSync(bytes) : bytes;
  return sameBytes(plain, content(answer));
}

function readStream(body) {
  const at = body.indexOf(0);
  const { statusCode, headers, multiValueHeaders } = JSON.parse(body.subarray(0, at));
  return { status: statusCode, ...fieldsOf(headers, multiValueHeaders), bytes: body.subarray(at + 8) };
}

function readAnswer(json) {
  const { statusCode, headers, multiValueHeaders, body, isBase64Encoded } = JSON.parse(json);
  const bytes = Buffer.from(body, isBase64Encoded ? "base64" : "utf8");
  return { status: statusCode, ...fieldsOf(headers, multiValueHeaders), bytes };
}

function fieldsOf(headers, multiValueHeaders) {
  const valueOf = (name) => headers?.[name] ?? multiValueHeaders?.[name]?.[0];
  return { received: valueOf("x-received"), encoding: valueOf("content-encoding") };
}

function sameBytes(got, wanted) {
  return shaOf(got) === shaOf(wanted) ? undefined : `${got.length} other bytes instead of ${wanted.length}`;
}

function shaOf(bytes) {
  return createHash("sha256").update(bytes).digest("hex");
}
