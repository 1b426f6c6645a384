// 10,000 invocations in a row: no error, and no process grows by more than a tenth between the 2,000th and the last.
import { openClient, statusOf } from "./lib/client.mjs";
import { descendants, helloApp, residentMb, startDev } from "./lib/programs.mjs";
import { mb, report } from "./lib/report.mjs";

const invocations = 10_000;
const settled = 2_000;
const allowedGrowth = 1.1;

const dev = await startDev(["node", helloApp]);
const client = await openClient(dev.url);
const request = client.get("/");
const processes = [{ name: "sandbox (the command itself)", pid: dev.pid }];
for (const { pid, commandLine } of descendants(dev.pid))
  processes.push({ name: commandLine.includes("adapter.mjs") ? "adapter on Node" : "the app", pid });

let before;
let errors = 0;
for (let i = 1; i <= invocations; i++) {
  if (statusOf(await client.ask(request)) !== 200) errors++;
  if (i === settled) before = processes.map(({ pid }) => residentMb(pid));
}
const rows = processes.map(({ name, pid }, index) => {
  const after = residentMb(pid);
  return { name, before: before[index], after, growth: after / before[index] };
});
client.close();
await dev.stop();

report(
  "soak",
  `${invocations} invocations in a row, ${errors} errors.`,
  ["process", `after ${settled}`, `after ${invocations}`, "growth"],
  rows.map((row) => [row.name, mb(row.before), mb(row.after), row.growth.toFixed(3)]),
  rows,
);
if (errors > 0 || rows.some(({ growth }) => growth > allowedGrowth)) {
  console.error("\nThe soak failed: see the table above.");
  process.exit(1);
}
