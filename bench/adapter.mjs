// The adapter by itself: from an event handed out by a Runtime API to its answer posted there, with a tiny app.
// The native adapter takes part when it is built; LWA's binary can be named in ANYLAMBDA_BENCH_LWA. All run in the same,
// alternating rounds.
import { spawn } from "node:child_process";
import { existsSync, statSync } from "node:fs";
import { createServer } from "node:http";
import { adapter, cpuMs, helloApp, nativeAdapter, residentMb, startApp } from "./lib/programs.mjs";
import { alternate, mb, percentile, report, us } from "./lib/report.mjs";

const rounds = 10;
const perRound = 300;
const starts = 15;

const app = await startApp(helloApp);
const binaries = [{ name: "adapter on Node", file: process.execPath, args: [adapter], shipped: adapter }];
if (existsSync(nativeAdapter)) binaries.push({ name: "native adapter", file: nativeAdapter, args: [] });
if (process.env.ANYLAMBDA_BENCH_LWA !== undefined)
  binaries.push({ name: "LWA", file: process.env.ANYLAMBDA_BENCH_LWA, args: [] });

const startMs = new Map(binaries.map(({ name }) => [name, []]));
for (let i = 0; i < starts; i++)
  for (const binary of binaries) {
    const started = await start(binary);
    startMs.get(binary.name).push(started.startMs);
    started.stop();
  }
const subjects = [];
for (const binary of binaries) subjects.push(await start(binary));
const samples = await alternate(subjects, rounds, perRound);
report(
  "adapter",
  `Function URL event, GET, ${rounds * perRound} each in alternating rounds, ${starts} alternating starts (median); ` +
    "the app is a small Node server.",
  ["subject", "p50", "p99", "CPU", "spawn to first /next", "resident after", "size"],
  subjects.map(({ name, pid, file }) => {
    const own = samples.get(name);
    return [
      name,
      us(percentile(own, 0.5)),
      us(percentile(own, 0.99)),
      us(cpuMs(pid) / ((rounds + 1) * perRound)),
      `${percentile(startMs.get(name), 0.5).toFixed(1)} ms`,
      mb(residentMb(pid)),
      `${(statSync(file).size / 1e6).toFixed(2)} MB`,
    ];
  }),
  Object.fromEntries(samples),
);
for (const { stop } of subjects) stop();
await app.stop();

/** An adapter on a Runtime API of its own that hands out an event whenever `once` is called. */
async function start({ name, file, args, shipped = file }) {
  // What waits at the Runtime API: the parked poll, and whoever waits for there to be one.
  const waiting = { poll: undefined, caller: undefined };
  let firstNext;
  let answered;
  const polled = new Promise((resolve) => (firstNext = resolve));
  const event = JSON.stringify({
    version: "2.0",
    routeKey: "$default",
    rawPath: "/",
    rawQueryString: "",
    headers: { host: "abc.lambda-url.us-east-1.on.aws", accept: "*/*", "user-agent": "bench" },
    requestContext: {
      accountId: "anonymous",
      apiId: "abc",
      domainName: "abc.lambda-url.us-east-1.on.aws",
      domainPrefix: "abc",
      http: { method: "GET", path: "/", protocol: "HTTP/1.1", sourceIp: "127.0.0.1", userAgent: "bench" },
      requestId: "1",
      routeKey: "$default",
      stage: "$default",
      time: "01/Jan/2026:00:00:00 +0000",
      timeEpoch: 1767225600000,
    },
    isBase64Encoded: false,
  });
  const server = createServer((request, response) => {
    if (request.url.endsWith("/invocation/next")) {
      firstNext();
      if (waiting.caller === undefined) waiting.poll = response;
      else waiting.caller(response);
      waiting.caller = undefined;
      return;
    }
    if (request.url.endsWith("/event/next")) return;
    if (request.url.endsWith("/register")) response.setHeader("lambda-extension-identifier", "bench");
    else if (request.url.endsWith("/error")) answered?.reject(new Error(`${name} posted an error`));
    request.resume().on("end", () => {
      if (request.url.endsWith("/response")) {
        response.statusCode = 202;
        answered?.resolve();
      }
      response.end('{"status":"OK"}\n');
    });
  });
  server.keepAliveTimeout = 0;
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const env = {
    AWS_LAMBDA_RUNTIME_API: `127.0.0.1:${server.address().port}`,
    AWS_LAMBDA_FUNCTION_NAME: "bench",
    AWS_LAMBDA_FUNCTION_VERSION: "$LATEST",
    AWS_LAMBDA_FUNCTION_MEMORY_SIZE: "1024",
    PORT: new URL(app.url).port,
  };
  const begin = performance.now();
  const child = spawn(file, args, { env, stdio: ["ignore", "ignore", "inherit"] });
  await polled;
  const startMs = performance.now() - begin;

  const once = async () => {
    const response = waiting.poll ?? (await new Promise((resolve) => (waiting.caller = resolve)));
    waiting.poll = undefined;
    const done = new Promise((resolve, reject) => (answered = { resolve, reject }));
    response.writeHead(200, {
      "content-type": "application/json",
      "lambda-runtime-aws-request-id": "8476a536-e9f4-11e8-9739-2dfe598c3fcd",
      "lambda-runtime-deadline-ms": String(Date.now() + 30_000),
      "lambda-runtime-invoked-function-arn": "arn:aws:lambda:us-east-1:123456789012:function:bench",
      "lambda-runtime-trace-id": "Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700;Parent=9a9197af755a6419;Sampled=0",
    });
    response.end(event);
    await done;
  };
  const stop = () => {
    child.kill("SIGKILL");
    server.closeAllConnections();
    server.close();
  };
  return { name, pid: child.pid, file: shipped, startMs, once, stop };
}
