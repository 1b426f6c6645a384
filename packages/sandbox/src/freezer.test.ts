import { spawn } from "node:child_process";
import { type AddressInfo, type Socket, createServer } from "node:net";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { FleetOptions } from "./fleet.ts";
import { hasProcessTable } from "./process-table.ts";
import {
  type Rig,
  configured,
  directory,
  fixture,
  killedParent,
  notesOf,
  of,
  processesOf,
  rig,
  until,
} from "./testing/harness.ts";

const notes = join(directory(), "notes");
const ticking = (file: string, options: Omit<FleetOptions, "report" | "path"> = {}): Promise<Rig> =>
  rig({ command: fixture("ticking.mjs"), variables: { TICKS: file } }, { freezeAfterMs: 5, ...options });
const frozen = (r: Rig): number => of(r.events, "frozen").length;
const thawed = (r: Rig): number => of(r.events, "thawed").length;
const beats = (file: string, who: string): number => notesOf(file).filter((line) => line === who).length;
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

describe.runIf(hasProcessTable).each([
  ["with a cgroup where one can be made", true],
  ["with signals", false],
])("freezing %s", (_, cgroups) => {
  it("stops a function's clockwork between invocations, its daemon's too, and starts it again (1, 2, 3)", async () => {
    const file = join(directory(), "ticks");
    await using r = await ticking(file, { cgroups });
    expect((await r.invoke({})).text).toBe(`"ticking"`);
    await until(() => frozen(r) === thawed(r) + 1);
    const before = notesOf(file).length;
    await pause(150);
    expect(notesOf(file).length).toBe(before);
    // Once more, and the daemon goes on as well as the app.
    const [app, daemon] = [beats(file, "app"), beats(file, "daemon")];
    await r.invoke({});
    await until(() => frozen(r) === thawed(r) + 1);
    expect(of(r.events, "thawed").at(-1)?.frozenMs).toBeGreaterThan(100);
    expect(beats(file, "app")).toBeGreaterThan(app);
    expect(beats(file, "daemon")).toBeGreaterThan(daemon);
    const told = r.events.map(({ type }) => type);
    expect(told.lastIndexOf("thawed")).toBeLessThan(told.lastIndexOf("start"));
    expect(told.lastIndexOf("frozen")).toBeGreaterThan(told.lastIndexOf("end"));
  });

  it("lets a kept connection go stale", async () => {
    await using r = await ticking(join(directory(), "ticks"), { cgroups });
    const sockets: Socket[] = [];
    const server = createServer((socket) => {
      sockets.push(socket.on("data", (bytes) => socket.write(bytes)));
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as AddressInfo;
    expect((await r.invoke({ do: "connect", port })).text).toBe(`"hello"`);
    await until(() => frozen(r) === thawed(r) + 1);
    // As servers do with connections that idle.
    for (const socket of sockets) socket.destroy();
    expect((await r.invoke({ do: "use" })).text).toBe(`"closed"`);
    server.close();
  });

  it("notices a frozen process that dies", async () => {
    await using r = await ticking(join(directory(), "ticks"), { cgroups });
    await r.invoke({});
    await until(() => frozen(r) === thawed(r) + 1);
    // Whoever runs `ticking.mjs` itself; the daemon would not be missed.
    const [pid = 0] = processesOf(r.events[0]?.environment ?? "").sort((a, b) => a - b);
    process.kill(pid, "SIGKILL");
    await until(() => of(r.events, "fault").length === 1);
    expect(of(r.events, "fault")[0]).toMatchObject({ message: "Runtime exited with error: signal: killed" });
    expect((await r.invoke({})).answer.errorType).toBe("Runtime.ExitError");
    expect((await r.invoke({})).text).toBe(`"ticking"`);
  });

  it("does not keep SIGTERM and the SHUTDOWN event from who is frozen (2)", async () => {
    const r = await rig(
      {
        command: fixture("graceful.mjs"),
        extensions: [{ name: "ext", ...fixture("extension.mjs", "ext", "SHUTDOWN") }],
        variables: { NOTES: notes },
      },
      { freezeAfterMs: 5, cgroups },
    );
    await r.invoke({});
    await until(() => frozen(r) > thawed(r));
    const from = notesOf(notes).length;
    await r[Symbol.asyncDispose]();
    expect(notesOf(notes).slice(from)).toEqual([
      "runtime SIGTERM",
      expect.stringMatching(/^ext .*"SHUTDOWN"/),
    ]);
    expect(r.events.slice(-3).map(({ type }) => type)).toEqual(["shutdown", "thawed", "stopped"]);
  });

  it("is over for the time of an invocation, its timeout and its reset", async () => {
    await using r = await rig(
      { command: fixture("ticking.mjs"), variables: { TICKS: join(directory(), "ticks") }, timeoutMs: 1000 },
      { freezeAfterMs: 1, cgroups },
    );
    await r.invoke({});
    await until(() => frozen(r) > thawed(r));
    expect((await r.invoke({ do: "hang" })).answer.errorType).toBe("Sandbox.Timedout");
    expect((await r.invoke({})).text).toBe(`"ticking"`);
    await until(() => frozen(r) > thawed(r));
    expect(of(r.events, "shutdown")).toHaveLength(1);
  });
});

describe.runIf(hasProcessTable)("a sandbox that is killed", () => {
  it.each([true, false])("leaves nobody, though all are frozen (cgroups: %s)", async (cgroups) => {
    const outfile = await killedParent();
    const configuration = configured({
      command: fixture("ticking.mjs"),
      variables: { TICKS: join(directory(), "ticks") },
    });
    const parent = spawn(process.execPath, [
      outfile,
      JSON.stringify(configuration),
      JSON.stringify({ cgroups }),
    ]);
    const environment = await new Promise<string>((resolve) =>
      parent.stdout.once("data", (bytes: Buffer) => resolve(bytes.toString().trim())),
    );
    expect(processesOf(environment).length).toBeGreaterThan(0);
    parent.kill("SIGKILL");
    await until(() => processesOf(environment).length === 0);
  });
});

describe.runIf(hasProcessTable)("not freezing", () => {
  it("is what happens unless asked for, and to who is not at rest for long enough (1)", async () => {
    await using never = await ticking(join(directory(), "ticks"), { freezeAfterMs: undefined });
    await using busy = await ticking(join(directory(), "ticks"), { freezeAfterMs: 10_000 });
    for (const r of [never, busy]) {
      for (let i = 0; i < 20; i += 1) await r.invoke({});
      expect(frozen(r)).toBe(0);
    }
  });
});
