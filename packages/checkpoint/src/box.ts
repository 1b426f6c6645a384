/**
 * A box: the namespaces of one pod and its process 1 (`native/pod/src/pid1.rs`), and the orders it takes.
 *
 *  (1) Every order has one answer, or fails when the box ends.
 *  (2) `ended` resolves when the last process of the pod is gone.
 *  (3) When this process ends, however, the kernel ends the pod: its channel is closed.
 *  (4) It gives no orders to a program of another version, which would wait for others for ever.
 */
import { type ChildProcess, spawn } from "node:child_process";
import type { EventEmitter } from "node:events";
import { openSync } from "node:fs";
import { Socket } from "node:net";

export interface BoxOptions {
  /** The program `anylambda-pod`. */
  readonly program: string;
  /** Directory of the host that stands in the place of each path. */
  readonly private: readonly { readonly path: string; readonly from: string }[];
  /** Paths that stay visible below a private one. */
  readonly keep: readonly string[];
  /** Opened before anything is hidden; number N is descriptor 200 + N of programs run beside the tree. */
  readonly directories: readonly string[];
  /** Pipes for output; number N is descriptor 100 + N of programs run beside the tree. */
  readonly outlets: number;
  /** Where the tree's root listens inside. */
  readonly ports: readonly number[];
  /** The root of the tree gets the process id after this one. */
  readonly lastPid: number;
  /** What the clocks are to say, ns. */
  readonly clock?: { readonly monotonic: string; readonly boottime: string } | undefined;
  /** As another user than root. */
  readonly userNamespace: boolean;
}

/** A process of the pod has ended. */
export type BoxExit =
  | { readonly pid: number; readonly status: number }
  | { readonly pid: number; readonly signal: number };

/** An answer, and the socket that came with it. */
export interface Answer {
  readonly message: Readonly<Record<string, unknown>>;
  readonly handle: unknown;
}

interface Pending {
  readonly resolve: (answer: Answer) => void;
  readonly reject: (error: Error) => void;
  /** Takes answers before the last. */
  readonly part: ((answer: Answer) => void) | undefined;
}

export class Box {
  /** Process 1, as this process sees it. */
  readonly pid: number;
  /** Names of the pipes, as `/proc/PID/fd/N` has them. */
  readonly pipes: readonly string[];
  /** Reading ends of the outlets. */
  readonly outlets: readonly Socket[];
  /** Invariant 2. */
  readonly ended: Promise<void>;
  readonly #child: ChildProcess;
  readonly #pending: Map<number, Pending>;
  readonly #exits: ((exit: BoxExit) => void)[];
  #next = 1;

  private constructor(child: ChildProcess, state: BoxState, ready: Ready) {
    this.#child = child;
    this.#pending = state.pending;
    this.#exits = state.exits;
    this.ended = state.ended;
    this.pid = ready.ready;
    this.pipes = ready.pipes;
    this.outlets = ready.outlets.map((fd) => openOutlet(ready.ready, fd));
  }

  /** Rejects with what the box said when it cannot be made. */
  static async open(options: BoxOptions): Promise<Box> {
    const child = spawn(options.program, ["box", JSON.stringify(options)], {
      // The channel is the box's life: it must not be ended by the terminal's Ctrl-C before its owner says so.
      detached: true,
      stdio: ["ignore", "ignore", "pipe", "ipc"],
      env: {},
    });
    const state = stateOf(child);
    const ready = await state.ready;
    if (ready.orders !== orders) {
      child.disconnect();
      await state.ended;
      throw new Error(
        `${options.program} is of another version than this anylambda: install both anew, or build it again (CONTRIBUTING.md)`,
      );
    }
    const box = new Box(child, state, ready);
    await box.order("outlets", { ends: "reading" });
    return box;
  }

  /** Gives an order; rejects when the box refuses it or is gone. */
  async order(order: string, more: object = {}, part?: (answer: Answer) => void): Promise<Answer> {
    return this.#send(order, more, undefined, part);
  }

  /** Gives an order with a connection, which is not this process's any more afterwards. */
  async hand(order: string, connection: Socket, more: object = {}): Promise<Answer> {
    return this.#send(order, more, connection);
  }

  /** Tells of every exit among the children of the tree's root. */
  onExit(take: (exit: BoxExit) => void): void {
    this.#exits.push(take);
  }

  /** It keeps this process alive, as it does at first, or not. */
  ref(): void {
    this.#child.ref();
    this.#child.channel?.ref();
    for (const stream of [this.#child.stderr as Socket, ...this.outlets]) stream.ref();
  }

  unref(): void {
    this.#child.unref();
    this.#child.channel?.unref();
    for (const stream of [this.#child.stderr as Socket, ...this.outlets]) stream.unref();
  }

  /** Ends every process of the pod at once. */
  async end(): Promise<void> {
    // Somebody waits for it now.
    this.ref();
    // Process 1 ends when its channel does, and the kernel ends the rest.
    if (this.#child.connected) this.#child.disconnect();
    await this.ended;
  }

  #send(order: string, more: object, connection?: Socket, part?: Pending["part"]): Promise<Answer> {
    const id = this.#next;
    this.#next += 1;
    return new Promise((resolve, reject) => {
      this.#pending.set(id, { resolve, reject, part });
      this.#child.send({ id, do: order, ...more }, connection, (error) => {
        if (error === null) return;
        this.#pending.delete(id);
        reject(new Error(`The pod is gone: ${error.message}`));
      });
    });
  }
}

/** What the program has to know (`pid1.rs`). */
const orders = 2;

interface Ready {
  readonly orders?: number;
  readonly ready: number;
  readonly outlets: readonly number[];
  readonly pipes: readonly string[];
}

interface BoxState {
  readonly ready: Promise<Ready>;
  readonly ended: Promise<void>;
  readonly pending: Map<number, Pending>;
  readonly exits: ((exit: BoxExit) => void)[];
}

function stateOf(child: ChildProcess): BoxState {
  const pending = new Map<number, Pending>();
  const exits: ((exit: BoxExit) => void)[] = [];
  let said = "";
  child.stderr?.on("data", (chunk: Buffer) => (said = (said + chunk.toString()).slice(-4000)));
  // Not "close": Node does not tell it of a child whose channel was closed from here.
  const end = async (): Promise<void> => {
    await Promise.all([happened(child, "exit", "error"), happened(child.stderr, "close")]);
    for (const { reject } of pending.values()) reject(new Error(`The pod has ended. ${said.trim()}`.trim()));
    pending.clear();
  };
  const ended = end();
  const ready = new Promise<Ready>((resolve, reject) => {
    child.once("error", reject);
    void ended.then(() => reject(new Error(said.trim() || "The pod could not be made, and did not say why")));
    child.on("message", (message: Record<string, unknown>, handle) => {
      if (typeof message["ready"] === "number") resolve(message as unknown as Ready);
      else if (typeof message["exit"] === "number" && message["id"] === undefined) {
        for (const take of exits) take({ ...message, pid: message["exit"] } as unknown as BoxExit);
      } else settle(pending, message, handle);
    });
  });
  return { ready, ended, pending, exits };
}

function happened(emitter: EventEmitter | null, ...events: readonly string[]): Promise<void> {
  return new Promise((resolve) => {
    for (const event of events) emitter?.once(event, () => resolve());
  });
}

/** Invariant 1. */
function settle(pending: Map<number, Pending>, message: Record<string, unknown>, handle: unknown): void {
  const id = message["id"];
  const order = typeof id === "number" ? pending.get(id) : undefined;
  if (order === undefined) return;
  // Several answers to one order: all but the last bring a label.
  if (order.part !== undefined && message["done"] === undefined && message["message"] === undefined) {
    order.part({ message, handle });
    return;
  }
  pending.delete(id as number);
  if (typeof message["message"] === "string" && message["error"] === undefined)
    order.reject(new Error(message["message"]));
  else order.resolve({ message, handle });
}

/** By the name that the kernel gives to an open file of another process: Node takes no pipes by its channel. */
function openOutlet(pid: number, fd: number): Socket {
  const opened = new Socket({ fd: openSync(`/proc/${pid}/fd/${fd}`, "r"), readable: true, writable: false });
  opened.on("error", () => undefined);
  return opened;
}
