/** A sandbox that is frozen at rest, and waits to be killed: its environment's id is told. */
import { startFleet } from "../fleet.ts";
import type { FunctionConfiguration } from "../function.ts";

const [configuration = "{}", cgroups = "true"] = process.argv.slice(2);
const fleet = await startFleet(JSON.parse(configuration) as FunctionConfiguration, {
  report: ({ type, environment }) => {
    if (type === "frozen") process.stdout.write(`${environment}\n`);
  },
  path: process.env["PATH"],
  freezeAfterMs: 1,
  cgroups: cgroups === "true",
});
await fleet.initialized;
setInterval(() => undefined, 1000);
