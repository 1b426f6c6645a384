// `npm run bench [-- NAME...]`: each bench in a process of its own, one after the other.
import { join } from "node:path";
import { root, runOrExit, setUp } from "../scripts/setup.mjs";

const all = ["adapter", "end-to-end", "start", "soak", "fleet"];
// Minutes long: run when they are asked for by name.
const long = ["adapter-soak", "adapter-kills", "chaos-soak", "cold-start", "restore-soak"];
const [asked, options] = [process.argv.slice(2), []];
// What follows the first option goes to the bench: `npm run bench -- adapter-kills --seed 7`.
const first = asked.findIndex((argument) => argument.startsWith("--"));
if (first >= 0) options.push(...asked.splice(first));
const known = [...all, ...long];
const unknown = asked.filter((name) => !known.includes(name));
if (unknown.length > 0) {
  console.error(`No bench is called ${unknown.join(", ")}; there are ${known.join(", ")}.`);
  process.exit(2);
}
setUp();
for (const name of asked.length > 0 ? asked : all)
  runOrExit(process.execPath, [join(root, "bench", `${name}.mjs`), ...options]);
