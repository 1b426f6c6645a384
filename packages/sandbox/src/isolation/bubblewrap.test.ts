import { spawn } from "node:child_process";
import { chmodSync, cpSync, existsSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { FleetOptions } from "../fleet.ts";
import type { FunctionConfiguration } from "../function.ts";
import { readProcess } from "../process-table.ts";
import {
  type Rig,
  configured,
  directory,
  fixture,
  killedParent,
  of,
  processesOf,
  rig,
  until,
} from "../testing/harness.ts";
import { openPod } from "./bubblewrap.ts";
import { bubblewrapFault } from "./isolation.ts";
import { outboundFault } from "./outbound.ts";

const fault = bubblewrapFault();
const inPod = (
  more: Partial<FunctionConfiguration> = {},
  options: Omit<FleetOptions, "report" | "path"> = {},
): Promise<Rig> => rig({ command: fixture("inside.mjs"), ...more }, { isolation: "bubblewrap", ...options });
/** Without the checkout, should it lie in `/tmp`: the fixtures in it are bound into the pod. */
function own(names: unknown): string[] {
  return (names as string[]).filter((name) => !import.meta.filename.startsWith(`/tmp/${name}/`));
}

const ask = async (r: Rig, event: unknown): Promise<unknown> => JSON.parse((await r.invoke(event)).text);
/** One that this test process started: others work on the machine, too. */
const isSlirp = (pid: number): boolean => {
  const stat = readProcess(pid, "stat") ?? "";
  return stat.includes("(slirp4netns)") && stat.split(") ")[1]?.split(" ")[1] === String(process.pid);
};
const pods = (): string[] => readdirSync(tmpdir()).filter((name) => name.startsWith("anylambda-pod-"));

describe.skipIf(fault !== undefined)("bubblewrap", () => {
  it("gives a function Lambda's places, user and network (3)", async () => {
    await using r = await inPod();
    const seen = (await ask(r, { see: true })) as Record<string, unknown>;
    expect(seen).toMatchObject({
      api: "127.0.0.1:9001",
      root: "/var/task",
      cwd: "/var/task",
      uid: 993,
      user: "sbx_user1051",
      host: "sandbox",
      addresses: ["lo"],
    });
    // Nobody but the pod's holders, the runtime, and this one.
    expect(seen["pids"]).toBeLessThan(6);
    for (const name of ["PWD", "HOME", "SHLVL"]) expect(seen["variables"]).not.toContain(name);
    expect(await ask(r, { read: "/etc/hosts" })).toContain("sandbox.localdomain");
    expect(await ask(r, { list: "/var/task" })).toContain("inside.mjs");
  });

  it("lets nothing be written but in /tmp, and there no more than its size", async () => {
    await using r = await inPod({ ephemeralStorageMb: 8 });
    for (const file of ["/var/task/x", "/opt/x", "/usr/x", "/x", "/etc/hosts", "/var/x"])
      expect(await ask(r, { write: file })).toBe("EROFS");
    expect(await ask(r, { write: "/tmp/some", bytes: 6_000_000 })).toBe("written");
    expect(await ask(r, { write: "/tmp/more", bytes: 6_000_000 })).toBe("ENOSPC");
    expect(existsSync("/tmp/some")).toBe(false);
  });

  it("hides the developer's home and what is secret", async () => {
    const secret = join(directory(), "secret");
    writeFileSync(secret, "hidden");
    await using r = await inPod();
    expect(await ask(r, { read: secret })).toBe("ENOENT");
    expect(await ask(r, { read: "/etc/shadow" })).toBe("ENOENT");
    expect(await ask(r, { read: "/root/.bashrc" })).toBe("ENOENT");
  });

  it("keeps /tmp across a reset, and gives each environment its own (1)", async () => {
    await using r = await inPod({}, { maxConcurrency: 2 });
    expect(await ask(r, { write: "/tmp/kept" })).toBe("written");
    expect((await r.invoke({ exit: 3 })).answer.errorType).toBe("Runtime.ExitError");
    expect(own(await ask(r, { list: "/tmp" }))).toEqual(["kept"]);
    await using other = await inPod();
    expect(own(await ask(other, { list: "/tmp" }))).toEqual([]);
  });

  it("lets every environment listen on the same port, and reaches each of them", async () => {
    const configuration = configured({ command: fixture("inside.mjs") });
    await using first = await inPod();
    await using second = await inPod();
    expect(await ask(first, { listen: 8080 })).toBe("listening");
    expect(await ask(second, { listen: 8080 })).toBe("listening");
    const pod = await openPod(configuration, { path: process.env["PATH"] ?? "", shareNetwork: false });
    const { dial } = pod.place;
    if (typeof dial !== "function") throw new Error("There is no way in");
    const socket = await dial(8080);
    await new Promise((resolve) => socket.on("error", resolve).on("close", resolve));
    await pod.close();
  });

  it("delivers telemetry to an extension inside", async () => {
    const optRoot = directory();
    mkdirSync(join(optRoot, "extensions"));
    const source = `#!${process.execPath}
const http = require("node:http");
const base = "http://" + process.env.AWS_LAMBDA_RUNTIME_API;
http.createServer((request, response) => {
  let text = "";
  request.on("data", (chunk) => (text += chunk)).on("end", () => {
    for (const { type } of JSON.parse(text)) console.log("got " + type);
    response.end();
  });
}).listen(4243, "127.0.0.1", async () => {
  const registered = await fetch(base + "/2020-01-01/extension/register", { method: "POST", headers: { "Lambda-Extension-Name": "listener" }, body: '{"events":["INVOKE","SHUTDOWN"]}' });
  const id = registered.headers.get("lambda-extension-identifier");
  const headers = { "Lambda-Extension-Identifier": id };
  await fetch(base + "/2022-07-01/telemetry", { method: "PUT", headers, body: JSON.stringify({ schemaVersion: "2022-12-13", destination: { protocol: "HTTP", URI: "http://sandbox.localdomain:4243" }, types: ["platform"], buffering: { timeoutMs: 25, maxItems: 1000, maxBytes: 262144 } }) });
  for (;;) await fetch(base + "/2020-01-01/extension/event/next", { headers });
});`;
    writeFileSync(join(optRoot, "extensions", "listener"), source, { mode: 0o755 });
    await using r = await inPod({ optRoot });
    await r.invoke({});
    await until(() => of(r.events, "log").some(({ line }) => line.startsWith("got platform.")));
  });

  it("freezes, limits memory and tells of a crash as elsewhere", async () => {
    for (const cgroups of [true, false]) {
      const options = { freezeAfterMs: 1, limitMemory: true, cgroups } as const;
      await using r = await inPod({ memorySizeMb: 192 }, options);
      for (let i = 0; i < 3; i += 1) {
        await ask(r, {});
        await until(() => of(r.events, "frozen").length > of(r.events, "thawed").length);
      }
      const { text } = await r.invoke({ exit: 7 });
      expect(text).toContain("Runtime exited with error: exit status 7");
      expect(own(await ask(r, { list: "/tmp" }))).toEqual([]);
    }
  });

  it("does not count files in /tmp as memory", async () => {
    await using r = await inPod({ memorySizeMb: 192, ephemeralStorageMb: 512 }, { limitMemory: true });
    expect(await ask(r, { write: "/tmp/large", bytes: 100_000_000 })).toBe("written");
    expect(await ask(r, { write: "/tmp/larger", bytes: 100_000_000 })).toBe("written");
    expect(of(r.events, "report").map(({ status }) => status)).toEqual(["success", "success"]);
  });

  it("tells of what cannot be started by its name inside", async () => {
    const taskRoot = directory();
    writeFileSync(join(taskRoot, "bootstrap"), "#!/bin/sh\n", { mode: 0o644 });
    const { command: _, ...rest } = configured({ taskRoot });
    await using r = await rig({ ...rest, command: undefined } as never, { isolation: "bubblewrap" });
    expect((await r.invoke({})).text).toContain("fork/exec /var/task/bootstrap: permission denied");
  });

  it.skipIf(outboundFault() !== undefined)(
    "has a way out of its own network when told to, and only then (slirp4netns)",
    async () => {
      const server = createServer((_, response) => void response.end("outside"));
      await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
      const url = `http://10.0.2.2:${(server.address() as AddressInfo).port}/`;
      try {
        const slirps = (): number => readdirSync("/proc").filter((pid) => isSlirp(Number(pid))).length;
        const before = slirps();
        {
          await using out = await inPod({}, { outbound: true });
          expect(await ask(out, { fetch: url })).toBe("outside");
          expect(await ask(out, { see: true })).toMatchObject({ api: "127.0.0.1:9001" });
          expect(await ask(out, { read: "/etc/resolv.conf" })).toBe("nameserver 10.0.2.3\n");
          // Its own localhost is still its own.
          expect(await ask(out, { fetch: url.replace("10.0.2.2", "127.0.0.1") })).toBe("ECONNREFUSED");
          expect(slirps()).toBeGreaterThan(before);
        }
        await until(() => slirps() === before);
        await using shut = await inPod();
        expect(await ask(shut, { fetch: url })).toBe("ENETUNREACH");
      } finally {
        server.close();
      }
    },
  );

  it("shares the machine's network when told to", async () => {
    await using r = await inPod({}, { shareNetwork: true });
    const seen = (await ask(r, { see: true })) as Record<string, unknown>;
    expect(seen["api"]).not.toBe("127.0.0.1:9001");
    expect(seen["root"]).toBe("/var/task");
  });

  it("leaves nothing behind (1, 2)", async () => {
    const before = pods();
    const r = await inPod();
    await ask(r, {});
    expect(pods().length).toBeGreaterThan(before.length);
    const pod = pods().find((name) => !before.includes(name)) ?? "";
    await r[Symbol.asyncDispose]();
    expect(pods()).not.toContain(pod);
    expect(processesOf(pod)).toEqual([]);
    expect(commandLines().filter((line) => line.includes(pod))).toEqual([]);
  });
});

describe.skipIf(fault !== undefined)("a pod whose sandbox is killed", () => {
  // Root can become another; who is not root is another already.
  const users = process.getuid?.() === 0 ? (["root", "nobody"] as const) : (["this user"] as const);

  it.each(users)("ends with it, for %s (2)", async (user) => {
    const parent = await killedParent();
    const taskRoot = directory();
    chmodSync(taskRoot, 0o755);
    cpSync(new URL("../testing/fixtures/inside.mjs", import.meta.url), join(taskRoot, "inside.mjs"));
    const command = { file: process.execPath, args: [join(taskRoot, "inside.mjs")] };
    const configuration = JSON.stringify(configured({ taskRoot, command }));
    const program = [process.execPath, parent, configuration, JSON.stringify({ isolation: "bubblewrap" })];
    const become = user === "nobody" ? ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"] : [];
    const [file = "", ...args] = [...become, ...program];
    const child = spawn(file, args, { stdio: ["ignore", "pipe", "inherit"] });
    const environment = await new Promise<string>((resolve, reject) => {
      child.stdout.once("data", (bytes: Buffer) => resolve(bytes.toString().trim()));
      child.once("exit", () => reject(new Error("It ended by itself")));
    });
    expect(processesOf(environment).length).toBeGreaterThan(0);
    // Others on this machine may have pods too.
    const lines = commandLines().filter((line) => line.includes(taskRoot));
    const mine = pods().filter((name) => lines.some((line) => line.includes(name)));
    expect(mine).toHaveLength(1);
    child.kill("SIGKILL");
    await until(() => processesOf(environment).length === 0);
    await until(() => !mine.some((name) => existsSync(join(tmpdir(), name))));
    await until(() => !commandLines().some((line) => line.includes(taskRoot)));
  });
});

/** Of everything that runs on this machine. */
function commandLines(): string[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map((pid) => readProcess(Number(pid), "cmdline") ?? "");
}
