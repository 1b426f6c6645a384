/**
 * TCP ports on which the environment's processes listen, for the report of a boot that failed: "your app listens
 * on 3000, PORT said 41234". Linux only; elsewhere the list is empty.
 */
import { readFileSync, readdirSync, readlinkSync } from "node:fs";
import type { Members } from "./members.ts";

export function listeningPortsOf(members: Members): number[] {
  const rows = members.scan();
  if (rows.length === 0) return [];
  // Of their network, which may not be ours.
  const ports = listeningSockets(rows[0]?.pid ?? 0);
  const found = new Set<number>();
  for (const { pid } of rows) {
    for (const inode of socketsOf(pid)) {
      const port = ports.get(inode);
      if (port !== undefined) found.add(port);
    }
  }
  return [...found].sort((a, b) => a - b);
}

/** Port of every listening socket in the network of a process, by the socket's inode. */
function listeningSockets(pid: number): Map<string, number> {
  const ports = new Map<string, number>();
  for (const table of [`/proc/${pid}/net/tcp`, `/proc/${pid}/net/tcp6`]) {
    let text: string;
    try {
      text = readFileSync(table, "latin1");
    } catch {
      continue; // no IPv6
    }
    for (const line of text.split("\n").slice(1)) {
      // sl, local_address (hex:hex), rem_address, st, queues, timer, retransmits, uid, timeout, inode
      const columns = line.trim().split(/\s+/);
      if (columns[3] !== "0A") continue;
      ports.set(columns[9] ?? "", Number.parseInt(columns[1]?.split(":")[1] ?? "", 16));
    }
  }
  return ports;
}

/** Inodes of the sockets a process has open; none when it ended meanwhile. */
function socketsOf(pid: number): string[] {
  const inodes: string[] = [];
  try {
    for (const descriptor of readdirSync(`/proc/${pid}/fd`)) {
      const socket = /^socket:\[(\d+)\]$/.exec(readlink(`/proc/${pid}/fd/${descriptor}`));
      if (socket?.[1] !== undefined) inodes.push(socket[1]);
    }
  } catch {
    return inodes;
  }
  return inodes;
}

function readlink(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return "";
  }
}
