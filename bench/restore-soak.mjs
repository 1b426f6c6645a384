// Restores from one image: so many in a row, and several at a time. Every copy answers; then no process, mount, namespace,
// cgroup, file or descriptor is left. Fails otherwise. Needs what `anylambda snapstart` needs (docs/snapshots.md).
//   node bench/restore-soak.mjs [--restores 200] [--at-once 10] [-- COMMAND...]
// First all of them one after the other, then as many again, so many at a time. COMMAND is examples/express unless told.
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, readdirSync, readlinkSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { damagedFilesOf, openImage, probe } from "../packages/checkpoint/dist/index.js";
import { criuEngine, openDoor, openSnapshot, startFleet } from "../packages/sandbox/dist/index.js";
import { command, descendants, root } from "./lib/programs.mjs";
import { ms, percentile, report } from "./lib/report.mjs";

const { values, positionals } = parseArgs({
  options: { restores: { type: "string" }, "at-once": { type: "string" } },
  allowPositionals: true,
});
const restores = Number(values.restores ?? 200);
const atOnce = Number(values["at-once"] ?? 10);
const app = positionals.length > 0 ? positionals : [process.execPath, "server.js"];

const { ok, tools, findings } = await probe();
if (!ok) {
  for (const { what, detail } of findings) console.error(`${what}: ${detail}`);
  process.exit(1);
}
const memory = existsSync("/dev/shm") ? "/dev/shm" : tmpdir();
const scratch = mkdtempSync(join(memory, "anylambda-restore-soak-"));
const directory = published();
const engine = criuEngine({ tools, directory: scratch });
const snapshot = await openSnapshot(directory);
const faults = [];
/** Names of the copies' network namespaces. */
const namespaces = new Set();

// The first copies bring what stays: the engine's pods that stand ready, sockets of the client.
for (let n = 0; n < 3; n++) await lived(n);
const before = left();
const inRow = [];
for (let n = 0; n < restores; n++) inRow.push(await lived(n));
const together = [];
for (let n = 0; n < restores; n += atOnce) {
  const some = Array.from({ length: Math.min(atOnce, restores - n) }, (_, k) => lived(n + k));
  together.push(...(await Promise.all(some)));
}
const after = left();
for (const name of ["mounts", "cgroups"])
  if (after[name] > before[name]) faults.push(`${name}: ${before[name]} before, ${after[name]} after`);
if (after.descriptors > before.descriptors + 16)
  faults.push(`descriptors: ${before.descriptors} before, ${after.descriptors} after`);
const damaged = await damagedFilesOf(await openImage(directory));
if (damaged.length > 0) faults.push(`the image was changed: ${damaged.join(", ")}`);
await engine.discard(snapshot);
const end = left();
if (end.processes.length > 0) faults.push(`processes are left: ${end.processes.join("; ")}`);
if (end.namespaces > 0) faults.push(`${end.namespaces} namespaces of copies are left`);
if (end.files.length > 0) faults.push(`files are left: ${end.files.join(", ")}`);
rmSync(scratch, { recursive: true, force: true });

const half = (samples) => [
  ms(percentile(samples, 0.5)),
  ms(percentile(samples, 0.99)),
  ms(Math.max(...samples)),
];
report(
  "restore-soak",
  `${restores} restores in a row, ${restores} more ${atOnce} at a time: ${faults.length} faults.`,
  ["", "p50", "p99", "longest", "descriptors", "left"],
  [
    ["one by one", ...half(inRow), `${before.descriptors} → ${after.descriptors}`, String(faults.length)],
    [`${atOnce} at a time`, ...half(together), "", ""],
  ],
  { restores, atOnce, inRow, together, before, after, faults: faults.slice(0, 100) },
);
for (const fault of faults.slice(0, 20)) console.error(fault);
process.exit(faults.length > 0 ? 1 : 0);

/** One copy, from the request that needs it to its end; how long its answer took, ms. */
async function lived(n) {
  const options = { report: () => undefined, path: process.env.PATH, snapStart: { engine, snapshot } };
  const fleet = await startFleet(snapshot.configuration, options);
  const door = await openDoor(fleet, { type: "function-url", port: 0 });
  const started = performance.now();
  const answer = await fetch(door.url).catch((error) => error);
  const text = answer instanceof Error ? answer.message : await answer.text();
  const took = performance.now() - started;
  if (answer.status !== 200 || text.length === 0)
    faults.push(`${n}: ${answer.status ?? ""} ${text.slice(0, 200)}`);
  for (const { pid } of descendants(process.pid)) namespaces.add(networkOf(pid));
  await door.close();
  await fleet.shutdown();
  return took;
}

/** What there is of us. */
function left() {
  const own = networkOf("self");
  const everywhere = readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map(networkOf);
  return {
    // But the guard, who cleans up if this process is killed.
    processes: descendants(process.pid)
      .map(({ commandLine }) => commandLine)
      .filter((commandLine) => !commandLine.includes("end_cgroup")),
    namespaces: everywhere.filter((name) => name !== undefined && name !== own && namespaces.has(name))
      .length,
    mounts: readFileSync("/proc/self/mountinfo", "utf8").split("\n").length,
    cgroups: cgroups("/sys/fs/cgroup", 3),
    files: existsSync(scratch) ? readdirSync(scratch).filter((name) => name !== "cache") : [],
    descriptors: readdirSync("/proc/self/fd").length,
  };
}

function networkOf(pid) {
  try {
    return readlinkSync(`/proc/${pid}/ns/net`);
  } catch {
    return undefined;
  }
}

function cgroups(folder, depth) {
  if (depth === 0) return 0;
  let count = 0;
  try {
    for (const entry of readdirSync(folder, { withFileTypes: true })) {
      if (!entry.isDirectory()) continue;
      count += entry.name.startsWith(`anylambda-${process.pid}-`) ? 1 : 0;
      count += cgroups(join(folder, entry.name), depth - 1);
    }
  } catch {
    // There are none, or not for us.
  }
  return count;
}

function published() {
  const words = [command, "snapshot", "create", "--quiet", "--name", "soak", "--", ...app];
  const env = { ...process.env, XDG_CACHE_HOME: join(scratch, "cache") };
  const cwd = positionals.length > 0 ? process.cwd() : join(root, "examples", "express");
  const { status, stderr } = spawnSync(process.execPath, words, { env, cwd, encoding: "utf8" });
  if (status !== 0) {
    console.error(stderr);
    process.exit(1);
  }
  return join(scratch, "cache", "anylambda", "snapshots", "soak");
}
