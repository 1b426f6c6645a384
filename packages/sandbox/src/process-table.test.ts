import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { afterEach, describe, expect, it } from "vitest";
import { descendantsOf, epochNow, hasProcessTable, pidsSince } from "./process-table.ts";

const children: ChildProcess[] = [];
afterEach(async () => {
  for (const child of children.splice(0)) {
    const ended = once(child, "exit");
    child.kill("SIGKILL");
    await ended;
  }
});

async function start(): Promise<number> {
  const child = spawn("/bin/sh", ["-c", "sleep 1000 & echo up; wait"], {
    stdio: ["ignore", "pipe", "ignore"],
  });
  children.push(child);
  await once(child.stdout, "data");
  return child.pid as number;
}

describe.skipIf(!hasProcessTable)("pidsSince", () => {
  it("finds whoever came to be after an epoch, and leaves out who was there", async () => {
    const before = await start();
    const epoch = epochNow();
    const after = await start();
    const found = pidsSince(epoch, after);
    expect(found).toContain(after);
    expect(found).toContain(descendantsOf(after)[0]);
    expect(found).not.toContain(before);
    expect(found).not.toContain(process.pid);
  });

  it("goes with ids around the end of their range", async () => {
    const { given } = epochNow();
    const pid = await start();
    // As if the last id before it had been one of the highest: the ids after it begin again at the lowest.
    expect(pidsSince({ last: pid + 2 ** 22, given }, pid)).toContain(pid);
  });

  it("is everybody where ids are not given away as the kernel says", async () => {
    const before = await start();
    const epoch = epochNow();
    const after = await start();
    expect(pidsSince({ ...epoch, last: after }, after)).toContain(before);
  });

  it.each([
    ["ids may have come again", (given: number, most: number) => given - most / 2 - 1],
    ["the kernel did not say", () => Number.NaN],
  ])("is everybody where %s", (_, givenAt) => {
    const { last, given } = epochNow();
    const most = Number(readFileSync("/proc/sys/kernel/pid_max", "latin1"));
    const found = pidsSince({ last, given: givenAt(given, most) }, process.pid);
    expect(found).toContain(process.pid);
    expect(found).toContain(process.ppid);
  });
});
