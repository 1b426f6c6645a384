/** Directories that tests make lie in one, which goes with the run. */
import { chmodSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const mark = "ANYLAMBDA_TEST_DIRECTORY";
let made: string | undefined;

/** Called for each project of a run, in the process that starts the workers: these get its variables. */
export function setup(): void {
  if (process.env[mark] !== undefined) return;
  // Short: paths of Unix sockets end at 108 bytes.
  made = mkdtempSync(join(tmpdir(), "al-test-"));
  // As /tmp is: some tests work as another user.
  chmodSync(made, 0o1777);
  process.env[mark] = made;
  process.env["TMPDIR"] = made;
}

export function teardown(): void {
  if (made !== undefined) rmSync(made, { recursive: true, force: true, maxRetries: 3 });
}
