import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { describe, expect, it } from "vitest";
import type { Program } from "./function.ts";
import { Members } from "./members.ts";
import { MemoryGauge } from "./memory.ts";
import { listeningPortsOf } from "./listening-ports.ts";
import { hasProcessTable, isDead, membersOf, rowOf } from "./process-table.ts";
import { type ProcessGroup, exitText, launch } from "./processes.ts";
import { until } from "./testing/harness.ts";

const node = (script: string): Program => ({ file: process.execPath, args: ["-e", script] });

async function start(program: Program): Promise<{ group: ProcessGroup; lines: string[] }> {
  const lines: string[] = [];
  const line = (stream: string, text: string): void => void lines.push(`${stream} ${text}`);
  const launched = await launch({ program, directory: tmpdir(), variables: { ONLY: "this" }, line });
  if (!launched.ok) throw new Error(launched.reason);
  return { group: launched.group, lines };
}

const alive = (group: ProcessGroup): number[] =>
  membersOf(new Set([group.pid]))
    .filter((row) => !isDead(row))
    .map((row) => row.pid);

describe("launch", () => {
  it("gives a program its variables and no others (2)", async () => {
    const { group, lines } = await start(node("console.log(JSON.stringify(process.env))"));
    await group.gone();
    // macOS adds a variable of its own to every process.
    const seen = JSON.parse((lines[0] ?? "").slice(7)) as Record<string, string>;
    delete seen["__CF_USER_TEXT_ENCODING"];
    expect(seen).toEqual({ ONLY: "this" });
  });

  it.runIf(hasProcessTable)("limits a program as Lambda does", async () => {
    const { group, lines } = await start({ file: "/bin/cat", args: ["/proc/self/limits"] });
    await group.gone();
    const limitOf = (name: string): string[] =>
      lines
        .find((line) => line.startsWith(`stdout ${name}`))
        ?.split(/ {2,}/)
        .slice(1, 3) ?? [];
    expect(limitOf("Max open files")).toEqual(["1024", "1024"]);
    expect(limitOf("Max locked memory")).toEqual(["65536", "65536"]);
  });

  it("tells every line of both streams, and keeps the last 20", async () => {
    const { group, lines } = await start(
      node(
        "for (let i = 1; i <= 30; i++) console.log(i); process.stdout.write('end without newline'); console.error('e')",
      ),
    );
    expect(exitText(await group.exit)).toBe("exit status 0");
    await group.gone();
    expect(lines).toContain("stdout end without newline");
    expect(lines).toHaveLength(32);
    expect(group.lastLines).toEqual(["e"]);
  });

  it.each([
    [
      "a missing program",
      { file: "/nowhere/program", args: [] },
      tmpdir(),
      "fork/exec /nowhere/program: no such file or directory",
      false,
    ],
    ["a missing directory", node(""), "/nowhere", "chdir /nowhere: no such file or directory", true],
  ])("tells of %s as a value", async (_, program, directory, reason, badDirectory) => {
    expect(await launch({ program, directory, variables: {}, line: () => undefined })).toMatchObject({
      ok: false,
      reason,
      badDirectory,
    });
  });

  it("tells of a file that is not executable as a value", async () => {
    const file = join(mkdtempSync(join(tmpdir(), "sandbox-")), "bootstrap");
    writeFileSync(file, "#!/bin/sh\n", { mode: 0o644 });
    const launched = await launch({
      program: { file, args: [] },
      directory: tmpdir(),
      variables: {},
      line: () => undefined,
    });
    expect(launched).toEqual({
      ok: false,
      reason: `fork/exec ${file}: permission denied`,
      badDirectory: false,
      hint: `${file} is not executable: chmod +x ${file}`,
    });
  });
});

describe("ProcessGroup", () => {
  it("words signals as Lambda does", async () => {
    const { group } = await start(node("setInterval(() => {}, 1000)"));
    group.signal("SIGKILL");
    expect(exitText(await group.exit)).toBe("signal: killed");
    await group.gone();
    group.signal("SIGKILL"); // (3): nobody is hit
  });

  it.runIf(hasProcessTable)(
    "is gone only when a grandchild that outlived its parent is gone too (3)",
    async () => {
      const { group, lines } = await start(
        node(
          "require('child_process').spawn(process.execPath, ['-e', 'console.log(1);setInterval(()=>{},1000)'], {stdio:'inherit'});setInterval(()=>{},1000)",
        ),
      );
      await until(() => lines.length === 1);
      process.kill(group.pid, "SIGKILL");
      await group.exit;
      let gone = false;
      const end = group.gone().then(() => (gone = true));
      expect(alive(group)).toHaveLength(1);
      expect(gone).toBe(false);
      group.signal("SIGKILL");
      await end;
      expect(alive(group)).toEqual([]);
    },
  );

  it.runIf(hasProcessTable)("does not outlive the process that started it (4)", async () => {
    const outfile = join(mkdtempSync(join(tmpdir(), "sandbox-")), "parent.mjs");
    const source = fileURLToPath(new URL("testing/careless-parent.ts", import.meta.url));
    await build({ entryPoints: [source], outfile, bundle: true, platform: "node", format: "esm" });
    const { group, lines } = await start({ file: process.execPath, args: [outfile] });
    expect(exitText(await group.exit)).toBe("exit status 3");
    await group.gone();
    const child = lines.find((line) => /^stdout \d+$/.test(line));
    await until(() => {
      const row = rowOf(Number(child?.slice(7)));
      return row === undefined || isDead(row);
    });
  });

  it.runIf(hasProcessTable)("reaches a grandchild in a group of its own within the session (1)", async () => {
    // What a shell with job control does.
    const { group, lines } = await start({
      file: "/bin/bash",
      args: ["-c", "set -m; sleep 1000 & echo up; wait"],
    });
    await until(() => lines.length === 1 && alive(group).length === 2);
    expect(new Set(membersOf(new Set([group.pid])).map((row) => row.group)).size).toBe(2);
    group.signal("SIGKILL");
    await group.gone();
    expect(alive(group)).toEqual([]);
  });

  it.runIf(hasProcessTable)("does not wait for the output of a process that left the session", async () => {
    const { group, lines } = await start(
      node(
        "const c=require('child_process').spawn(process.execPath, ['-e', 'setTimeout(()=>{},60000)'], {stdio:'inherit',detached:true});c.unref();console.log(c.pid)",
      ),
    );
    await group.gone();
    process.kill(Number(lines[0]?.slice(7)), "SIGKILL");
  });
});

describe.runIf(hasProcessTable)("MemoryGauge", () => {
  it("sees what a process held, children included, also after it is gone", async () => {
    const megabytes = 64;
    const hog = `const b=Buffer.alloc(${megabytes}*1048576,1);console.log(b.length);setInterval(()=>{},1000)`;
    const { group, lines } = await start(
      node(
        `require('child_process').spawn(process.execPath,['-e',${JSON.stringify(hog)}],{stdio:'inherit'});${hog}`,
      ),
    );
    const members = new Members();
    members.add(group.pid);
    const gauge = new MemoryGauge({ members });
    await until(() => lines.length === 2);
    gauge.look();
    const peak = gauge.peakBytes / 1_048_576;
    // Two processes that hold 64 MB each, and Node around it.
    expect(peak).toBeGreaterThan(2 * megabytes);
    expect(peak).toBeLessThan(2 * megabytes + 200);
    group.signal("SIGKILL");
    await group.gone();
    gauge.look();
    expect(gauge.peakBytes / 1_048_576).toBe(peak);
  });
});

describe.runIf(hasProcessTable)("listeningPortsOf", () => {
  it("finds the ports of a group's processes and no others", async () => {
    const server =
      "require('net').createServer().listen(0,'127.0.0.1',function(){console.log(this.address().port)})";
    const six =
      "require('net').createServer().listen(0,'::1',function(){console.log(this.address().port)}).on('error',()=>console.log(0))";
    const first = await start(node(`${server};${six}`));
    const second = await start(node(server));
    await until(() => first.lines.length === 2 && second.lines.length === 1);
    const ports = first.lines.map((line) => Number(line.slice(7))).filter((port) => port > 0);
    const members = new Members();
    expect(listeningPortsOf(members)).toEqual([]);
    members.add(first.group.pid);
    expect(listeningPortsOf(members)).toEqual(ports.sort((a, b) => a - b));
    for (const { group } of [first, second]) {
      group.signal("SIGKILL");
      await group.gone();
    }
  });
});
