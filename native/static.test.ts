/**
 * The files as they are shipped: nothing of the machine they run on is needed but its kernel. An empty root is the hardest
 * case of every distribution (Amazon Linux 2 and 2023, Alpine, distroless): what is not there cannot be needed.
 */
import { spawn, spawnSync } from "node:child_process";
import { copyFileSync, existsSync, mkdtempSync, readFileSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { brotliDecompressSync, gunzipSync } from "node:zlib";
import { afterEach, describe, expect, it } from "vitest";
import { functionUrlEvent, sqsEvent } from "../packages/adapter/testing/events.ts";
import { answer } from "../packages/adapter/testing/function.ts";
import { answering, startRawApp } from "../packages/adapter/testing/raw-app.ts";
import { polls, startRuntimeApi } from "../packages/adapter/testing/runtime-api.ts";
import { eventually } from "../packages/adapter/testing/wait.ts";

const own = `linux-${process.arch}`;
const qemu = "/usr/bin/qemu-aarch64-static";
const machines = ["linux-x64", "linux-arm64"].map((name) => ({
  name,
  file: fileURLToPath(new URL(`../dist/native/${name}/lambda-adapter`, import.meta.url)),
}));

const cleanUp: (() => unknown)[] = [];

afterEach(async () => {
  for (const clean of cleanUp.splice(0)) await clean();
});

describe.each(machines)("the file for $name (skipped when it is not built)", ({ name, file }) => {
  const isBuilt = existsSync(file);

  it.skipIf(!isBuilt)("has no loader and no library: it is linked statically", () => {
    const elf = readFileSync(file);
    expect(elf.toString("latin1", 0, 6)).toBe("\x7fELF\x02\x01");
    const types = programHeaders(elf);
    expect(types).toContain(1); // PT_LOAD
    expect(types).not.toContain(2); // PT_DYNAMIC
    expect(types).not.toContain(3); // PT_INTERP
  });

  it.skipIf(!isBuilt)("names no path of the machine that built it", () => {
    const text = readFileSync(file, "latin1");
    for (const path of ["/root/", "/home/", "/work/", "/tmp/", ".cargo/registry", process.cwd()])
      // A megabyte of program is no message for a reader.
      expect(text.includes(path), path).toBe(false);
  });

  const emulator = name === own ? [] : [qemu];
  const canRun = isBuilt && emulator.every(existsSync) && canChangeRoot();

  it.skipIf(!canRun)(
    "works in a root that holds nothing else (needs chroot, and qemu for the other machine)",
    async () => {
      const root = mkdtempSync(join(tmpdir(), "anylambda-root-"));
      cleanUp.push(() => rmSync(root, { recursive: true }));
      for (const program of [file, ...emulator]) copyFileSync(program, join(root, basename(program)));
      const inRoot = [...emulator, file].map((program) => `/${basename(program)}`);
      await useIt(["unshare", ...rootOptions, `--root=${root}`, "--", ...inRoot]);
      // Nor has it left anything there.
      expect(readdirSync(root).toSorted()).toEqual(
        [file, ...emulator].map((path) => basename(path)).toSorted(),
      );
    },
  );
});

/** All are in Linux 4.14, the oldest that Amazon Linux 2 has: the youngest are `membarrier` (4.3) and `getrandom` (3.17). */
const calls = new Set(
  `accept4 arch_prctl bind brk clock_gettime clone close connect dup2 epoll_create1 epoll_ctl epoll_pwait epoll_wait
  eventfd2 execve exit exit_group fcntl futex getpeername getpid getrandom getsockname getsockopt gettid gettimeofday
  ioctl kill listen lseek madvise membarrier mmap mprotect mremap munmap open openat pipe2 poll ppoll prctl prlimit64 read
  readv recvfrom recvmsg rt_sigaction rt_sigprocmask rt_sigreturn sched_getaffinity sched_yield sendmsg sendto
  set_robust_list set_tid_address setsockopt shutdown sigaltstack socket socketpair tgkill vfork wait4 write writev`.split(
    /\s+/,
  ),
);

const hasStrace = spawnSync("strace", ["-V"]).status === 0;

/** What writes the calls of a program to a file. Under `strace -D` it is the adapter that is our child and gets signals. */
const tracers = machines.map(({ name, file }) => ({
  name,
  canRun: existsSync(file) && (name === own ? hasStrace : name === "linux-arm64" && existsSync(qemu)),
  command: (log: string) =>
    name === own ? ["strace", "-D", "-f", "-o", log, file] : [qemu, "-d", "strace", "-D", log, file],
}));

describe.each(tracers)(
  "the file for $name (needs strace, or qemu for the other machine)",
  ({ canRun, command }) => {
    it.skipIf(!canRun)("asks for nothing that Linux 4.14 has not, as Amazon Linux 2 runs it", async () => {
      const folder = mkdtempSync(join(tmpdir(), "anylambda-strace-"));
      cleanUp.push(() => rmSync(folder, { recursive: true }));
      const log = join(folder, "calls");
      await useIt(command(log), { AWS_LWA_HOST: "localhost" });
      // strace writes a little longer than the adapter lives.
      const text = await eventually(
        () => /^\d+ +(\+\+\+ exited with 0|exit_group\(0)/m.test(readLog(log)) && readLog(log),
      );
      const made = new Set(text.split("\n").flatMap((line) => /^\d+ +([a-z]\w+)\(/.exec(line)?.[1] ?? []));
      expect(made).toContain("epoll_ctl");
      expect([...made].filter((call) => !calls.has(call))).toEqual([]);
    });
  },
);

const pods = machines.map(({ name, file }) => ({
  name,
  file: file.replace("lambda-adapter", "anylambda-pod"),
}));

describe.each(pods)("the pods' program for $name (skipped when it is not built)", ({ name, file }) => {
  const isBuilt = existsSync(file);
  const emulator = name === own ? [] : [qemu];

  it.skipIf(!isBuilt)("has no loader and no library: it is linked statically", () => {
    const types = programHeaders(readFileSync(file));
    expect(types).toContain(1);
    expect(types).not.toContain(3);
  });

  it.skipIf(!isBuilt || !emulator.every(existsSync) || !canChangeRoot())(
    "starts in a root that holds nothing else (needs chroot, and qemu for the other machine)",
    () => {
      const root = mkdtempSync(join(tmpdir(), "anylambda-root-"));
      cleanUp.push(() => rmSync(root, { recursive: true }));
      for (const program of [file, ...emulator]) copyFileSync(program, join(root, basename(program)));
      const inRoot = [...emulator, file].map((program) => `/${basename(program)}`);
      const words = [...rootOptions, `--root=${root}`, "--", ...inRoot];
      const { status, stderr } = spawnSync("unshare", words, { encoding: "utf8" });
      expect(stderr).toContain("usage: anylambda-pod box CONFIG");
      expect(status).toBe(70);
    },
  );
});

function readLog(file: string): string {
  return existsSync(file) ? readFileSync(file, "utf8") : "";
}

/** Starts the adapter by `command`, and has it do all it can: plain, binary, compressed, streamed, passed through. */
async function useIt(command: readonly string[], more: Readonly<Record<string, string>> = {}): Promise<void> {
  const page = "a page\n".repeat(5000);
  const api = await startRuntimeApi();
  const app = await startRawApp(
    answering(({ head }) =>
      answer(200, head.includes("/page") ? page : '"well"', ["content-type: text/plain"]),
    ),
  );
  cleanUp.push(app.close, api.close);
  const [file = "", ...args] = command;
  const child = spawn(file, args, {
    env: {
      PATH: process.env["PATH"],
      AWS_LAMBDA_RUNTIME_API: api.authority,
      AWS_LWA_PORT: String(app.port),
      AWS_LWA_ENABLE_COMPRESSION: "true",
      ...more,
    },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let told = "";
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding("utf8").on("data", (text: string) => (told += text));
  const exited = new Promise((resolve) => {
    child.on("close", (code) => resolve(`${told}ended with ${code}`));
  });
  cleanUp.push(() => child.kill("SIGKILL"));
  const started = await Promise.race([polls(api, 1).then(() => "polls"), exited]);
  expect(started).toBe("polls");

  const post = functionUrlEvent({ method: "POST", body: "AAEC/w==", isBase64Encoded: true });
  expect((await api.invoke(post)).text).toContain("well");
  expect(app.requests.at(-1)?.body.toString("hex")).toBe("000102ff");
  expect((await api.invoke({ event: sqsEvent })).text).toBe('"well"');
  for (const [coding, decompress] of [
    ["gzip", gunzipSync],
    ["br", brotliDecompressSync],
  ] as const) {
    const event = functionUrlEvent({ path: "/page", headers: { "accept-encoding": coding } });
    const { body } = JSON.parse((await api.invoke(event)).text) as { body: string };
    expect(decompress(Buffer.from(body, "base64")).toString()).toBe(page);
  }
  child.kill("SIGTERM");
  expect(await exited).toMatch(/^ended with 0$/);
}

/** As root `chroot` would do; with a user namespace anybody can. */
const rootOptions = process.getuid?.() === 0 ? [] : ["--map-root-user"];

function canChangeRoot(): boolean {
  return spawnSync("unshare", [...rootOptions, "--root=/", "--", "/bin/true"]).status === 0;
}

/** Types of the program headers of a 64-bit ELF file: `Elf64_Ehdr` and `Elf64_Phdr` of elf(5). */
function programHeaders(elf: Buffer): number[] {
  const [offset, size, count] = [Number(elf.readBigUInt64LE(32)), elf.readUInt16LE(54), elf.readUInt16LE(56)];
  return Array.from({ length: count }, (_, index) => elf.readUInt32LE(offset + index * size));
}
