/**
 * Freezing an environment between invocations (environment.md 4.4): timers, sockets, threads, everything stands still
 * until the next event, while the clocks go on.
 *
 *  (1) Frozen is only who is at rest, and not before it has been for the time of grace: back-to-back invocations pay
 *      nothing. On Lambda too the freeze is not instantaneous.
 *  (2) Whoever is frozen is thawed before it gets an event or is to end.
 *  (3) A process that comes to be while its environment is being frozen is frozen too.
 *  (4) After `end` nothing is frozen any more.
 *
 * With a cgroup of its own the kernel freezes an environment as a whole, and its processes cannot tell. Otherwise each
 * process group gets SIGSTOP, and those that left their group one by one; a parent that waits for stopped children
 * (a shell with job control) sees it.
 */
import type { Cgroup } from "./cgroup.ts";
import { guard } from "./guard.ts";
import type { Members } from "./members.ts";

export interface FreezerOptions {
  /** How long the environment must be at rest, ms; `undefined`: it is never frozen. */
  readonly afterMs: number | undefined;
  readonly members: Members;
  readonly cgroup: Cgroup | undefined;
  readonly isAtRest: () => boolean;
  readonly tell: (event: FreezerEvent) => void;
}

export type FreezerEvent =
  | { readonly type: "frozen" }
  | { readonly type: "thawed"; readonly frozenMs: number };

export class Freezer {
  readonly #options: FreezerOptions;
  #timer: NodeJS.Timeout | undefined;
  /** Since when everything stands, on the clock of `performance.now()`. */
  #frozenSince: number | undefined;
  /** Who is to be sent SIGCONT, in this order: groups as negative numbers, as `kill` takes them. */
  #stopped: readonly number[] = [];
  /** Nobody but us would ever wake who left its group. */
  #unguard: readonly (() => void)[] = [];
  #ended = false;

  constructor(options: FreezerOptions) {
    this.#options = options;
  }

  get isFrozen(): boolean {
    return this.#frozenSince !== undefined;
  }

  /** The environment has come to rest. */
  rest(): void {
    const { afterMs } = this.#options;
    if (afterMs === undefined || this.#ended) return;
    // One timer, set back each time: an invocation does not pay for making and clearing one.
    if (this.#timer === undefined) this.#timer = setTimeout(() => this.#freeze(), afterMs).unref();
    else this.#timer.refresh();
  }

  thaw(): void {
    if (this.#frozenSince === undefined) return;
    const frozenMs = performance.now() - this.#frozenSince;
    this.#frozenSince = undefined;
    const { cgroup } = this.#options;
    if (this.#stopped.length === 0) cgroup?.freeze(false);
    for (const target of this.#stopped) send(target, "SIGCONT");
    for (const unguard of this.#unguard) unguard();
    this.#unguard = [];
    this.#stopped = [];
    this.#options.tell({ type: "thawed", frozenMs });
  }

  end(): void {
    this.#ended = true;
    clearTimeout(this.#timer);
    this.thaw();
  }

  #freeze(): void {
    const { cgroup, members, isAtRest, tell } = this.#options;
    if (this.#ended || this.isFrozen || !isAtRest()) return;
    this.#frozenSince = performance.now();
    if (cgroup?.freezes === true) cgroup.freeze(true);
    else {
      const { woken, strays } = stop(members);
      this.#stopped = woken;
      this.#unguard = strays.map((pid) => guard({ process: pid }));
    }
    tell({ type: "frozen" });
  }
}

/**
 * Stops all members. A signal to a group reaches all of it at once, also who is just being forked (invariant 3); those
 * outside may fork between two looks.
 */
function stop(members: Members): { readonly woken: number[]; readonly strays: number[] } {
  const { leaders } = members;
  for (const leader of leaders) send(-leader, "SIGSTOP");
  const strays = new Set<number>();
  const others = new Set<number>();
  for (let round = 0, before = -1; round < maxRounds && before !== strays.size; round += 1) {
    before = strays.size;
    for (const { pid, group } of members.scan()) {
      if (!leaders.has(pid)) others.add(pid);
      if (leaders.has(group) || strays.has(pid)) continue;
      strays.add(pid);
      send(pid, "SIGSTOP");
    }
  }
  // Leaders last: one that watches over a child and finds it stopped (nsenter does) would stop itself once more.
  return { woken: [...others, ...[...leaders].map((leader) => -leader)], strays: [...strays] };
}

/** Nobody forks for ever in groups of its own; who does is caught at the next rest. */
const maxRounds = 10;

function send(pid: number, signal: "SIGSTOP" | "SIGCONT"): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It has ended: that is told elsewhere.
  }
}
