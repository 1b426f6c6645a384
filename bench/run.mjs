// `npm run bench [-- NAME...]`: each bench in a process of its own, one after the other.
import { join } from "node:path";
import { root, runOrExit, setUp } from "../scripts/setup.mjs";

const all = ["adapter", "end-to-end", "start", "soak"];
// Minutes long: run when they are asked for by name.
const long = ["adapter-soak"];
const asked = process.argv.slice(2);
const known = [...all, ...long];
const unknown = asked.filter((name) => !known.includes(name));
if (unknown.length > 0) {
  console.error(`No bench is called ${unknown.join(", ")}; there are ${known.join(", ")}.`);
  process.exit(2);
}
setUp();
for (const name of asked.length > 0 ? asked : all)
  runOrExit(process.execPath, [join(root, "bench", `${name}.mjs`)]);
