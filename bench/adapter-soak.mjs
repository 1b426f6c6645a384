// 200,000 invocations of mixed doors and sizes through the adapter, failures and streams among them: every answer is
// what it must be, and the adapter's memory is flat after the first tenth.
// With --plain the adapter neither streams nor compresses, as it comes.
//   node bench/adapter-soak.mjs [--engine node|native] [--invocations N] [--growth RATIO] [--plain]
import { spawn } from "node:child_process";
import { createServer } from "node:http";
import { parseArgs } from "node:util";
import { randomOf } from "./lib/content.mjs";
import { faultOf, mixedInvocations } from "./lib/mixed.mjs";
import { engines, residentMb, root, startApp } from "./lib/programs.mjs";
import { mb, report } from "./lib/report.mjs";

const { values } = parseArgs({
  options: {
    engine: { type: "string", default: "node" },
    invocations: { type: "string", default: "200000" },
    growth: { type: "string" },
    plain: { type: "boolean", default: false },
  },
});
const invocations = Number(values.invocations);
const engine = engines[values.engine];
// V8 takes and gives back as it pleases; the native engine's memory must stand still.
const allowedGrowth = Number(values.growth ?? (values.engine === "native" ? 1.05 : 1.1));
if (engine === undefined || !(invocations >= 10) || !(allowedGrowth > 1)) {
  console.error(
    "Usage: node bench/adapter-soak.mjs [--engine node|native] [--invocations N] [--growth RATIO] [--plain]",
  );
  process.exit(2);
}
const points = [invocations / 10, invocations / 2, invocations].map(Math.floor);

const invocationOf = mixedInvocations(randomOf(1), !values.plain);

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
    ...(!values.plain && { AWS_LWA_INVOKE_MODE: "response_stream", AWS_LWA_ENABLE_COMPRESSION: "true" }),
  },
  stdio: ["ignore", "ignore", "inherit"],
});
child.on("exit", (code) => {
  console.error(`The adapter ended with ${code}`);
  process.exit(1);
});

const seen = new Map();
const errors = [];
let errorCount = 0;
const memory = [];
let recent = [];
const begin = performance.now();
/** A look at the memory each so many invocations; 21 of them before the first point at the least. */
const every = Math.max(1, Math.min(100, Math.floor(invocations / 210)));

for (let i = 1; i <= invocations; i++) {
  const planned = invocationOf();
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
  `adapter-soak-${values.engine}${values.plain ? "-plain" : ""}`,
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
