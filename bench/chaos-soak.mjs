// Invocations with chaos on: crashes, freezes, restarts, late and doubled events. Nothing is lost, nothing is answered
// twice, every process is reaped, no descriptor stays open. Fails otherwise.
//   node bench/chaos-soak.mjs [--invocations 100000] [--seed 20261126]
import { mkdtempSync, readFileSync, readdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { invokeClient } from "./lib/invoke-client.mjs";
import { descendants, residentMb, root, startDev } from "./lib/programs.mjs";
import { mb, report } from "./lib/report.mjs";

const { values } = parseArgs({ options: { invocations: { type: "string" }, seed: { type: "string" } } });
const invocations = Number(values.invocations ?? 100_000);
const seed = Number(values.seed ?? 20_261_126);
/** Callers at once, and environments for them. */
const width = 16;
const environments = 8;
/** One in so many is an event that nobody waits for. */
const eventEvery = 5;

const records = join(mkdtempSync(join(tmpdir(), "anylambda-chaos-")), "records.jsonl");
const runtime = join(root, "bench", "apps", "echo-runtime.mjs");
const dev = await startDev(
  ["node", runtime],
  ["--no-dashboard", "--no-adapter", "--name", "bench", "--concurrency", String(environments)].concat([
    "--timeout",
    "5",
    `--chaos=${seed}`,
    "--async-clock",
    "10000x",
    "--destination",
    records,
  ]),
);
const client = invokeClient(dev.invokeUrl, "bench");
const descriptors = () => readdirSync(`/proc/${dev.pid}/fd`).length;
const wide = await Promise.all(Array.from({ length: width }, () => client.send("{}")));
const before = { descriptors: descriptors(), resident: 0 };

const faults = [];
const events = new Map();
let answered = 0;
let failed = 0;
let next = 0;
await Promise.all(Array.from({ length: width }, caller));

async function caller() {
  while (next < invocations) {
    const n = next++;
    const body = `{"n":${n}}`;
    if (n === Math.floor(invocations / 5)) before.resident = residentMb(dev.pid);
    const isEvent = n % eventEvery === 0;
    const answer = await client.send(body, isEvent ? "Event" : "RequestResponse").catch((error) => {
      faults.push(`${n}: no answer: ${error.message}`);
    });
    if (answer === undefined) continue;
    if (isEvent && answer.status === 202) events.set(n, 0);
    else if (answer.status !== 200) faults.push(`${n}: status ${answer.status}`);
    else if (/x-amz-function-error/i.test(answer.text)) failed++;
    else if (answer.text.endsWith(`\r\n\r\n${body}`)) answered++;
    else faults.push(`${n}: somebody else's answer: ${answer.text.slice(-100)}`);
  }
}

// Every event ends in one record: the last of them within the longest wait.
const deadline = performance.now() + 30_000;
let told;
do {
  await new Promise((resolve) => setTimeout(resolve, 200));
  told = readFileSync(records, "utf8")
    .split("\n")
    .filter(Boolean)
    .map((line) => JSON.parse(line));
} while (told.length < events.size && performance.now() < deadline);
for (const { requestPayload } of told) events.set(requestPayload.n, (events.get(requestPayload.n) ?? 0) + 1);
for (const [n, count] of events) if (count !== 1) faults.push(`event ${n}: ${count} records`);

const after = { descriptors: descriptors(), resident: residentMb(dev.pid) };
// One that is being replaced is there beside its successor for a moment.
const runtimes = () =>
  descendants(dev.pid).filter(({ commandLine }) => commandLine.includes("echo-runtime")).length;
while (runtimes() > environments && performance.now() < deadline)
  await new Promise((resolve) => setTimeout(resolve, 100));
const living = runtimes();
client.close();
await dev.stop();
// Connections of the callers are the only ones that may come and go.
if (after.descriptors > before.descriptors + environments * 4 + width)
  faults.push(`descriptors: ${before.descriptors} before, ${after.descriptors} after`);
if (living > environments) faults.push(`${living} processes live for ${environments} environments`);
const left = descendants(process.pid).length;
if (left > 0) faults.push(`${left} processes left after the end`);
if (wide.some(({ status }) => status !== 200)) faults.push("the first invocations failed");

report(
  "chaos-soak",
  `${invocations} invocations in chaos, seed ${seed}; ${faults.length} faults.`,
  ["answered", "failed by chaos", "events, each with one record", "descriptors", "resident"],
  [
    [
      String(answered),
      String(failed),
      String(told.length),
      `${before.descriptors} → ${after.descriptors}`,
      `${mb(before.resident)} → ${mb(after.resident)}`,
    ],
  ],
  { invocations, seed, answered, failed, before, after, faults: faults.slice(0, 100) },
);
for (const fault of faults.slice(0, 20)) console.error(fault);
if (faults.length > 0) process.exit(1);
