import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { afterEach, describe, expect, it } from "vitest";
import { Members } from "./members.ts";
import { childrenOf, readProcess } from "./process-table.ts";

const isRoot = process.platform === "linux" && process.geteuid?.() === 0;

let child: ChildProcess | undefined;
afterEach(async () => {
  if (child === undefined || child.exitCode !== null) return;
  const ended = once(child, "exit");
  child.kill("SIGKILL");
  await ended;
  child = undefined;
});

/** A shell that is process 1 of a PID namespace, with an orphan and a child in a session of its own. */
async function namespace(): Promise<number> {
  const script = "(setsid sleep 1000 &); sleep 1000 & echo up; wait";
  const argv = ["--pid", "--fork", "--kill-child", "sh", "-c", script];
  child = spawn("unshare", argv, { stdio: ["ignore", "pipe", "inherit"] });
  await once(child.stdout as NonNullable<ChildProcess["stdout"]>, "data");
  return childrenOf(child.pid as number)[0] as number;
}

describe.skipIf(!isRoot)("members below process 1 of a PID namespace", () => {
  it("are all but itself, whatever session they are in and whoever their parent was", async () => {
    const init = await namespace();
    const members = new Members({ init });
    const commands = (): string[] =>
      members.scan().map(({ pid }) => (readProcess(pid, "cmdline") ?? "").replaceAll("\0", " ").trim());
    while (commands().some((command) => command !== "sleep 1000"))
      await new Promise((resolve) => setTimeout(resolve, 2));
    expect(commands()).toEqual(["sleep 1000", "sleep 1000"]);
  });

  it("are nobody when it has ended", async () => {
    const init = await namespace();
    const members = new Members({ init });
    expect(members.scan().length).toBeGreaterThan(0);
    process.kill(init, "SIGKILL");
    await once(child as ChildProcess, "exit");
    expect(members.scan()).toEqual([]);
  });
});
