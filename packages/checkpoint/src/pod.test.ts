import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import http from "node:http";
import { type Socket, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { diagnose, probe } from "./doctor.ts";
import { type Image, damagedFilesOf, listImages, obstacleOf, openImage, removeImage } from "./image.ts";
import { Pod, type PodProcess, SpawnError } from "./pod.ts";
import type { Tools } from "./tools.ts";

// Real processes, really frozen. Where the host cannot do that, all of it is skipped by name.
const { ok, tools } = await probe();
const host = tools as Tools;

let scratch: string;
beforeAll(() => (scratch = mkdtempSync(join(tmpdir(), "anylambda-checkpoint-test-"))));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

/** A server for pods: `/now` is answered, everything else waits until the test answers it. */
function served(): Served {
  const waiting: { readonly url: string; answer(body: string): void }[] = [];
  const sockets = new Set<Socket>();
  const server = http.createServer((request, response) => {
    if (request.url === "/now") response.end("here");
    else waiting.push({ url: request.url ?? "", answer: (body) => response.end(body) });
  });
  return {
    waiting,
    sockets,
    connection: (socket) => {
      sockets.add(socket);
      server.emit("connection", socket);
    },
  };
}

interface Served {
  readonly waiting: { readonly url: string; answer(body: string): void }[];
  readonly sockets: Set<Socket>;
  readonly connection: (socket: Socket) => void;
}

/** Asks /now, counts, waits in /held, and prints what it then sees. */
const program = `
  const http = require("http"), fs = require("fs");
  const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
  const get = (path) => new Promise((ok, no) => http.get({ host: "127.0.0.1", port: 9001, path, agent }, (r) => {
    let text = ""; r.on("data", (c) => (text += c)); r.on("end", () => ok(text));
  }).on("error", no));
  (async () => {
    fs.writeFileSync("/tmp/note", "kept");
    const began = performance.now();
    const wall = Date.now();
    console.log("first", await get("/now"), process.pid);
    console.log("held", await get("/held"));
    const [monotonic, walled] = [performance.now() - began, Date.now() - wall];
    console.log("last", await get("/now"), fs.readFileSync("/tmp/note", "utf8"), JSON.stringify({ monotonic, walled }));
    fs.writeFileSync("/tmp/note", "changed");
    process.exit(7);
  })();
`;

const options = { scratch: "", tools: host };

async function frozen(name: string): Promise<Image> {
  const api = served();
  const pod = await Pod.start({ ...options, scratch, programs: 1, connection: api.connection });
  const child = await pod.spawn(node(program));
  const said = linesOf(child);
  await until(() => api.waiting.length === 1);
  expect(said).toEqual(["first here 1002"]);
  for (const socket of api.sockets) await pod.park(socket, "GET /held HTTP/1.1\r\nHost: pod\r\n\r\n");
  const image = await pod.checkpoint(join(scratch, name), { note: "mine" });
  await pod.end();
  return image;
}

/** A copy that was answered, from its restore to its end; what it said. */
async function lived(image: Image): Promise<string[]> {
  const api = served();
  const copy = await Pod.restore(image, { ...options, scratch, connection: api.connection });
  try {
    const said = linesOf(copy.processes[0] as PodProcess);
    for (const { socket, label } of copy.takeBack()) {
      socket.unshift(Buffer.from(label));
      api.connection(socket);
    }
    await until(() => api.waiting.length === 1);
    api.waiting[0]?.answer("thawed");
    expect(await copy.processes[0]?.exit).toMatchObject({ pid: 1002, status: 7 });
    await until(() => said.length === 2);
    return said;
  } finally {
    await copy.end();
  }
}

function node(source: string) {
  return { name: "app", argv: [process.execPath, "-e", source], env: {}, cwd: "/" };
}

function linesOf({ stdout, stderr }: PodProcess): string[] {
  const lines: string[] = [];
  for (const stream of [stdout, stderr])
    stream.on("data", (chunk: Buffer) => lines.push(...chunk.toString().split("\n").filter(Boolean)));
  return lines;
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 2));
}

/** What a pod may leave behind, counted. */
function traces(): { processes: string[]; mounts: number; files: string[] } {
  const processes = readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map((pid) => read(`/proc/${pid}/cmdline`).replaceAll("\0", " "))
    // Process 1 and what is below it end with this one, which names the directory; others on the machine have pods too.
    .filter((line) => line.includes("anylambda-pod box") && line.includes(scratch));
  const files = readdirSync(scratch).filter((name) => name.startsWith("anylambda-pod-"));
  return { processes, mounts: read("/proc/self/mountinfo").split("\n").length, files };
}

function read(file: string): string {
  try {
    return readFileSync(file, "latin1");
  } catch {
    return "";
  }
}

describe.skipIf(!ok)("a pod", () => {
  it("is frozen in the middle of a request and goes on in every copy (2)", async () => {
    const before = traces().mounts;
    const image = await frozen("middle");
    await new Promise((resolve) => setTimeout(resolve, 1500));
    for (let copy = 0; copy < 2; copy += 1) {
      const [held, last] = await lived(image);
      expect(held).toBe("held thawed");
      expect(last).toMatch(/^last here kept /);
      // The wall clock has moved on while the image lay there; the monotonic one has not.
      const { monotonic, walled } = JSON.parse((last as string).slice(15)) as {
        monotonic: number;
        walled: number;
      };
      expect(walled).toBeGreaterThan(1500);
      expect(walled - monotonic).toBeGreaterThan(1400);
    }
    expect(await damagedFilesOf(image)).toEqual([]);
    expect(traces()).toEqual({ processes: [], mounts: before, files: [] });
  });

  it("gives ten copies at a time, twenty in a row, and leaves nothing behind (1)", async () => {
    const before = traces().mounts;
    const image = await frozen("many");
    const descriptors = readdirSync("/proc/self/fd").length;
    for (let round = 0; round < 2; round += 1) {
      const said = await Promise.all(Array.from({ length: 10 }, () => lived(image)));
      for (const [held] of said) expect(held).toBe("held thawed");
    }
    expect(traces()).toEqual({ processes: [], mounts: before, files: [] });
    expect(readdirSync("/proc/self/fd").length).toBeLessThanOrEqual(descriptors + 2);
    expect(await damagedFilesOf(image)).toEqual([]);
  });

  it("has its own /tmp, network and process ids, and sees what it is told to keep", async () => {
    writeFileSync(join(scratch, "seen"), "seen");
    // Not counted: a checkout may lie in /tmp too, and is kept.
    const hidden = mkdtempSync(join(tmpdir(), "anylambda-hidden-"));
    const outside = createServer().listen(0, "127.0.0.1");
    await until(() => outside.listening);
    const { port } = outside.address() as { port: number };
    const pod = await Pod.start({
      ...options,
      scratch,
      programs: 1,
      keep: [join(scratch, "seen")],
      connection: () => {},
    });
    const source = `
      const fs = require("fs");
      console.log(fs.existsSync(${JSON.stringify(hidden)}) ? "open" : "own", fs.readFileSync(${JSON.stringify(join(scratch, "seen"))}, "utf8"),
        fs.readdirSync("/proc").filter((name) => /^\\d+$/.test(name)).length);
      require("net").connect(${port}, "127.0.0.1").on("error", (e) => console.log(e.code)).on("connect", () => console.log("reached"));
    `;
    const child = await pod.spawn(node(source));
    const said = linesOf(child);
    await child.exit;
    await until(() => said.length === 2);
    // Process 1, the root of the tree, and the program.
    expect(said).toEqual(["own seen 3", "ECONNREFUSED"]);
    await pod.end();
    outside.close();
    rmSync(hidden, { recursive: true });
  });

  it("reaches the ports it is told, and finds what was connected dead after a restore", async () => {
    const outside = createServer((socket) =>
      socket.on("data", (chunk) => socket.write(`echo ${chunk.toString()}`)),
    );
    outside.listen(0, "127.0.0.1");
    await until(() => outside.listening);
    const { port } = outside.address() as { port: number };
    const source = `
      const net = require("net"), http = require("http");
      const old = net.connect(${port}, "127.0.0.1", () => old.write("one"));
      old.on("error", (error) => {
        console.log("old", error.code);
        const fresh = net.connect(${port}, "127.0.0.1", () => fresh.write("two"));
        fresh.on("data", (chunk) => { console.log(chunk.toString()); });
      });
      old.once("data", (chunk) => {
        console.log(chunk.toString());
        http.get({ host: "127.0.0.1", port: 9001, path: "/held" }, () => old.write("again"));
      });
    `;
    const api = served();
    const pod = await Pod.start({
      ...options,
      scratch,
      programs: 1,
      reach: [port],
      connection: api.connection,
    });
    const said = linesOf(await pod.spawn(node(source)));
    await until(() => api.waiting.length === 1);
    expect(said).toEqual(["echo one"]);
    for (const socket of api.sockets) await pod.park(socket, "GET /held HTTP/1.1\r\nHost: pod\r\n\r\n");
    const image = await pod.checkpoint(join(scratch, "reaching"));
    await pod.end();
    expect(image.manifest.connections).toMatchObject([{ remote: `127.0.0.1:${port}` }]);
    const later = served();
    const copy = await Pod.restore(image, { ...options, scratch, connection: later.connection });
    const saidLater = linesOf(copy.processes[0] as PodProcess);
    for (const { socket, label } of copy.takeBack()) {
      socket.unshift(Buffer.from(label));
      later.connection(socket);
    }
    await until(() => later.waiting.length === 1);
    later.waiting[0]?.answer("go on");
    // Its peer does not answer for it any more: known at its next use, or earlier when the kernel has asked.
    await until(() => saidLater.length === 2);
    expect(saidLater).toEqual(["old ECONNRESET", "echo two"]);
    await copy.end();
    outside.close();
  });

  it("is connected to from outside, at a port of its own localhost", async () => {
    const pod = await Pod.start({ ...options, scratch, programs: 1, connection: () => {} });
    const source = `
      require("net").createServer((socket) => socket.pipe(socket))
        .listen(0, "127.0.0.1", function () { console.log(this.address().port); });
    `;
    const said = linesOf(await pod.spawn(node(source)));
    await until(() => said.length === 1);
    const socket = await pod.connect(Number(said[0]));
    let heard = "";
    socket.on("data", (chunk: Buffer) => (heard += chunk.toString()));
    socket.write("there and back");
    await until(() => heard === "there and back");
    socket.destroy();
    await expect(pod.connect(4)).rejects.toThrow(/connect to 127\.0\.0\.1:4: .*refused/);
    await pod.end();
    await expect(pod.connect(Number(said[0]))).rejects.toThrow("The pod is gone");
  });

  it("ends with whatever runs in it, also what ignores signals (1)", async () => {
    const pod = await Pod.start({ ...options, scratch, programs: 1, connection: () => {} });
    const child = await pod.spawn(
      node(`process.on("SIGTERM", () => {}); setInterval(() => {}, 1000); console.log("up")`),
    );
    const said = linesOf(child);
    await until(() => said.length === 1);
    await pod.end();
    expect(existsSync(`/proc/${child.pid}`)).toBe(false);
    expect(traces().files).toEqual([]);
  });

  it("tells of the end of its programs when process 1 was killed, and takes them along", async () => {
    const pod = await Pod.start({ ...options, scratch, programs: 1, connection: () => {} });
    const child = await pod.spawn(node("setInterval(() => {}, 1000)"));
    process.kill(pod.pid, "SIGKILL");
    expect(await child.exit).toEqual({ pid: child.innerPid, signal: 9 });
    expect(existsSync(`/proc/${child.pid}`)).toBe(false);
    await pod.end();
  });

  it("says why a program cannot be started", async () => {
    const pod = await Pod.start({ ...options, scratch, programs: 1, connection: () => {} });
    const missing = { name: "x", argv: ["/no/such/program"], env: {}, cwd: "/" };
    await expect(pod.spawn(missing)).rejects.toThrow(SpawnError);
    await pod.end();
  });

  it("says what CRIU complained of when the tree cannot be frozen", async () => {
    const pod = await Pod.start({ ...options, scratch, programs: 1, connection: () => {} });
    // The state behind such a device is the kernel's own.
    const device = ["/dev/fuse", "/dev/loop-control", "/dev/cpu_dma_latency"].find(existsSync);
    const source = `require("fs").openSync("${device}"); setInterval(() => {}, 1000); console.log("up")`;
    const child = await pod.spawn(node(source));
    const said = linesOf(child);
    await until(() => said.length === 1);
    await expect(pod.checkpoint(join(scratch, "never"))).rejects.toThrow(
      /CRIU could not dump the process tree:\n.*Error/,
    );
    expect(existsSync(join(scratch, "never"))).toBe(false);
    await pod.end();
    expect(traces().processes).toEqual([]);
  });
});

describe.skipIf(!ok)("an image", () => {
  it("names files outside that programs may write to, and is refused when one has changed, with the reason (1)", async () => {
    // Not below a path that the pod has for itself.
    const outside = mkdtempSync("/var/tmp/anylambda-outside-");
    try {
      const file = join(outside, "data");
      writeFileSync(file, "as it was");
      const source = `
        const { openSync } = require("fs");
        for (const name of ["/tmp/own", ${JSON.stringify(file)}]) openSync(name, "a+");
        openSync(process.execPath);
        console.log("up");
        setInterval(() => {}, 1000);
      `;
      const pod = await Pod.start({ ...options, scratch, programs: 1, connection: () => {} });
      const said = linesOf(await pod.spawn(node(source)));
      await until(() => said.length === 1);
      const image = await pod.checkpoint(join(scratch, "changed"));
      await pod.end();
      expect(image.manifest.writable).toEqual([file]);
      writeFileSync(file, "longer than it was");
      await expect(Pod.restore(image, { ...options, scratch, connection: () => {} })).rejects.toThrow(
        /CRIU could not restore the process tree:\n.*data has bad size[^]*has changed since the snapshot/,
      );
      expect(traces().processes).toEqual([]);
    } finally {
      rmSync(outside, { recursive: true, force: true });
    }
  });

  it("says what it is, is listed, found damaged, refused elsewhere, and removed", async () => {
    const below = "images";
    const { directory } = await frozen(join(below, "one"));
    const image = await openImage(directory);
    expect(image.manifest).toMatchObject({
      format: 1,
      ports: [9001],
      connections: [],
      root: 1001,
      notes: { note: "mine" },
    });
    expect(image.manifest.bytes).toBeGreaterThan(1_000_000);
    expect((await listImages(join(scratch, below))).map((found) => found.directory)).toEqual([directory]);
    expect(obstacleOf(image)).toBeUndefined();
    expect(obstacleOf(image, { kernel: "1.0", cpu: "other", architecture: "x64" })).toMatch(
      /cpu|kernel|architecture/,
    );
    writeFileSync(join(directory, "pages", "inventory.img"), "nonsense");
    expect(await damagedFilesOf(image)).toEqual(["inventory.img"]);
    await expect(lived(image)).rejects.toThrow(/CRIU could not restore/);
    await removeImage(directory);
    expect(existsSync(directory)).toBe(false);
    await expect(openImage(directory)).rejects.toThrow(/There is no image in/);
    await expect(removeImage(scratch)).rejects.toThrow(/There is no image in/);
  });
});

describe("the diagnosis", () => {
  it("names what is missing, and what brings it", async () => {
    const { ok: can, findings } = await diagnose({ ANYLAMBDA_CRIU: "/no/such/criu", PATH: "" });
    const told = findings.map(({ what }) => what);
    expect(told).toContain("system");
    // Whatever this host has: it either works, or every obstacle has its advice.
    expect(can || findings.some((finding) => !finding.ok && finding.detail.length > 20)).toBe(true);
  });
});
