/** Real Lambda clients, installed from their registries into `target/clients`, each once and again when its files change. */
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { cpSync, existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";

const sources = fileURLToPath(new URL(".", import.meta.url));
const target = fileURLToPath(new URL("../../target/clients", import.meta.url));

/** Copies `conformance/clients/<name>` and lets `build` finish it there; the folder. Throws with a tool's own words. */
export function installed(name: string, build: (folder: string) => void): string {
  const source = join(sources, name);
  const folder = join(target, name);
  const stamp = join(folder, ".stamp");
  const wanted = digestOf(source);
  if (existsSync(stamp) && readFileSync(stamp, "utf8") === wanted) return folder;
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(target, { recursive: true });
  cpSync(source, folder, { recursive: true });
  build(folder);
  // Last, so that an installation that was cut off is made again.
  writeFileSync(stamp, wanted);
  return folder;
}

function digestOf(folder: string): string {
  const hash = createHash("sha256");
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true }).toSorted((a, b) =>
    join(a.parentPath, a.name) < join(b.parentPath, b.name) ? -1 : 1,
  ))
    if (entry.isFile()) hash.update(entry.name).update(readFileSync(join(entry.parentPath, entry.name)));
  return hash.digest("hex");
}

/** Runs a tool in `folder`; throws with what it printed when it fails. */
export function tool(folder: string, file: string, args: readonly string[]): void {
  const { status, stdout, stderr, error } = spawnSync(file, args, { cwd: folder, encoding: "utf8" });
  if (status === 0) return;
  throw new Error(`${file} ${args.join(" ")} failed: ${error?.message ?? `${stdout}${stderr}`.slice(-4000)}`);
}

/** Which of the programs are not on the PATH, in words; `undefined` when all are. */
export function missing(...programs: readonly string[]): string | undefined {
  const path = (process.env["PATH"] ?? "").split(delimiter);
  const absent = programs.filter((program) => !path.some((folder) => existsSync(join(folder, program))));
  return absent.length === 0 ? undefined : `${absent.join(", ")} missing`;
}
