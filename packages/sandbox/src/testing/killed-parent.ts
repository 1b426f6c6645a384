/** A sandbox that tells the id of its environment when it is frozen at rest, and waits to be killed. */
import { type FleetOptions, startFleet } from "../fleet.ts";
import type { FunctionConfiguration } from "../function.ts";

const [configuration = "{}", options = "{}"] = process.argv.slice(2);
const fleet = await startFleet(JSON.parse(configuration) as FunctionConfiguration, {
  report: ({ type, environment }) => {
    if (type === "frozen") process.stdout.write(`${environment}\n`);
  },
  path: process.env["PATH"],
  freezeAfterMs: 1,
  ...(JSON.parse(options) as Partial<FleetOptions>),
});
const report = await fleet.initialized;
if (report.status !== "success") throw new Error(JSON.stringify(report));
setInterval(() => undefined, 1000);
