// What a request pays for passing through the local Lambda: listener, Runtime API, adapter, and back.
// A Runtime Interface Emulator that already runs can be named by its invoke URL in ANYLAMBDA_BENCH_RIE.
import { openClient, statusOf } from "./lib/client.mjs";
import { descendants, helloApp, residentMb, startApp, startDev } from "./lib/programs.mjs";
import { alternate, mb, percentile, report, us } from "./lib/report.mjs";

const rounds = 10;
const perRound = 300;

const app = await startApp(helloApp);
const dev = await startDev(["node", helloApp], ["--adapter", "native"]);
const subjects = [await subject("app alone", app.url), await subject("through anylambda dev", dev.url)];
if (process.env.ANYLAMBDA_BENCH_RIE !== undefined)
  subjects.push(await emulator(process.env.ANYLAMBDA_BENCH_RIE));

const samples = await alternate(subjects, rounds, perRound);
const floor = percentile(samples.get("app alone"), 0.5);
report(
  "end-to-end",
  `GET, ${rounds * perRound} each in alternating rounds, one client connection.`,
  ["subject", "p50", "p99", "p50 beyond the app alone"],
  subjects.map(({ name }) => {
    const own = samples.get(name);
    return [name, us(percentile(own, 0.5)), us(percentile(own, 0.99)), us(percentile(own, 0.5) - floor)];
  }),
  Object.fromEntries(samples),
);

const below = descendants(dev.pid);
const memory = [
  ["sandbox (the command itself)", dev.pid],
  ["native adapter", below.find(({ commandLine }) => commandLine.includes("lambda-adapter"))?.pid],
  ["the app", below.find(({ commandLine }) => commandLine.includes("hello.mjs"))?.pid],
];
report(
  "memory",
  `Resident memory after ${(rounds + 1) * perRound} invocations.`,
  ["process", "resident"],
  memory.map(([name, pid]) => [name, mb(residentMb(pid))]),
  memory,
);

for (const { close } of subjects) close();
await dev.stop();
await app.stop();

async function subject(name, url) {
  const client = await openClient(url);
  const request = client.get("/");
  return { name, once: async () => check(await client.ask(request)), close: client.close };
}

async function emulator(url) {
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
    name: "RIE at ANYLAMBDA_BENCH_RIE",
    once: async () => check(await client.ask(request)),
    close: client.close,
  };
}

function check(response) {
  if (statusOf(response) !== 200)
    throw new Error(`unexpected answer: ${response.toString("latin1", 0, 200)}`);
}
