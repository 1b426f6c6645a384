/**
 * The functions of a configuration file, while the file and the code change.
 *
 *  (1) One change at a time: the next begins when the last one is through.
 *  (2) A change touches only the functions it is about.
 *  (3) What cannot be carried out is told, and what runs goes on.
 *  (4) After `close` nothing is begun, and nothing runs.
 */
import type { AuthorizerMeans, HttpListener } from "@anylambda/sandbox";
import { SharedApis } from "../shared-apis.ts";
import { isUserFailure, type UserFailure } from "../user-failure.ts";
import { type FunctionOrder, type Served, type Surroundings, openInvokeApi, serve } from "./served.ts";

interface OnStage {
  order: FunctionOrder;
  readonly served: Served;
}

export class Stage {
  readonly #on = new Map<string, OnStage>();
  readonly #around: Surroundings;
  /** What the Invoke API offers: it looks at each call. */
  readonly #published = new Map<string, Served["published"]>();
  #api: Promise<HttpListener> | undefined;
  #last: Promise<unknown> = Promise.resolve();
  #closed = false;

  constructor(around: Omit<Surroundings, "apis" | "authorizers">) {
    const authorizers: AuthorizerMeans = {
      functionNamed: (name) => this.#published.get(name)?.fleet,
      warn: (message) => around.reporter.tell({ type: "warning", message }),
    };
    this.#around = { ...around, authorizers, apis: new SharedApis(authorizers) };
  }

  /** All at once. Resolves with the failures of boots; rejects with what could not be begun. */
  boot(orders: readonly FunctionOrder[]): Promise<UserFailure[]> {
    return this.#inTurn(async () => {
      for (const order of orders) await this.#serve(order);
      const failures = await Promise.all([...this.#on.values()].map(({ served }) => served.booted));
      return failures.filter((failure) => failure !== undefined);
    });
  }

  /** Opens the doors and the Invoke API. */
  async open(): Promise<void> {
    for (const { served } of this.#on.values()) await this.#open(served);
  }

  /** The configuration file has changed. */
  change(orders: readonly FunctionOrder[]): Promise<void> {
    return this.#inTurn(async () => {
      if (this.#closed) return;
      const wanted = new Map(orders.map((order) => [nameOf(order), order]));
      // All of them first: what the one gives up, a port or a route, may be what another takes.
      for (const [name, { order }] of this.#on) {
        const next = wanted.get(name);
        if (next === undefined || shapeOf(next) !== shapeOf(order)) await this.#remove(name);
      }
      for (const order of orders) await this.#trying(() => this.#follow(order));
    });
  }

  /** The code has. */
  reload(names: readonly string[], files: readonly string[]): Promise<void> {
    return this.#inTurn(async () => {
      await Promise.all(names.map((name) => this.#trying(() => this.#reload(name, files))));
    });
  }

  /** Also what a change is just beginning (4). */
  async close(): Promise<void> {
    this.#closed = true;
    const closeAll = (): Promise<unknown> =>
      Promise.all([...this.#on.values()].map(({ served }) => served.close()));
    // Together: the API waits for its last answer, and the ends of fleets make slow ones give theirs.
    const api = this.#api?.then(
      (listener) => listener.close(),
      () => undefined,
    );
    await closeAll();
    await this.#last;
    await closeAll();
    await api;
  }

  /** Invariant 2. */
  async #follow(order: FunctionOrder): Promise<void> {
    const name = nameOf(order);
    const before = this.#on.get(name);
    if (before !== undefined && JSON.stringify(before.order) === JSON.stringify(order)) return;
    if (before !== undefined) {
      before.order = order;
      return this.#reload(name, []);
    }
    if (this.#closed) return;
    const { served } = await this.#serve(order);
    const failure = await served.booted;
    if (this.#closed) return;
    if (failure !== undefined) this.#complain(failure);
    await this.#open(served);
  }

  async #reload(key: string, files: readonly string[]): Promise<void> {
    const one = this.#on.get(key);
    if (one === undefined || this.#closed) return;
    const { reporter } = this.#around;
    // A function that was typed may have its name from its directory.
    const { name } = one.served;
    reporter.tell({ type: "reloading", name, files });
    const began = performance.now();
    const failure = await one.served.reload(one.order);
    if (failure !== undefined) this.#complain(failure);
    else reporter.tell({ type: "reloaded", name, durationMs: performance.now() - began });
  }

  async #serve(order: FunctionOrder): Promise<OnStage> {
    const one = { order, served: await serve(order, this.#around) };
    this.#on.set(nameOf(order), one);
    return one;
  }

  async #open(served: Served): Promise<void> {
    const { invokePort, events } = this.#around;
    this.#api ??= openInvokeApi(this.#published, invokePort, events);
    const { url } = await this.#api;
    this.#published.set(served.name, served.published);
    await served.open(url.replace(/\/$/, ""));
  }

  async #remove(name: string): Promise<void> {
    this.#published.delete(name);
    await this.#on.get(name)?.served.close();
    this.#on.delete(name);
    this.#around.reporter.tell({ type: "removed", name });
  }

  /** Invariant 3. */
  async #trying(change: () => Promise<void>): Promise<void> {
    try {
      await change();
    } catch (error) {
      if (!isUserFailure(error)) throw error;
      this.#complain(error);
    }
  }

  #complain({ message, hint, lines }: UserFailure): void {
    this.#around.reporter.tell({ type: "failure", message, ...(hint !== undefined && { hint }), lines });
  }

  /** Invariant 1. */
  #inTurn<Result>(change: () => Promise<Result>): Promise<Result> {
    const turn = this.#last.then(change);
    this.#last = turn.catch(() => undefined);
    return turn;
  }
}

function nameOf({ options }: FunctionOrder): string {
  return options.name ?? "";
}

/** What cannot change while doors and fleet stay. */
function shapeOf({ options, host, doors, queues }: FunctionOrder): string {
  // All that reaches the configuration alone is taken from the new order at a reload.
  const {
    env: _env,
    envFile: _file,
    passEnv: _pass,
    memory: _memory,
    timeout: _timeout,
    ...ofFleet
  } = options;
  return JSON.stringify({ host, doors, queues, ...ofFleet });
}
