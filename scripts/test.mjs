// `npm test`: set-up, then every room's tests. Arguments go to vitest (`npm test -- --project wire`). `--as-built` leaves
// the set-up out: for the test of this script, which runs while others use what was set up.
// Ends with one line of counts, and names whatever was skipped: a test nobody ran must not look like one that passed.
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { root, setUp } from "./setup.mjs";

const asBuilt = "--as-built";
const words = process.argv.slice(2);
if (!words.includes(asBuilt)) setUp();
const folder = mkdtempSync(join(tmpdir(), "anylambda-test-"));
const file = join(folder, "report.json");
const vitest = join(root, "node_modules", "vitest", "vitest.mjs");
const tries = join(root, "scripts", "second-tries.mjs");
const reporters = [
  "--reporter=default",
  `--reporter=${tries}`,
  "--reporter=json",
  `--outputFile.json=${file}`,
];
const { status } = spawnSync(
  process.execPath,
  [vitest, "run", ...reporters, ...words.filter((word) => word !== asBuilt)],
  {
    cwd: root,
    stdio: "inherit",
  },
);

let report;
try {
  report = JSON.parse(readFileSync(file, "utf8"));
} catch {
  console.error("vitest ended without a report");
  process.exit(status === 0 ? 1 : (status ?? 1));
} finally {
  rmSync(folder, { recursive: true, force: true });
}
for (const { assertionResults } of report.testResults)
  for (const { status: outcome, fullName } of assertionResults)
    if (outcome !== "passed" && outcome !== "failed") console.log(`skipped: ${fullName}`);
const skipped = report.numPendingTests + report.numTodoTests;
console.log(
  `${report.numPassedTests} passed, ${report.numFailedTests} failed${skipped > 0 ? `, ${skipped} skipped` : ""}`,
);
process.exit(status ?? 1);
