/** Starts programs as a person would, waits for what they say, and stops them; never by guessing how long it takes. */
import { spawn } from "node:child_process";

export interface Command {
  readonly file: string;
  readonly args: readonly string[];
  readonly cwd: string;
  /** Everything the program finds in its environment; nothing is inherited. */
  readonly env: Readonly<Record<string, string>>;
}

interface Ending {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export interface Program {
  readonly pid: number;
  /** The first match in what it printed on stdout, now or later; fails when it ends before or `ms` pass. */
  waitFor(pattern: RegExp, ms: number): Promise<RegExpExecArray>;
  /** Everything printed so far, stdout and stderr as they came. */
  output(): string;
  stdout(): string;
  stderr(): string;
  readonly ended: Promise<Ending>;
  /** Sends the signal and waits for the end; kills what is still there after `ms` and says so. */
  stop(signal: NodeJS.Signals, ms?: number): Promise<Ending>;
}

export function start(command: Command): Program {
  const child = spawn(command.file, command.args, {
    cwd: command.cwd,
    env: { ...command.env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const told: { stream: "stdout" | "stderr"; text: string }[] = [];
  const listeners = new Set<() => void>();
  for (const stream of ["stdout", "stderr"] as const) {
    child[stream].setEncoding("utf8").on("data", (text: string) => {
      told.push({ stream, text });
      for (const listener of listeners) listener();
    });
  }
  const ended = new Promise<Ending>((resolve) => {
    child.on("error", (error) => {
      told.push({ stream: "stderr", text: `${error.message}\n` });
      resolve({ code: null, signal: null });
    });
    // Not "exit": what it printed last has arrived only when its pipes are closed.
    child.on("close", (code, signal) => resolve({ code, signal }));
  });

  const textOf = (stream?: "stdout" | "stderr"): string =>
    told
      .filter((piece) => stream === undefined || piece.stream === stream)
      .map((piece) => piece.text)
      .join("");

  return {
    pid: child.pid ?? -1,
    ended,
    output: () => textOf(),
    stdout: () => textOf("stdout"),
    stderr: () => textOf("stderr"),
    waitFor(pattern, ms) {
      return new Promise((resolve, reject) => {
        const fail = (what: string): void => {
          finish();
          reject(new Error(`${nameOf(command)} ${what} ${pattern}. It printed:\n${textOf()}`));
        };
        const timer = setTimeout(() => fail(`did not print within ${ms} ms`), ms);
        const look = (): void => {
          const match = pattern.exec(textOf("stdout"));
          if (match === null) return;
          finish();
          resolve(match);
        };
        const finish = (): void => {
          clearTimeout(timer);
          listeners.delete(look);
        };
        listeners.add(look);
        look();
        void failAtItsEnd();
        async function failAtItsEnd(): Promise<void> {
          const { code, signal } = await ended;
          if (listeners.has(look)) fail(`ended (${signal ?? code}) before it printed`);
        }
      });
    },
    async stop(signal, ms = 10_000) {
      child.kill(signal);
      const timer = setTimeout(() => {
        told.push({ stream: "stderr", text: `[killed: still running ${ms} ms after ${signal}]\n` });
        child.kill("SIGKILL");
      }, ms);
      const ending = await ended;
      clearTimeout(timer);
      return ending;
    },
  };
}

function nameOf(command: Command): string {
  return [command.file, ...command.args].join(" ");
}
