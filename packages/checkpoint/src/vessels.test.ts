import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { probe } from "./doctor.ts";
import type { Image } from "./image.ts";
import { Pod } from "./pod.ts";
import type { Tools } from "./tools.ts";
import { type Vessel, isUnprivileged } from "./vessel.ts";
import { Vessels } from "./vessels.ts";

// Where the host cannot freeze, and without root, skipped by name.
const { ok, tools } = await probe();
const host = tools as Tools;
const can = ok && !isUnprivileged();

let scratch: string;
let image: Image;

beforeAll(async () => {
  if (!can) return;
  scratch = mkdtempSync(join(tmpdir(), "anylambda-vessels-test-"));
  const pod = await Pod.start({ tools: host, scratch, programs: 1, connection: () => undefined });
  const argv = ["/bin/sh", "-c", "echo up; read line < /dev/zero"];
  const { stdout } = await pod.spawn({ name: "sh", argv, env: {}, cwd: "/" });
  await new Promise((resolve) => stdout.once("data", resolve));
  image = await pod.checkpoint(join(scratch, "image"));
  await pod.end();
});

afterAll(() => {
  if (scratch !== undefined) rmSync(scratch, { recursive: true, force: true });
});

function homes(): number {
  return readdirSync(scratch).filter((name) => name.startsWith("anylambda-pod-")).length;
}

/** Processes 1 of vessels and pods. */
function boxes(): number[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name) && read(name, "cmdline").includes(scratch))
    .filter((pid) => /^NSpid:.*\t1$/m.test(read(pid, "status")))
    .map(Number);
}

function read(pid: string, file: string): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, "latin1");
  } catch {
    return "";
  }
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 2));
}

describe.skipIf(!can)("vessels", () => {
  it("stand ready, so many and no more, take a copy in, and are made up for (1)", async () => {
    const vessels = new Vessels({ tools: host, scratch, size: 2, calmMs: 20 });
    expect(vessels.take(image)).toBeUndefined();
    vessels.expect(image);
    await until(() => boxes().length === 2);
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect([homes(), boxes().length]).toEqual([2, 2]);
    let vessel: Vessel | undefined;
    await until(() => (vessel ??= vessels.take(image)) !== undefined);
    const copy = await Pod.restore(image, { tools: host, scratch, connection: () => undefined }, vessel);
    expect(existsSync(`/proc/${copy.processes[0]?.pid}`)).toBe(true);
    await until(() => homes() === 3);
    await copy.end();
    expect(homes()).toBe(2);
    await vessels.forget(image.directory);
    expect([homes(), boxes()]).toEqual([0, []]);
    expect(vessels.take(image)).toBeUndefined();
  });

  it("are all gone after one word, also what is just being made (3)", async () => {
    const vessels = new Vessels({ tools: host, scratch, size: 2, calmMs: 0 });
    vessels.expect(image);
    await until(() => homes() > 0);
    await vessels.forget(image.directory);
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect([homes(), boxes()]).toEqual([0, []]);
  });

  it("are not given out when they have ended (4)", async () => {
    const vessels = new Vessels({ tools: host, scratch, size: 1, calmMs: 0 });
    vessels.expect(image);
    await until(() => boxes().length === 1);
    await new Promise((resolve) => setTimeout(resolve, 50));
    for (const pid of boxes()) process.kill(pid, "SIGKILL");
    await until(() => homes() === 0);
    expect(vessels.take(image)).toBeUndefined();
    await vessels.forget(image.directory);
    expect([homes(), boxes()]).toEqual([0, []]);
  });
});
