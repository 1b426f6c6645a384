/** A virtual environment beside an example, made once and again when its requirements change. */
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** Why Python examples cannot run on this machine, or `undefined` when they can. */
export function pythonMissing(): string | undefined {
  const found = spawnSync("python3", ["-c", "import venv, ensurepip"], { encoding: "utf8" });
  if (found.error !== undefined) return `python3 is missing (${found.error.message})`;
  return found.status === 0 ? undefined : `python3 has no venv: ${found.stderr.trim().split("\n").at(-1)}`;
}

/** Returns the environment's Python. */
export function virtualEnvironment(directory: string): string {
  const requirements = join(directory, "requirements.txt");
  const home = join(directory, ".venv");
  const python = join(home, "bin", "python");
  const stamp = join(home, "requirements.sha256");
  const wanted = createHash("sha256").update(readFileSync(requirements)).digest("hex");
  if (existsSync(python) && existsSync(stamp) && readFileSync(stamp, "utf8") === wanted) return python;

  rmSync(home, { recursive: true, force: true });
  run("python3", ["-m", "venv", home]);
  run(python, [
    "-m",
    "pip",
    "install",
    "--quiet",
    "--disable-pip-version-check",
    "--requirement",
    requirements,
  ]);
  // Last, so that an installation that was cut off is made again.
  writeFileSync(stamp, wanted);
  return python;
}

function run(file: string, args: readonly string[]): void {
  const { status, stdout, stderr, error } = spawnSync(file, args, { encoding: "utf8" });
  if (status === 0) return;
  throw new Error(`${file} ${args.join(" ")} failed: ${error?.message ?? `${stdout}${stderr}`}`);
}
