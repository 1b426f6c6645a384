import { spawn } from "node:child_process";
import { openSync, readFileSync, readdirSync } from "node:fs";
import { createServer } from "node:net";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

export const root = join(dirname(fileURLToPath(import.meta.url)), "..", "..");
export const adapter = join(root, "dist", "adapter.mjs");
export const nativeAdapter = join(
  root,
  "dist",
  "native",
  process.arch === "arm64" ? "linux-arm64" : "linux-x64",
  "lambda-adapter",
);
/** The adapter on either engine, as `anylambda dev` starts it. */
export const engines = {
  node: { name: "adapter on Node", file: process.execPath, args: ["--max-semi-space-size=1", adapter] },
  native: { name: "native adapter", file: nativeAdapter, args: [] },
};
export const command = join(root, "packages", "cli", "dist", "bundle", "anylambda.mjs");
export const helloApp = join(root, "bench", "apps", "hello.mjs");

/** A port that is free now. */
export async function freePort() {
  const server = createServer();
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/**
 * `anylambda dev` around `app`, with the adapter on Node unless told otherwise; resolves with its addresses as soon as it tells
 * them. Its output goes into the file `log` where one is given: then nobody has to read it while something is measured.
 */
export async function startDev(app, options = [], { log } = {}) {
  const all = ["dev", "--port", "0", "--json", "--adapter", "node", ...options, "--", ...app];
  const sink = log === undefined ? "pipe" : openSync(log, "w");
  const child = spawn(process.execPath, [command, ...all], { stdio: ["ignore", sink, "inherit"] });
  const exited = new Promise((resolve) => child.on("exit", resolve));
  const ended = exited.then((code) => Promise.reject(new Error(`anylambda dev ended with ${code}`)));
  const listening = log === undefined ? told(child.stdout) : written(log);
  const { url, invokeUrl } = await Promise.race([listening, ended]);
  ended.catch(() => {});
  return {
    url,
    invokeUrl,
    pid: child.pid,
    stop: async () => {
      child.kill("SIGINT");
      await exited;
    },
  };
}

const isListening = (event) => event.type === "listening";

function told(stream) {
  return new Promise((resolve) => {
    createInterface({ input: stream }).on("line", (line) => {
      const event = JSON.parse(line);
      if (isListening(event)) resolve(event);
    });
  });
}

async function written(file) {
  for (;;) {
    const lines = readFileSync(file, "utf8").split("\n").slice(0, -1);
    const event = lines.map((line) => JSON.parse(line)).find(isListening);
    if (event !== undefined) return event;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

/** CPU time of all threads of a process so far, us; 0 when it is gone. */
export function cpuUs(pid) {
  try {
    const threads = readdirSync(`/proc/${pid}/task`);
    const ns = threads.map((one) => readFileSync(`/proc/${pid}/task/${one}/schedstat`, "utf8").split(" ")[0]);
    return ns.reduce((sum, one) => sum + Number(one), 0) / 1000;
  } catch {
    return 0;
  }
}

/** A plain program on a port of its own; resolves when it accepts. */
export async function startApp(file) {
  const port = await freePort();
  const child = spawn(process.execPath, [file], {
    env: { ...process.env, PORT: String(port) },
    stdio: "inherit",
  });
  const exited = new Promise((resolve) => child.on("exit", resolve));
  const url = `http://127.0.0.1:${port}/`;
  await untilAnswered(url);
  return {
    url,
    pid: child.pid,
    stop: async () => {
      child.kill();
      await exited;
    },
  };
}

/** Asks until the first answer, as fast as connections are refused. */
export async function untilAnswered(url) {
  for (;;) {
    try {
      const response = await fetch(url);
      await response.arrayBuffer();
      return response.status;
    } catch (error) {
      if (error.cause?.code !== "ECONNREFUSED") throw error;
      await new Promise((resolve) => setImmediate(resolve));
    }
  }
}

/** Resident memory of a process, MB (10^6 bytes). */
export function residentMb(pid) {
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  return (Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? 0) * 1024) / 1e6;
}

/** Processes below `pid`, with their command lines. */
export function descendants(pid) {
  const found = [];
  for (const entry of readdirSync("/proc")) {
    if (!/^\d+$/.test(entry)) continue;
    try {
      const stat = readFileSync(`/proc/${entry}/stat`, "utf8");
      const parent = Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1]);
      const commandLine = readFileSync(`/proc/${entry}/cmdline`, "utf8").replaceAll("\0", " ").trim();
      found.push({ pid: Number(entry), parent, commandLine });
    } catch {
      // It ended while we looked.
    }
  }
  const wanted = new Set([pid]);
  for (let grown = true; grown;) {
    grown = false;
    for (const one of found)
      if (wanted.has(one.parent) && !wanted.has(one.pid)) {
        wanted.add(one.pid);
        grown = true;
      }
  }
  return found.filter((one) => wanted.has(one.pid) && one.pid !== pid);
}
