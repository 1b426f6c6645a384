/** Helpers for tests that run real environments: nothing here is a double of anything. */
import { chmodSync, existsSync, mkdtempSync, readFileSync, readdirSync } from "node:fs";
import http from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import type { SandboxEvent } from "../events.ts";
import { type Fleet, type FleetOptions, startFleet } from "../fleet.ts";
import type { ExtensionProgram, FunctionConfiguration, Program } from "../function.ts";
import { logLinesOf } from "../report.ts";
import type { FleetAnswer } from "../waiting.ts";

export function fixture(name: string, ...args: string[]): Program {
  return {
    file: process.execPath,
    args: [fileURLToPath(new URL(`fixtures/${name}`, import.meta.url)), ...args],
  };
}

/** `extension(NAME, EVENTS, how, detail)`: see the fixture. */
export function extension(name: string, ...args: string[]): ExtensionProgram {
  return { name, ...fixture("extension.mjs", name, ...args) };
}

export function configured(more: Partial<FunctionConfiguration> = {}): FunctionConfiguration {
  return {
    name: "tested",
    version: "$LATEST",
    handler: "index.handler",
    memorySizeMb: 128,
    timeoutMs: 20_000,
    region: "eu-west-1",
    accountId: "123456789012",
    taskRoot: fileURLToPath(new URL("fixtures", import.meta.url)),
    command: fixture("runtime.mjs"),
    extensions: [],
    variables: {},
    ...more,
  };
}

export interface Rig {
  readonly fleet: Fleet;
  readonly events: SandboxEvent[];
  /** The environment's log, as Lambda would write it. */
  lines(): string[];
  /** Invokes, waits for both ends, and reads the answer as text. */
  invoke(event: unknown): Promise<{ text: string; answer: FleetAnswer }>;
  /** Shuts down and throws when a process of the environment is left. */
  [Symbol.asyncDispose](): Promise<void>;
}

export async function rig(
  more: Partial<FunctionConfiguration> = {},
  options: Omit<FleetOptions, "report" | "path"> = {},
): Promise<Rig> {
  const events: SandboxEvent[] = [];
  const fleet = await startFleet(configured(more), {
    report: (event) => events.push(event),
    path: process.env["PATH"],
    ...options,
  });
  return {
    fleet,
    events,
    lines: () => events.flatMap(logLinesOf),
    async invoke(event) {
      const invocation = fleet.invoke({ payload: Buffer.from(JSON.stringify(event)) });
      const answer = await invocation.answer;
      await invocation.ended;
      return { text: textOf(answer.payload), answer };
    },
    async [Symbol.asyncDispose]() {
      await fleet.shutdown();
      const left = [...new Set(events.map((event) => event.environment))].flatMap(processesOf);
      if (left.length > 0) throw new Error(`processes left: ${left.join(", ")}`);
    },
  };
}

/** The events of one type, typed. */
export function of<Type extends SandboxEvent["type"]>(
  events: readonly SandboxEvent[],
  type: Type,
): Extract<SandboxEvent, { type: Type }>[] {
  return events.filter((event): event is Extract<SandboxEvent, { type: Type }> => event.type === type);
}

export function directory(): string {
  return mkdtempSync(join(tmpdir(), "sandbox-"));
}

/** What the fixtures wrote down, in order. */
export function notesOf(file: string): string[] {
  return existsSync(file) ? readFileSync(file, "utf8").split("\n").filter(Boolean) : [];
}

export function textOf(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString();
}

/** Processes whose environment names this log stream: whoever was started by the environment, by whatever way. */
export function processesOf(environment: string): number[] {
  if (process.platform !== "linux" || environment === "") return [];
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .filter(
      (pid) =>
        read(`/proc/${pid}/environ`).includes(environment) && !read(`/proc/${pid}/stat`).includes(") Z "),
    )
    .map(Number);
}

function read(path: string): string {
  try {
    return readFileSync(path, "latin1");
  } catch {
    return "";
  }
}

/** Waits until `condition` holds; the test's own timeout is the limit. */
export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 2));
}

export interface Reply {
  readonly status: number;
  readonly reason: string;
  readonly headers: http.IncomingHttpHeaders;
  readonly rawHeaders: readonly string[];
  readonly body: string;
}

export interface Call {
  readonly method?: string;
  readonly path: string;
  readonly headers?: http.OutgoingHttpHeaders | readonly string[];
  readonly body?: string | Buffer;
  readonly agent?: http.Agent;
}

/** One HTTP exchange with `HOST:PORT`. */
export function call(address: string, { method = "GET", path, headers, body, agent }: Call): Promise<Reply> {
  const [host, port] = address.split(":");
  return new Promise((resolve, reject) => {
    const request = http.request(
      { host, port, method, path, ...(headers && { headers }), ...(agent && { agent }) },
      (response) => {
        const chunks: Buffer[] = [];
        response.on("data", (chunk: Buffer) => chunks.push(chunk));
        response.on("end", () =>
          resolve({
            status: response.statusCode ?? 0,
            reason: response.statusMessage ?? "",
            headers: response.headers,
            rawHeaders: response.rawHeaders,
            body: Buffer.concat(chunks).toString(),
          }),
        );
        response.on("error", reject);
      },
    );
    request.on("error", reject);
    request.end(body);
  });
}

/** `killed-parent.ts` as a program of its own, in a directory that everybody may read. */
export async function killedParent(): Promise<string> {
  const place = directory();
  chmodSync(place, 0o755);
  const outfile = join(place, "parent.mjs");
  const source = fileURLToPath(new URL("killed-parent.ts", import.meta.url));
  const how = { bundle: true, platform: "node", format: "esm" } as const;
  await build({ entryPoints: [source], outfile, conditions: ["source"], ...how });
  return outfile;
}
