// Many environments of one function: fifty at once with what they hold of the memory, then a load that arrives at its
// own pace, answered or not.
//   node bench/fleet.mjs [--environments 50] [--rate 1000] [--seconds 10]
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { invokeClient } from "./lib/invoke-client.mjs";
import { descendants, helloApp, residentMb, root, startDev } from "./lib/programs.mjs";
import { mb, ms, percentile, report, us } from "./lib/report.mjs";

const { values } = parseArgs({
  options: { environments: { type: "string" }, rate: { type: "string" }, seconds: { type: "string" } },
});
const environments = Number(values.environments ?? 50);
const perSecond = Number(values.rate ?? 1000);
const seconds = Number(values.seconds ?? 10);

await manyAtOnce();
await openLoop();

/** Each with the hello app and the adapter: what a developer's function is. */
async function manyAtOnce() {
  const options = ["--no-dashboard", "--name", "bench", "--provisioned", String(environments)];
  const dev = await startDev(["node", helloApp], options);
  const client = invokeClient(dev.invokeUrl, "bench");
  const appsOf = (processes) => processes.filter(({ commandLine }) => commandLine.includes("hello.mjs"));
  while (appsOf(descendants(dev.pid)).length < environments)
    await new Promise((resolve) => setTimeout(resolve, 100));
  // Warm, so that what is measured is not the machine's boot.
  await Promise.all(Array.from({ length: environments }, () => client.send("{}")));
  const started = performance.now();
  // Twice as many at once as there are environments.
  const answers = await Promise.all(Array.from({ length: environments * 2 }, () => client.send("{}")));
  const elapsed = performance.now() - started;
  const wrong = answers.filter(({ status }) => status !== 200).length;
  const processes = descendants(dev.pid);
  const apps = appsOf(processes);
  const adapters = processes.filter(
    ({ commandLine }) => commandLine.includes("adapter") && !commandLine.includes("hello.mjs"),
  );
  const rows = [
    ["sandbox (the command itself)", 1, residentMb(dev.pid), sharedMb(dev.pid)],
    ["adapters", adapters.length, sumOf(adapters, residentMb), sumOf(adapters, sharedMb)],
    ["apps", apps.length, sumOf(apps, residentMb), sumOf(apps, sharedMb)],
  ];
  client.close();
  await dev.stop();
  report(
    "fleet-memory",
    `${environments * 2} invocations at once, ${apps.length} environments, all answered after ${ms(elapsed)}; ${wrong} errors.`,
    ["what", "processes", "resident", "its share of it (PSS)"],
    rows.map(([what, count, resident, share]) => [what, String(count), mb(resident), mb(share)]),
    { rows, elapsed, wrong },
  );
  if (wrong > 0) process.exitCode = 1;
}

/** By count: a tick sends what is due since the beginning, whatever is still on its way. */
async function openLoop() {
  const runtime = join(root, "bench", "apps", "echo-runtime.mjs");
  const options = ["--no-dashboard", "--no-adapter", "--name", "bench", "--concurrency", "8"];
  const dev = await startDev(["node", runtime], options);
  const client = invokeClient(dev.invokeUrl, "bench");
  for (let i = 0; i < 200; i++) await client.send("{}");
  const total = perSecond * seconds;
  const samples = [];
  let sent = 0;
  let wrong = 0;
  let most = 0;
  let onTheirWay = 0;
  const started = performance.now();
  await new Promise((resolve) => {
    const timer = setInterval(() => {
      const due = Math.min(total, Math.floor(((performance.now() - started) / 1000) * perSecond));
      while (sent < due) void one(sent++);
      if (sent === total) clearInterval(timer);
    }, 1);
    async function one(n) {
      most = Math.max(most, ++onTheirWay);
      const body = `{"n":${n}}`;
      const begun = performance.now();
      const answer = await client.send(body).catch(() => ({ status: 0, text: "" }));
      samples.push(performance.now() - begun);
      onTheirWay--;
      if (answer.status !== 200 || !answer.text.endsWith(body)) wrong++;
      if (samples.length === total) resolve();
    }
  });
  const elapsed = (performance.now() - started) / 1000;
  client.close();
  await dev.stop();
  report(
    "fleet-load",
    `${total} invocations, ${perSecond} a second whatever becomes of those before; ${wrong} errors; at most ${most} at once.`,
    ["reached", "p50", "p99", "longest"],
    [
      [
        `${Math.round(total / elapsed)} a second`,
        us(percentile(samples, 0.5)),
        us(percentile(samples, 0.99)),
        us(percentile(samples, 1)),
      ],
    ],
    { perSecond, total, wrong, most, elapsed },
  );
  if (wrong > 0) process.exitCode = 1;
}

/** Pages that several processes share count for each with its part. */
function sharedMb(pid) {
  try {
    const rollup = readFileSync(`/proc/${pid}/smaps_rollup`, "utf8");
    return (Number(/^Pss:\s+(\d+)/m.exec(rollup)?.[1] ?? 0) * 1024) / 1e6;
  } catch {
    return 0;
  }
}

function sumOf(processes, of) {
  return processes.reduce((sum, { pid }) => sum + of(pid), 0);
}
