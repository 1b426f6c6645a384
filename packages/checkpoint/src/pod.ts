/**
 * A pod: a process tree in namespaces of its own, that can be frozen into an image, and copies of it restored.
 * Programs inside find a server at 127.0.0.1:PORT; it is served from here, on the pod's own listening socket, with
 * nothing between (`native/pod/src/root.rs`).
 *
 *  (1) After `end` no process, mount, namespace, file or descriptor of the pod is left.
 *  (2) A restored copy has the process ids, memory, sockets and private files of the moment of the dump.
 *  (3) An image is never written to by a copy: what is learnt from one is kept beside it (`learnt.ts`).
 *  (4) Pages come when they are asked for where the host can do that; else all of them before the copy runs.
 */
import { cp, writeFile } from "node:fs/promises";
import { Socket } from "node:net";
import { constants } from "node:os";
import type { Box, BoxExit } from "./box.ts";
import { dumpArguments, requireDone, versionOf } from "./criu.ts";
import { type Image, type ImageProgram, filesOf, pagesOf, writeImage } from "./image.ts";
import type { Home } from "./home.ts";
import { isLearnt, keepLearnt } from "./learnt.ts";
import { connectionsOf, hostPidsOf, writableFilesOf } from "./pids.ts";
import { Servers } from "./servers.ts";
import {
  type Vessel,
  type VesselOptions,
  discardVessel,
  isUnprivileged,
  newVessel,
  rootPid,
  vesselFor,
  wordsOf,
} from "./vessel.ts";

export interface PodOptions extends VesselOptions {
  /** Takes the connections that programs of the pod make to 127.0.0.1:PORT. */
  readonly connection: (socket: Socket) => void;
  /** Files `cgroup.procs` of control groups: every process of the pod is born in them. */
  readonly groups?: readonly string[] | undefined;
}

export interface NewPodOptions extends PodOptions {
  /** How many programs will be started, at most. */
  readonly programs: number;
  /** Paths that the pod has for itself; empty at first. `/tmp`, `/dev/shm` and `/run` unless told otherwise. */
  readonly private?: readonly string[] | undefined;
  /** Paths below those that stay what they are outside. */
  readonly keep?: readonly string[] | undefined;
  /** 9001 unless told otherwise. */
  readonly port?: number | undefined;
  /**
   * Ports of this machine's loopback that are at the same place inside: a database, say. What is connected when the
   * pod is frozen finds its peer gone afterwards.
   */
  readonly reach?: readonly number[] | undefined;
}

export interface PodProgram {
  readonly name: string;
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string;
}

/** A program that runs in a pod. */
export interface PodProcess {
  readonly name: string;
  /** As this process sees it. */
  readonly pid: number;
  readonly innerPid: number;
  readonly stdout: Socket;
  readonly stderr: Socket;
  readonly exit: Promise<BoxExit>;
}

/** A connection that was in the tree while it was frozen, and what its owner wrote on it. */
export interface ParkedConnection {
  readonly socket: Socket;
  readonly label: string;
}

/** A program that could not be started. */
export class SpawnError extends Error {
  override readonly name = "SpawnError";
  /** As `errno` has it. */
  readonly errno: number;

  constructor(message: string, errno: number) {
    super(message);
    this.errno = errno;
  }
}

/**
 * What programs share with others of the machine. CRIU keeps in `/run` what it has found out about the kernel, which
 * takes longer than a restore: it comes with the image, and so every copy has it.
 */
const ownPaths = ["/tmp", "/dev/shm", "/run"];

export class Pod {
  readonly processes: PodProcess[] = [];
  readonly #options: PodOptions;
  readonly #box: Box;
  readonly #home: Home;
  readonly #servers = new Servers();
  readonly #waiting = new Map<number, (exit: BoxExit) => void>();
  /** Exits of programs that nobody has asked for yet. */
  readonly #exits = new Map<number, BoxExit>();
  /** Directory of the image that there is something to be learnt for from this copy. */
  #teaches: string | undefined;
  readonly #eagerBecause: string | undefined;
  readonly #criu: number | undefined;
  /** That were frozen, and nobody has asked for yet. */
  readonly #connections: ParkedConnection[] = [];
  #isRestored = false;
  #ended: Promise<void> | undefined;

  private constructor(options: PodOptions, { box, home, eagerBecause, criu }: Vessel) {
    this.#options = options;
    this.#box = box;
    this.#home = home;
    this.#eagerBecause = eagerBecause;
    this.#criu = criu;
    box.onExit((exit) => this.#tell(exit));
    void box.ended.then(() => this.#lose());
  }

  /** An empty pod with a root and its listening socket, ready for programs. */
  static async start(options: NewPodOptions): Promise<Pod> {
    const { private: paths = ownPaths, keep = [], port = 9001, reach = [], programs } = options;
    const ports = [port, ...reach];
    const vessel = await newVessel({ ...options, private: paths, keep, ports, outlets: programs * 2 });
    const pod = new Pod(options, vessel);
    return pod.#begin(async () => {
      await pod.#join();
      await pod.#box.order("start");
      await pod.#connect();
    });
  }

  /** A copy of what was frozen, in a vessel that stands ready or in a new one. Its connections come by {@link takeBack}. */
  static async restore(image: Image, options: PodOptions, ready?: Vessel): Promise<Pod> {
    const { manifest, directory } = image;
    const pod = new Pod(options, ready ?? (await vesselFor(image, options)));
    return pod.#begin(async () => {
      pod.#isRestored = true;
      await pod.#join();
      if (pod.#eagerBecause === undefined && !isLearnt(directory)) pod.#teaches = directory;
      // The pod does one after the other: what comes after the restore does not wait for this process in between.
      const restored = pod.#restore(manifest.programs);
      const closed = pod.#box.order("outlets", { ends: "writing" });
      await Promise.all([restored, closed, pod.#connectOnce(), pod.#take()]);
    });
  }

  /** Process 1 of the pod, as this process sees it: everything that runs in it is below. */
  get pid(): number {
    return this.#box.pid;
  }

  /** Starts a program under the tree's root. Rejects with a {@link SpawnError} when it cannot be started. */
  async spawn({ name, argv, env, cwd }: PodProgram): Promise<PodProcess> {
    const out = this.processes.length * 2;
    const { message } = await this.#box.order("spawn", { argv, env, cwd, out, err: out + 1 });
    if (typeof message["pid"] !== "number")
      throw new SpawnError(textOf(message["message"]), Number(message["error"] ?? 0));
    const [process] = this.#adopt([{ name, pid: message["pid"], outlets: [out, out + 1] }]);
    return process as PodProcess;
  }

  /** Puts a connection, that this process serves, into the tree: it is frozen with it, and not ours any more. */
  async park(socket: Socket, label: string): Promise<void> {
    // Else Node makes the HTTP server wait, when it is closed, for the process that got its connection.
    (socket as { server?: unknown }).server = undefined;
    await this.#box.hand("park", socket, { label });
  }

  /** A connection to a port of the pod's own localhost. Rejects when nobody listens there. Ended before a checkpoint. */
  async connect(port: number): Promise<Socket> {
    const { handle } = await this.#box.order("dial", { port });
    const socket = socketOf(handle);
    if (socket === undefined) throw new Error("The pod gave no connection. This is a bug in anylambda-pod");
    return socket.setNoDelay(true);
  }

  /** The connections that were frozen, to be served again: each is given once. */
  takeBack(): ParkedConnection[] {
    return this.#connections.splice(0);
  }

  /** Why this copy got all of its memory before it ran; `undefined` when pages come as they are asked for. */
  get eagerBecause(): string | undefined {
    return this.#eagerBecause;
  }

  /** What this copy has asked for by now, later copies get at once. To be called when it has done its first work. */
  async learn(): Promise<void> {
    const directory = this.#teaches;
    if (directory === undefined) return;
    this.#teaches = undefined;
    if (isLearnt(directory)) return;
    await this.#box.order("learn");
    await keepLearnt(directory, this.#home.work);
  }

  /**
   * Freezes the tree into an image and ends it; every connection must be parked before. Rejects with CRIU's
   * complaints, and leaves the pod to be ended.
   */
  async checkpoint(directory: string, notes?: unknown): Promise<Image> {
    const { tools } = this.#options;
    // The kernel would tell CRIU of pages that are still to come that they are empty.
    if (this.#isRestored) throw new Error("A copy of an image cannot be frozen again");
    // A connection that is accepted from now on would have one end outside.
    this.#servers.close();
    const connections = connectionsOf(this.#box.pid, this.#home.ports.slice(1));
    const own = this.#home.private.map(({ path }) => path);
    const writable = writableFilesOf(this.#box.pid, own);
    await this.#box.order("disconnect");
    return writeImage(directory, async (unfinished) => {
      const criuVersion = await versionOf(tools.criu);
      const clock = clockNow();
      const argv = dumpArguments(wordsOf(tools), rootPid, isUnprivileged());
      // The image's directory did not exist when the box was made: CRIU writes to the pod's own, which it can see.
      const { message } = await this.#box.order("run", { argv });
      requireDone(message, "dump", this.#home.work);
      await this.#home.moveWorkTo(pagesOf(unfinished));
      await Promise.all(
        this.#home.private.map(({ from }, number) =>
          cp(from, filesOf(unfinished, number), {
            recursive: true,
            verbatimSymlinks: true,
            preserveTimestamps: true,
          }),
        ),
      );
      return {
        criuVersion,
        pipes: this.#box.pipes,
        programs: this.processes.map(({ name, innerPid }, number) => ({
          name,
          pid: innerPid,
          outlets: [number * 2, number * 2 + 1] as const,
        })),
        ports: this.#home.ports,
        connections,
        writable,
        private: own,
        keep: this.#home.keep,
        root: rootPid,
        clock,
        outside,
        ...(notes !== undefined && { notes }),
      };
    });
  }

  /** Invariant 1. */
  end(): Promise<void> {
    this.#ended ??= this.#end();
    return this.#ended;
  }

  async #end(): Promise<void> {
    this.#servers.close();
    await discardVessel({ box: this.#box, home: this.#home });
    this.#servers.cut();
  }

  async #restore(programs: readonly ImageProgram[]): Promise<void> {
    const { message } = await this.#box.order("restore");
    requireDone(message, "restore", this.#home.work);
    this.#adopt(programs);
  }

  /** Whatever runs in the pod from now on is started by process 1 or by CRIU, or by who was. */
  async #join(): Promise<void> {
    const pids = [this.#box.pid, ...(this.#criu === undefined ? [] : [this.#criu])];
    for (const group of this.#options.groups ?? [])
      for (const pid of pids) await writeFile(group, String(pid));
  }

  async #begin(fill: () => Promise<void>): Promise<Pod> {
    try {
      await fill();
      return this;
    } catch (error) {
      await this.end();
      throw error;
    }
  }

  /** The root has just been forked: its socket is there in a moment. */
  async #connect(): Promise<void> {
    for (let pause = 1; ; pause *= 2) {
      try {
        await this.#connectOnce();
        return;
      } catch (error) {
        if (pause > 512) throw error;
        await new Promise((resolve) => setTimeout(resolve, pause));
      }
    }
  }

  async #connectOnce(): Promise<void> {
    await this.#box.order("connect", {}, ({ message, handle }) =>
      this.#listen(Number(message["port"]), handle),
    );
  }

  async #take(): Promise<void> {
    await this.#box.order("take", {}, ({ message, handle }) => {
      const socket = socketOf(handle);
      if (socket !== undefined) this.#connections.push({ socket, label: textOf(message["label"]) });
    });
  }

  #listen(port: number, handle: unknown): void {
    const isOwn = port === this.#home.ports[0];
    this.#servers.listen(port, handle, isOwn ? this.#options.connection : undefined);
  }

  #adopt(programs: readonly ImageProgram[]): PodProcess[] {
    const inner = programs.map(({ pid }) => pid);
    let pids = hostPidsOf(this.#box.pid, inner);
    // CRIU ends about now, and process 1 becomes the parent of its children: who looks meanwhile may miss them, but not twice.
    if (pids.includes(undefined)) pids = hostPidsOf(this.#box.pid, inner);
    const adopted = programs.map(({ name, pid: innerPid, outlets }, number): PodProcess => {
      const [stdout, stderr] = outlets.map((outlet) => this.#box.outlets[outlet]) as [Socket, Socket];
      // Without a process there any more, its exit is all that will be heard of it.
      return { name, pid: pids[number] ?? 0, innerPid, stdout, stderr, exit: this.#exitOf(innerPid) };
    });
    this.processes.push(...adopted);
    return adopted;
  }

  #exitOf(innerPid: number): Promise<BoxExit> {
    return new Promise<BoxExit>((resolve) => {
      const known = this.#exits.get(innerPid);
      if (known === undefined) this.#waiting.set(innerPid, resolve);
      else resolve(known);
    });
  }

  /** Process 1 took the others along, and nobody is left to tell of their exits. */
  #lose(): void {
    for (const [pid, take] of this.#waiting) take({ pid, signal: constants.signals.SIGKILL });
  }

  #tell(exit: BoxExit): void {
    const take = this.#waiting.get(exit.pid);
    if (take === undefined) this.#exits.set(exit.pid, exit);
    else take(exit);
  }
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value : "";
}

function socketOf(handle: unknown): Socket | undefined {
  if (handle === undefined || handle === null) return undefined;
  // Node's own way to wrap a handle that came by the channel; its types do not know of it.
  return new Socket({ handle, readable: true, writable: true } as never);
}

function clockNow(): { monotonic: string; boottime: string } {
  const monotonic = process.hrtime.bigint().toString();
  return { monotonic, boottime: monotonic };
}

const outside: readonly string[] = [
  "the programs' files and libraries, which must be the same at the restore",
  "connections to anything outside the pod: none can exist",
  "the wall clock",
];
