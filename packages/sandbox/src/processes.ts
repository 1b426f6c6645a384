/**
 * Starting, signalling and reaping the processes of an environment.
 *
 *  (1) A child leads its own session and process group, so that one signal reaches all it started.
 *  (2) Its variables are exactly those given; no shell reads anything of it (`limits.ts`).
 *  (3) `exit` resolves once the child itself is reaped; `gone` when, beyond that, its group is empty and its
 *      output was read to the end. After `gone` nothing is signalled any more: the id may belong to others.
 *  (4) When this process exits, the children are killed first; when it is killed itself, the guard does it.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { statSync } from "node:fs";
import type { Readable } from "node:stream";
import type { Program } from "./function.ts";
import { guard } from "./guard.ts";
import { limited } from "./limits.ts";
import { LineSplitter } from "./lines.ts";
import { type Frame, FrameReader } from "./log-frames.ts";
import { type ProcessRow, epochNow, hasProcessTable, isDead, membersOf, pidsSince } from "./process-table.ts";
import { startFaultOf } from "./startable.ts";
import { logChannelFd } from "./variables.ts";

export type Stream = "stdout" | "stderr";

export interface Launch {
  readonly program: Program;
  readonly directory: string;
  readonly variables: Readonly<Record<string, string>>;
  readonly line: (stream: Stream, line: string) => void;
  /** `cgroup.procs` files of the groups it is to be born in. */
  readonly joined?: readonly string[];
  /** Takes what comes by the framed log channel; without it there is none. */
  readonly frame?: ((frame: Frame) => void) | undefined;
}

export type Launched =
  | { readonly ok: true; readonly group: ProcessGroup }
  /** `reason` as Lambda words it: `fork/exec FILE: permission denied`. */
  | {
      readonly ok: false;
      readonly reason: string;
      readonly badDirectory: boolean;
      /** The same in plain words, and what to do. */
      readonly hint?: string;
    };

export type Exit =
  | { readonly kind: "status"; readonly status: number }
  | { readonly kind: "signal"; readonly signal: NodeJS.Signals };

/** A way to start a program. Never rejects: what cannot be started is a value. */
export type Launcher = (launch: Launch) => Promise<Launched>;

/** The first process of a group: a child of ours, or one that was started for us elsewhere. */
export interface Leader {
  /** As this process sees it. */
  readonly pid: number;
  readonly stdout: Readable | null;
  readonly stderr: Readable | null;
  /** Of the framed log channel. */
  readonly frames?: Readable | null;
  /** It is reaped. */
  readonly exit: Promise<Exit>;
  /** Its output was read to the end. */
  readonly closed: Promise<void>;
  /** Ids among which are those of its session; without it, all of the machine's are looked at. */
  readonly nearby?: () => readonly number[];
}

/** Starts a program as a child of this process. */
export async function launch(launch: Launch): Promise<Launched> {
  const { program, directory, variables, joined = [] } = launch;
  const fault = startFaultOf(program.file, directory, variables["PATH"] ?? "");
  if (fault !== undefined && isDirectory(directory)) {
    const reason = `fork/exec ${program.file}: ${fault.word}`;
    return { ok: false, reason, badDirectory: false, hint: fault.sentence };
  }
  const { file, args } = limited(program, joined);
  // Whoever is in its session comes to be from now on.
  const epoch = hasProcessTable ? epochNow() : undefined;
  let child: ChildProcess;
  try {
    child = spawn(file, args, {
      cwd: directory,
      env: { ...variables },
      // Own session and group (invariant 1): also keeps the terminal's Ctrl-C from the children, which the
      // environment shuts down in its own order.
      detached: true,
      // Beyond the three, "ignore" opens nothing: the child has no descriptor there.
      stdio: ["ignore", "pipe", "pipe", ...(launch.frame === undefined ? [] : logChannelStdio)],
      shell: false,
    });
    await new Promise<void>((resolve, reject) => {
      child.once("spawn", resolve);
      child.once("error", reject);
    });
  } catch (error) {
    return launchFailure(launch, (error as NodeJS.ErrnoException).code ?? "", error);
  }
  const leader = leaderOf(child);
  const nearby = epoch && (() => pidsSince(epoch, leader.pid));
  return { ok: true, group: new ProcessGroup({ ...leader, ...(nearby && { nearby }) }, launch) };
}

const logChannelStdio = [
  ...Array.from({ length: logChannelFd - 3 }, () => "ignore" as const),
  "pipe" as const,
];

/** What could not be started, in Lambda's words; `code` is the error's name, `ENOENT`. */
export function launchFailure(
  { program, directory }: Pick<Launch, "program" | "directory">,
  code: string,
  error: unknown,
): Extract<Launched, { ok: false }> {
  const badDirectory = !isDirectory(directory);
  const what = badDirectory ? `chdir ${directory}` : `fork/exec ${program.file}`;
  return { ok: false, reason: `${what}: ${words[code] ?? (error as Error).message}`, badDirectory };
}

function leaderOf(child: ChildProcess): Leader {
  // A signal that cannot be sent is told here; `gone` is what counts.
  child.on("error", () => undefined);
  return {
    pid: child.pid as number,
    stdout: child.stdout,
    stderr: child.stderr,
    frames: (child.stdio[logChannelFd as 3] as Readable | null | undefined) ?? null,
    exit: new Promise((resolve) => {
      child.once("exit", (status, signal) =>
        resolve(signal === null ? { kind: "status", status: status ?? 0 } : { kind: "signal", signal }),
      );
    }),
    closed: new Promise((resolve) => {
      child.once("close", () => resolve());
    }),
  };
}

/** Groups that are not empty, for the one end that cannot wait. */
const living = new Set<ProcessGroup>();

// Invariant 4. The children lead their own sessions: without this nobody would end them when this process does.
process.once("exit", () => {
  for (const group of living) group.signal("SIGKILL");
});

export class ProcessGroup {
  readonly pid: number;
  readonly program: Program;
  readonly exit: Promise<Exit>;
  readonly #leader: Leader;
  readonly #last: Readonly<Record<Stream, string[]>> = { stdout: [], stderr: [] };
  #gone: Promise<void> | undefined;
  readonly #unguard: () => void;
  #empty = false;

  constructor(leader: Leader, { program, line, frame }: Pick<Launch, "program" | "line" | "frame">) {
    this.pid = leader.pid;
    this.program = program;
    this.exit = leader.exit;
    this.#leader = leader;
    living.add(this);
    this.#unguard = guard({ group: this.pid });
    const keep = (stream: Stream, text: string): void => {
      const last = this.#last[stream];
      last.push(text);
      if (last.length > keptLines) last.shift();
    };
    const take = (stream: Stream, text: string): void => {
      keep(stream, text);
      line(stream, text);
    };
    readAll(leader.stdout, new LineSplitter(), (text) => take("stdout", text));
    readAll(leader.stderr, new LineSplitter(), (text) => take("stderr", text));
    readAll(leader.frames ?? null, new FrameReader(), (one) => {
      keep("stdout", one.message.trimEnd());
      frame?.(one);
    });
  }

  /** What the process last had to say: stderr, or stdout when it wrote nothing there. At most 20 lines. */
  get lastLines(): readonly string[] {
    return this.#last.stderr.length > 0 ? [...this.#last.stderr] : [...this.#last.stdout];
  }

  signal(signal: "SIGTERM" | "SIGKILL" | "SIGSTOP" | "SIGCONT"): void {
    if (this.#empty) return;
    send(-this.pid, signal);
    if (!hasProcessTable || signal !== "SIGKILL") return;
    for (const stray of this.#members()) if (stray.group !== this.pid) send(stray.pid, signal);
  }

  /** Invariant 3. Waits for ever for a process that nobody ends. */
  gone(): Promise<void> {
    this.#gone ??= this.#awaitEmpty();
    return this.#gone;
  }

  async #awaitEmpty(): Promise<void> {
    await this.exit;
    // The kernel has no event for "group is empty" that an unprivileged parent could wait for: ask, ever more
    // rarely. The first question is nearly always the last.
    for (let pause = 1; this.#isAlive(); pause = Math.min(pause * 2, 32)) await delay(pause);
    this.#empty = true;
    living.delete(this);
    this.#unguard();
    // A process that left the session can hold the pipes open for ever.
    await Promise.race([this.#leader.closed, delay(lastOutputMs)]);
    this.#leader.stdout?.destroy();
    this.#leader.stderr?.destroy();
    this.#leader.frames?.destroy();
  }

  #isAlive(): boolean {
    // Not every process 1 reaps the orphans it inherits; a zombie would keep the group for ever.
    if (hasProcessTable) return this.#members().some((row) => !isDead(row));
    return send(-this.pid, 0);
  }

  #members(): ProcessRow[] {
    return membersOf(new Set([this.pid]), this.#leader.nearby?.());
  }
}

/** How an exit reads in Lambda's messages, which are Go's. */
export function exitText(exit: Exit): string {
  if (exit.kind === "status") return `exit status ${exit.status}`;
  return `signal: ${signalTexts[exit.signal] ?? exit.signal.toLowerCase()}`;
}

const keptLines = 20;

/** Time for output that is still in the pipe when the last process is gone. */
const lastOutputMs = 250;

const signalTexts: Readonly<Partial<Record<NodeJS.Signals, string>>> = {
  SIGHUP: "hangup",
  SIGINT: "interrupt",
  SIGQUIT: "quit",
  SIGILL: "illegal instruction",
  SIGTRAP: "trace/breakpoint trap",
  SIGABRT: "aborted",
  SIGBUS: "bus error",
  SIGFPE: "floating point exception",
  SIGKILL: "killed",
  SIGUSR1: "user defined signal 1",
  SIGSEGV: "segmentation fault",
  SIGUSR2: "user defined signal 2",
  SIGPIPE: "broken pipe",
  SIGALRM: "alarm clock",
  SIGTERM: "terminated",
};

/** `false` when there is nobody to send to. */
function send(pid: number, signal: NodeJS.Signals | 0): boolean {
  try {
    return process.kill(pid, signal);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

/** Whatever cuts a stream into pieces. */
interface Splitter<Piece> {
  push(chunk: Buffer): Piece[];
  end(): Piece[];
}

function readAll<Piece>(
  stream: Readable | null,
  splitter: Splitter<Piece>,
  take: (piece: Piece) => void,
): void {
  stream?.on("data", (chunk: Buffer) => {
    for (const piece of splitter.push(chunk)) take(piece);
  });
  stream?.on("close", () => {
    for (const piece of splitter.end()) take(piece);
  });
  stream?.on("error", () => undefined);
}

function isDirectory(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}

/** The kernel's words, as Go prints them: for what can only be found out by trying. */
const words: Readonly<Record<string, string>> = {
  ENOENT: "no such file or directory",
  ENOTDIR: "not a directory",
  EACCES: "permission denied",
  ENOEXEC: "exec format error",
};

function delay(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms);
  });
}
