// What a request pays for passing through the local Lambda: listener, Runtime API, adapter, and back; with the dashboard, as
// it is by default, and without. AWS's Runtime Interface Emulator takes part when it runs already, with the same adapter
// and app, and its invoke URL and process id are given. Its output should go into a file, as ours does:
//   cp dist/native/linux-x64/lambda-adapter /opt/extensions/
//   PORT=8081 AWS_LWA_PORT=8081 aws-lambda-rie --runtime-interface-emulator-address 127.0.0.1:8080 \
//     --runtime-api-address 127.0.0.1:9001 node bench/apps/hello.mjs > rie.log 2>&1 &
//   ANYLAMBDA_BENCH_RIE=http://127.0.0.1:8080/2015-03-31/functions/function/invocations \
//     ANYLAMBDA_BENCH_RIE_PID=$! node bench/end-to-end.mjs
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openClient, statusOf } from "./lib/client.mjs";
import { cpuUs, descendants, helloApp, residentMb, startApp, startDev } from "./lib/programs.mjs";
import { alternate, mb, pairedRatio, percentile, report, us } from "./lib/report.mjs";

const rounds = 60;
const perRound = 50;
const warmUp = 300;

const logs = mkdtempSync(join(tmpdir(), "anylambda-bench-"));
const devOf = (name, options = []) =>
  startDev(["node", helloApp], ["--adapter", "native", ...options], { log: join(logs, name) });
const app = await startApp(helloApp);
const dev = await devOf("dev");
const bare = await devOf("bare", ["--no-dashboard"]);
const subjects = [
  await subject("app alone", app),
  await subject("through anylambda dev", dev),
  await subject("the same without the dashboard", bare),
];
const { ANYLAMBDA_BENCH_RIE: rie, ANYLAMBDA_BENCH_RIE_PID: riePid } = process.env;
if (rie !== undefined) subjects.push(await emulator(rie, Number(riePid)));

const cpu = new Map(subjects.map(({ name }) => [name, []]));
const pidOf = new Map(subjects.map(({ name, pid }) => [name, pid]));
const onRound = (name, begins) => {
  const now = cpuUs(pidOf.get(name));
  const own = cpu.get(name);
  if (begins) own.push(-now);
  else own[own.length - 1] = (own.at(-1) + now) / perRound;
};
const samples = await alternate(subjects, rounds, perRound, { warmUp, onRound });
const base = subjects.at(-1).name;
report(
  "end-to-end",
  `GET, ${rounds * perRound} each after ${warmUp} to warm up, in alternating rounds of ${perRound}, one client connection. ` +
    "CPU of the process that is named, for each invocation; ratios are medians over the rounds.",
  ["subject", "p50", "p99", `p50, ratio to ${base}`, "CPU"],
  subjects.map(({ name }) => {
    const own = samples.get(name);
    const ratio = pairedRatio(own, samples.get(base), perRound).toFixed(2);
    return [
      name,
      us(percentile(own, 0.5)),
      us(percentile(own, 0.99)),
      ratio,
      `${Math.round(percentile(cpu.get(name), 0.5))} us`,
    ];
  }),
  { ...Object.fromEntries(samples), cpu: Object.fromEntries(cpu) },
);

const below = descendants(dev.pid);
const memory = [
  ["sandbox (the command itself)", dev.pid],
  ["the same without the dashboard", bare.pid],
  ["native adapter", below.find(({ commandLine }) => commandLine.includes("lambda-adapter"))?.pid],
  ["the app", below.find(({ commandLine }) => commandLine.includes("hello.mjs"))?.pid],
];
report(
  "memory",
  `Resident memory after ${warmUp + rounds * perRound} invocations.`,
  ["process", "resident"],
  memory.map(([name, pid]) => [name, mb(residentMb(pid))]),
  memory,
);

for (const { close } of subjects) close();
await Promise.all([dev.stop(), bare.stop(), app.stop()]);
rmSync(logs, { recursive: true });

async function subject(name, { url, pid }) {
  const client = await openClient(url);
  const request = client.get("/");
  return { name, pid, once: async () => check(await client.ask(request)), close: client.close };
}

async function emulator(url, pid) {
  const client = await openClient(url);
  const headers = { host: "abc.lambda-url.us-east-1.on.aws" };
  const http = { method: "GET", path: "/", protocol: "HTTP/1.1", sourceIp: "127.0.0.1", userAgent: "" };
  const context = {
    accountId: "anonymous",
    apiId: "abc",
    domainName: headers.host,
    domainPrefix: "abc",
    http,
  };
  const more = {
    requestId: "1",
    routeKey: "$default",
    stage: "$default",
    time: "01/Jan/2026:00:00:00 +0000",
    timeEpoch: 1,
  };
  const event = { version: "2.0", routeKey: "$default", rawPath: "/", rawQueryString: "", headers };
  const body = JSON.stringify({ ...event, requestContext: { ...context, ...more }, isBase64Encoded: false });
  const request = client.post(new URL(url).pathname, body);
  return {
    name: "AWS's RIE",
    pid,
    once: async () => check(await client.ask(request)),
    close: client.close,
  };
}

function check(response) {
  if (statusOf(response) !== 200)
    throw new Error(`unexpected answer: ${response.toString("latin1", 0, 200)}`);
}
