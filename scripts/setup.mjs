// What a fresh clone needs before anything runs: dependencies as the lock file has them, and the bundles.
// Uses nothing but Node itself, because nothing else is there yet.
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

export const root = join(dirname(fileURLToPath(import.meta.url)), "..");

/** Runs a program to its end with our own output; exits with its status when it fails. */
export function runOrExit(file, args, options = {}) {
  const { status, error } = spawnSync(file, args, { cwd: root, stdio: "inherit", ...options });
  if (error !== undefined) {
    console.error(`${file} could not be started: ${error.message}`);
    process.exit(1);
  }
  if (status !== 0) process.exit(status ?? 1);
}

/** Installs when the lock file is not the one that was installed last, and bundles the command and the adapter. */
export function setUp() {
  const [major] = process.versions.node.split(".").map(Number);
  if (major < 20) {
    console.error(
      `anylambda needs Node 20 or newer; this is ${process.version}. Install a newer Node and try again.`,
    );
    process.exit(1);
  }
  const stamp = join(root, "node_modules", ".anylambda-lock");
  const lock = createHash("sha256")
    .update(readFileSync(join(root, "package-lock.json")))
    .digest("hex");
  if (!existsSync(stamp) || readFileSync(stamp, "utf8") !== lock) {
    console.error("Installing dependencies (once, and whenever package-lock.json changes) ...");
    runOrExit(npm(), ["ci", "--no-audit", "--no-fund", "--loglevel=error"], {
      shell: process.platform === "win32",
    });
    writeFileSync(stamp, lock);
  }
  runOrExit(process.execPath, [join(root, "scripts", "build.mjs"), "--bundle-only"]);
}

function npm() {
  return process.platform === "win32" ? "npm.cmd" : "npm";
}
