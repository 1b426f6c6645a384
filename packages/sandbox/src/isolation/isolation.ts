/** Which isolation this host allows. */
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";

export type Isolation = "process" | "bubblewrap";

let known: string | undefined | null = null;

/** Why there is no bubblewrap here, and what to do; `undefined` when there is. Tried once. */
export function bubblewrapFault(): string | undefined {
  if (known === null) known = tryOut();
  return known;
}

function tryOut(): string | undefined {
  if (process.platform !== "linux") return "it needs Linux";
  const bwrap = programOf("bwrap");
  if (bwrap === undefined) return "the program bwrap is not there: install the package bubblewrap";
  if (programOf("nsenter") === undefined)
    return "the program nsenter is not there: install the package util-linux";
  const tried = spawnSync(bwrap, [...probe, "/bin/sh", "-c", "exit 7"], { encoding: "utf8", env: {} });
  if (tried.status === 7) return undefined;
  return `this host does not allow it (${tried.stderr.trim() || "bwrap failed"}): ${advice}`;
}

const probe = ["--unshare-user", "--unshare-pid", "--unshare-net", "--ro-bind", "/", "/", "--"];

const advice =
  "unprivileged user namespaces may be switched off (kernel.unprivileged_userns_clone, AppArmor)";

/** Where a program of the system is. The developer's search path decides, the function's has nothing to do with it. */
export function programOf(name: "bwrap" | "nsenter" | "slirp4netns"): string | undefined {
  const path = process.env["PATH"] ?? "/usr/local/bin:/usr/bin:/bin";
  return path
    .split(delimiter)
    .map((place) => join(place, name))
    .find((file) => existsSync(file));
}
