import { execFileSync } from "node:child_process";
import { cpSync, existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, truncateSync } from "node:fs";
import type { Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { probe } from "./doctor.ts";
import { type Image, damagedFilesOf } from "./image.ts";
import { Pod, type PodProcess } from "./pod.ts";
import type { Tools } from "./tools.ts";
import { type Vessel, vesselFor } from "./vessel.ts";

// Pages that come when they are asked for (native/pod/src/lazy.rs). Where the host cannot freeze, or has no userfaultfd
// for us, or no compiler for the program that looks at its memory, skipped by name.
const { ok, findings, tools } = await probe();
const host = tools as Tools;
const isLazy = ok && findings.some(({ what, detail }) => what === "pages on demand" && detail === "yes");
const compiler = "/usr/bin/cc";
const hasCompiler = existsSync(compiler);

let scratch: string;
let image: Image;
const copies: Pod[] = [];

beforeAll(async () => {
  if (!isLazy || !hasCompiler) return;
  scratch = mkdtempSync(join(tmpdir(), "anylambda-lazy-test-"));
  const source = new URL("testing/probe.c", import.meta.url).pathname;
  execFileSync(compiler, ["-O2", "-pthread", "-o", join(scratch, "probe"), source]);
  image = await frozen();
}, 60_000);

afterAll(async () => {
  await Promise.all(copies.map((copy) => copy.end()));
  if (scratch !== undefined) rmSync(scratch, { recursive: true, force: true });
});

/** Answers the one request that the program makes. */
function held(): { readonly sockets: Socket[]; readonly connection: (socket: Socket) => void } {
  const sockets: Socket[] = [];
  return { sockets, connection: (socket) => void sockets.push(socket) };
}

async function frozen(): Promise<Image> {
  const { sockets, connection } = held();
  const keep = [join(scratch, "probe")];
  const pod = await Pod.start({ tools: host, scratch, programs: 1, keep, connection });
  const argv = [join(scratch, "probe")];
  const said = wordsOf(await pod.spawn({ name: "probe", argv, env: {}, cwd: "/" }));
  await until(() => said.text === "filled\n" && sockets.length === 1);
  for (const socket of sockets) await pod.park(socket, "held");
  const made = await pod.checkpoint(join(scratch, "image"));
  await pod.end();
  return made;
}

interface Copy {
  readonly pod: Pod;
  readonly process: PodProcess;
  readonly said: { text: string };
}

async function restored(vessel?: Vessel): Promise<Copy> {
  const pod = await Pod.restore(image, { tools: host, scratch, connection: () => {} }, vessel);
  copies.push(pod);
  const process = pod.processes[0] as PodProcess;
  const said = wordsOf(process);
  for (const { socket } of pod.takeBack()) socket.end("HTTP/1.1 200 OK\r\n\r\n");
  return { pod, process, said };
}

async function ended({ process, said }: Copy): Promise<string> {
  const { exit, stdout } = process;
  const end = await exit;
  if (!stdout.closed) await new Promise((resolve) => stdout.once("close", resolve));
  return said.text + JSON.stringify(end);
}

function wordsOf({ stdout, stderr }: PodProcess): { text: string } {
  const said = { text: "" };
  for (const stream of [stdout, stderr])
    stream.on("data", (chunk: Buffer) => (said.text += chunk.toString()));
  return said;
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 2));
}

const right = `right\n{"exit":1002,"status":0,"pid":1002}`;

describe.skipIf(!isLazy || !hasCompiler)("pages on demand", () => {
  it("are right in two copies at once, whatever the program does with its mappings (1, 2, 3)", async () => {
    const both = await Promise.all([restored(), restored()]);
    expect(both.map(({ pod }) => pod.eagerBecause)).toEqual([undefined, undefined]);
    expect(await Promise.all(both.map(ended))).toEqual([right, right]);
    expect(await damagedFilesOf(image)).toEqual([]);
  });

  it("are right too when they are put in before they are asked for", async () => {
    expect(existsSync(join(image.directory, "learnt"))).toBe(false);
    await Promise.all(copies.map((copy) => copy.learn()));
    expect(readFileSync(join(image.directory, "learnt")).length).toBeGreaterThan(1000);
    expect(readdirSync(image.directory).sort()).toEqual(["files", "learnt", "manifest.json", "pages"]);
    const both = await Promise.all([restored(), restored()]);
    expect(await Promise.all(both.map(ended))).toEqual([right, right]);
  });

  it("are all there at once where nobody serves them", async () => {
    const vessel = await vesselFor(image, { tools: host, scratch });
    const copy = await restored({ ...vessel, eagerBecause: "the test wants it so" });
    expect(copy.pod.eagerBecause).toBe("the test wants it so");
    expect(await ended(copy)).toBe(right);
  });

  it("may be missing, so that a copy is not frozen again", async () => {
    const { pod } = await restored();
    await expect(pod.checkpoint(join(scratch, "again"))).rejects.toThrow(
      "A copy of an image cannot be frozen again",
    );
    expect(existsSync(join(scratch, "again"))).toBe(false);
  });

  it("take the pod with them when they cannot be served any more (4)", async () => {
    const directory = join(scratch, "cut");
    cpSync(image.directory, directory, { recursive: true });
    rmSync(join(directory, "learnt"));
    const pod = await Pod.restore({ ...image, directory }, { tools: host, scratch, connection: () => {} });
    copies.push(pod);
    const { pid } = pod.processes[0] as PodProcess;
    for (const name of readdirSync(join(directory, "pages")).filter((file) => /^pages-\d/.test(file)))
      truncateSync(join(directory, "pages", name), 0);
    for (const { socket } of pod.takeBack()) {
      socket.on("error", () => undefined);
      socket.end("HTTP/1.1 200 OK\r\n\r\n");
    }
    await until(() => !existsSync(`/proc/${pid}`));
  });
});
