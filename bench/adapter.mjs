// The adapter by itself, against LWA and against the floor: a program that makes the same socket calls with fixed bytes.
// Runtime API and app are one small Rust program (bench/adapter), so what is measured is the adapters' own. All take part
// in the same run, in alternating rounds. Writes docs/benchmarks/adapter.md and .json.
//   node bench/adapter.mjs [--quick] [SCENARIO...]      (--quick: a tenth of the rounds, and nothing is written)
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, statSync, writeFileSync } from "node:fs";
import { cpus, loadavg, release } from "node:os";
import { join } from "node:path";
import { LWA_VERSION, lwaBinary } from "../conformance/lwa.mjs";
import { buildPrograms } from "./lib/cargo.mjs";
import { adapter, nativeAdapter, root } from "./lib/programs.mjs";
import { percentile } from "./lib/report.mjs";

const quick = process.argv.includes("--quick");
const asked = process.argv.slice(2).filter((argument) => !argument.startsWith("--"));

/** Rounds, and invocations a round; 3,000 invocations of the plain ones, as memory is looked at after them. */
const scenarios = [
  { name: "start", title: "Spawn to the first `/next`", rounds: 40 },
  { name: "get", title: "GET, a browser's headers, 19 bytes back", rounds: 20, perRound: 150 },
  { name: "rest", title: "GET by a REST API, with a query", rounds: 20, perRound: 150 },
  { name: "alb", title: "GET by a load balancer, with a query", rounds: 20, perRound: 150 },
  { name: "alb-lists", title: "The same with multi-value headers", rounds: 20, perRound: 150 },
  { name: "post-100k", title: "POST of 100 KB, binary", rounds: 20, perRound: 50 },
  { name: "answer-1m", title: "Answer of 1 MiB, binary", rounds: 20, perRound: 10 },
  { name: "sqs", title: "SQS event, ten messages", rounds: 20, perRound: 150 },
  { name: "stream-8m", title: "Streamed answer of 8 MiB", rounds: 20, perRound: 5 },
  { name: "parallel-16", title: "16 events at a time (Managed Instances)", rounds: 20, perRound: 20 },
].filter(({ name }) => asked.length === 0 || asked.includes(name));

const programs = buildPrograms();
const subjects = [
  { name: "floor", file: join(programs, "floor") },
  { name: "native", file: nativeAdapter, size: nativeAdapter },
  { name: `LWA ${LWA_VERSION}`, file: lwaBinary(), size: lwaBinary() },
  // As `anylambda dev` starts it.
  { name: "on Node", file: process.execPath, args: ["--max-semi-space-size=1", adapter], size: adapter },
].filter(({ name, file }) => {
  if (existsSync(file)) return true;
  console.error(`${name} is left out: there is no ${file}`);
  return false;
});
const lwa = subjects.find(({ name }) => name.startsWith("LWA"))?.name;

const results = {};
for (const { name, rounds, perRound } of scenarios) {
  console.error(`${name} ...`);
  const counts = [quick ? Math.ceil(rounds / 10) : rounds, ...(perRound === undefined ? [] : [perRound])];
  const words = subjects.map(({ name, file, args = [] }) => `${name}=${[file, ...args].join(",")}`);
  const { status, stdout, error } = spawnSync(
    join(programs, "driver"),
    [name, ...counts.map(String), ...words],
    {
      encoding: "utf8",
      maxBuffer: 1 << 28,
      stdio: ["ignore", "pipe", "inherit"],
    },
  );
  if (error !== undefined || status !== 0) {
    console.error(error?.message ?? `the bench of ${name} failed: see above`);
    process.exit(1);
  }
  results[name] = JSON.parse(stdout).map(summary);
}

/** Medians and tails; the samples themselves are thousands. */
function summary({ name, us, firstByteUs = [], cpuUs, residentKb, peakKb }) {
  return {
    name,
    p50Us: percentile(us, 0.5),
    p99Us: percentile(us, 0.99),
    ...(firstByteUs.length > 0 && {
      firstByteP50Us: percentile(firstByteUs, 0.5),
      firstByteP99Us: percentile(firstByteUs, 0.99),
    }),
    ...(cpuUs !== undefined && { cpuUs, residentMb: residentKb / 1000, peakMb: peakKb / 1000 }),
  };
}

const conditions =
  `${cpus().length} cores (${cpus()[0].model.trim()}), Linux ${release()}, Node ${process.version}, ` +
  `load ${loadavg()[0].toFixed(2)}, ${new Date().toISOString().slice(0, 10)}`;
const page = [
  "# The adapter against LWA",
  "",
  "Made by `npm run bench -- adapter`; figures are comparable within a table only. All subjects run in the same run, in",
  "alternating rounds. *Floor* is a program that makes the same socket calls with fixed bytes. Times are microseconds,",
  "the ratio is that to LWA, smaller is better.",
  "",
  conditions,
  ...sizes(),
  ...scenarios.flatMap(table),
  "",
].join("\n");
console.log(page);
if (!quick && asked.length === 0) {
  const folder = join(root, "docs", "benchmarks");
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "adapter.md"), page);
  writeFileSync(join(folder, "adapter.json"), `${JSON.stringify({ conditions, results }, null, 2)}\n`);
}

function sizes() {
  const sized = subjects.filter(({ size }) => size !== undefined);
  const of = ({ size }) => statSync(size).size;
  const peer = sized.find(({ name }) => name === lwa);
  const rows = sized.map((subject) => [
    subject.name,
    of(subject).toLocaleString("en-GB"),
    ...(peer === undefined ? [] : [(of(subject) / of(peer)).toFixed(2)]),
  ]);
  return ["", "## Size of the file, bytes", "", ...markdown(["", "bytes", "ratio"], rows)];
}

function table({ name, title }) {
  const rows = results[name];
  const peer = rows.find((row) => row.name === lwa);
  const columns = [
    ["p50Us", "p50"],
    ["p99Us", "p99"],
    ["firstByteP50Us", "first byte p50"],
    ["firstByteP99Us", "first byte p99"],
    ["cpuUs", "CPU an invocation"],
    ["residentMb", "resident, MB"],
  ].filter(([key]) => rows[0][key] !== undefined);
  const lines = rows.map((row) => [
    row.name,
    ...columns.map(([key]) => {
      const value = key === "residentMb" ? row[key].toFixed(1) : Math.round(row[key]).toLocaleString("en-GB");
      return peer === undefined || row === peer ? value : `${value} (${(row[key] / peer[key]).toFixed(2)})`;
    }),
  ]);
  return ["", `## ${title}`, "", ...markdown(["", ...columns.map(([, label]) => label)], lines)];
}

function markdown(head, rows) {
  const line = (cells) => `| ${cells.join(" | ")} |`;
  return [line(head), `|${head.map(() => "---").join("|")}|`, ...rows.map(line)];
}
