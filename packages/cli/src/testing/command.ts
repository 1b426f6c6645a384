/** Runs the built command as a person or a program would: a process with its own streams and environment. */
import { spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";

export const fixtures = fileURLToPath(new URL("fixtures", import.meta.url));
const bundle = fileURLToPath(new URL("../../dist/bundle/anylambda.mjs", import.meta.url));

export interface Result {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Running {
  readonly result: Promise<Result>;
  /** First match in stdout, now or later; fails when the command ends before. */
  saying(pattern: RegExp): Promise<RegExpExecArray>;
  /** The same in stderr. */
  complaining(pattern: RegExp): Promise<RegExpExecArray>;
  signal(signal: NodeJS.Signals): void;
  /** As `head` does when it has seen enough. */
  closeOutput(): void;
  /** Processes still there that this command started, itself not counted. Linux only. */
  offspring(): string[];
}

export interface Circumstances {
  readonly cwd?: string;
  readonly input?: string;
  readonly variables?: Readonly<Record<string, string>>;
  readonly nodeOptions?: readonly string[];
  /** Adds a variable by which everything the command starts can be found again. */
  readonly traced?: boolean;
}

const started: Running[] = [];

/** For the end of a test file: a test that failed half-way must not leave its command, and its app, behind. */
export async function stopAll(): Promise<void> {
  for (const running of started) running.signal("SIGTERM");
  await Promise.all(started.splice(0).map((running) => running.result));
}

export function start(args: readonly string[], given: Circumstances = {}): Running {
  if (!existsSync(bundle)) throw new Error("The command is not built yet: run npm run build");
  const mark = `ANYLAMBDA_TEST_${randomUUID().replaceAll("-", "_")}`;
  const [name = "", ...rest] = args;
  const traced = given.traced === true ? [name, "-e", `${mark}=1`, ...rest] : args;
  const child = spawn(process.execPath, [...(given.nodeOptions ?? []), bundle, ...traced], {
    cwd: given.cwd ?? fixtures,
    env: { PATH: `${dirname(process.execPath)}:/usr/bin:/bin`, TMPDIR: tmpdir(), ...given.variables },
  });
  const told = { stdout: "", stderr: "" };
  const listeners = new Set<() => void>();
  for (const stream of ["stdout", "stderr"] as const) {
    child[stream].setEncoding("utf8").on("data", (text: string) => {
      told[stream] += text;
      for (const listener of listeners) listener();
    });
  }
  child.stdin.end(given.input ?? "");
  let over = false;
  const result = new Promise<Result>((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code) => {
      over = true;
      resolve({ code, ...told });
      for (const listener of listeners) listener();
    });
  });
  const matchIn = (stream: "stdout" | "stderr", pattern: RegExp): Promise<RegExpExecArray> =>
    new Promise((resolve, reject) => {
      const look = (): void => {
        const match = pattern.exec(told[stream]);
        if (match === null && !over) return;
        listeners.delete(look);
        if (match !== null) resolve(match);
        else reject(new Error(`It ended without saying ${pattern}:\n${told.stdout}${told.stderr}`));
      };
      listeners.add(look);
      look();
    });
  const running: Running = {
    result,
    signal: (signal) => void child.kill(signal),
    closeOutput: () => void child.stdout.destroy(),
    offspring: () => processesWith(mark),
    saying: (pattern) => matchIn("stdout", pattern),
    complaining: (pattern) => matchIn("stderr", pattern),
  };
  started.push(running);
  return running;
}

export function run(args: readonly string[], given: Circumstances = {}): Promise<Result> {
  return start(args, given).result;
}

function processesWith(variable: string): string[] {
  return readdirSync("/proc").filter((pid) => {
    try {
      return /^\d+$/.test(pid) && readFileSync(`/proc/${pid}/environ`, "latin1").includes(`${variable}=`);
    } catch {
      return false; // ended meanwhile, or somebody else's
    }
  });
}
