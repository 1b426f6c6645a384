/**
 * A way out of an environment's own network, without root: slirp4netns is a small TCP/IP stack in a process of this user,
 * with one end in there and the other in ours. Inside, the machine's own localhost is 10.0.2.2.
 *
 *  (1) It ends with the pod, and with this process, however that ends.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { accessSync, constants, existsSync } from "node:fs";
import type { Readable } from "node:stream";
import { programOf } from "./isolation.ts";

/** Resolves names as this machine does; the address is slirp's own. */
export const dnsInside = "10.0.2.3";

/** Why there is none here, and what to do; `undefined` when nothing speaks against it. */
export function outboundFault(): string | undefined {
  if (programOf("slirp4netns") === undefined)
    return "the program slirp4netns is not there: install the package slirp4netns";
  if (!existsSync(tun)) return `this host has no ${tun}`;
  try {
    accessSync(tun, constants.R_OK | constants.W_OK);
    return undefined;
  } catch {
    // Elsewhere than in containers everybody may, as a rule.
    return `you may not open ${tun}: chmod 666 ${tun}, as root`;
  }
}

const tun = "/dev/net/tun";

/** Resolves when it is open; `pid` is of a process in there. The result closes it. */
export async function openOutbound(pid: number): Promise<() => void> {
  const child = spawn(
    programOf("slirp4netns") ?? "slirp4netns",
    [
      "--configure",
      // The largest it can: there is no wire.
      "--mtu=65520",
      "--ready-fd=3",
      // It ends when the other end of this pipe does (1).
      "--exit-fd=4",
      `--userns-path=/proc/${pid}/ns/user`,
      "--netns-type=path",
      `/proc/${pid}/ns/net`,
      "tap0",
    ],
    { stdio: ["ignore", "ignore", "pipe", "pipe", "pipe"], env: {}, detached: true },
  );
  await ready(child);
  child.unref();
  for (const end of [child.stderr, ...child.stdio.slice(3)])
    (end as unknown as { unref?: () => void } | null)?.unref?.();
  return () => {
    child.kill("SIGKILL");
    for (const end of child.stdio) end?.destroy();
  };
}

function ready(child: ChildProcess): Promise<void> {
  let complaint = "";
  child.stderr?.on("data", (bytes: Buffer) => (complaint = `${complaint}${bytes.toString()}`.slice(-1000)));
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", () => reject(new Error(`slirp4netns ended: ${complaint.trim()}`)));
    (child.stdio[3] as Readable).once("data", () => resolve());
  });
}
