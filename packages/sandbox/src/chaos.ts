/**
 * Torture: what may happen on Lambda and seldom does at a desk, decided by a seed.
 *
 *  (1) The same seed decides the same: the nth invocation, the nth rest, the nth event and the nth stream have each
 *      their own decision, which depends on nothing else.
 *  (2) Everything that is done is told, as an event of the log. What was decided and found nothing to be done to (an
 *      invocation that ended sooner) is not.
 */
import { createHash } from "node:crypto";
import type { ChaosAction, SandboxEvent } from "./events.ts";

/** What was done, as it is told. */
export interface ChaosNews {
  readonly action: ChaosAction;
  readonly requestId?: string;
  /** Whom it happened to, when that was an environment. */
  readonly environment?: string;
  readonly environmentNumber?: number;
  /** How long, or after how long, ms; for a stream that is cut: after how many bytes. */
  readonly amount: number;
}

export interface InvocationPlan {
  readonly action: "crash" | "freeze";
  /** After the event was handed out. */
  readonly afterMs: number;
  /** Of a freeze. */
  readonly forMs: number;
}

export interface RestPlan {
  readonly action: "crash" | "spindown";
  readonly afterMs: number;
}

export interface EventPlan {
  readonly delayMs: number;
  readonly duplicateAfterMs: number | undefined;
}

export interface StreamPlan {
  /** Between two pieces. */
  readonly pauseMs: number;
  readonly cutAfterBytes: number | undefined;
}

type Kind = "invocation" | "rest" | "event" | "stream";

/** How often something is done: shares of 1. */
const shares = { crash: 0.01, freeze: 0.05, rest: 0.02, delay: 0.2, duplicate: 0.1, slow: 0.1, cut: 0.05 };

export class Chaos {
  readonly seed: number;
  readonly tell: (news: ChaosNews) => void;
  readonly #counts: Record<Kind, number> = { invocation: 0, rest: 0, event: 0, stream: 0 };

  /** `seed` is a whole number from 0 to 2^32 - 1; `tell` takes what is done. */
  constructor(seed: number, tell: (news: ChaosNews) => void) {
    this.seed = seed;
    this.tell = tell;
  }

  /** What is done to the next invocation. */
  invocation(): InvocationPlan | undefined {
    const [dice, after, length] = this.#next("invocation");
    const action = dice < shares.crash ? "crash" : dice < shares.crash + shares.freeze ? "freeze" : undefined;
    if (action === undefined) return undefined;
    return { action, afterMs: soon(after), forMs: 10 + Math.floor(length * 500) };
  }

  /** What is done to the next environment that has nothing to do. */
  rest(): RestPlan | undefined {
    const [dice, which, after] = this.#next("rest");
    if (dice >= shares.rest) return undefined;
    return { action: which < 0.5 ? "crash" : "spindown", afterMs: soon(after) };
  }

  /** What is done to the next event that nobody waits for. */
  event(): EventPlan {
    const [late, delay, twice, after] = this.#next("event");
    return {
      delayMs: late < shares.delay ? Math.floor(delay * 200) : 0,
      duplicateAfterMs: twice < shares.duplicate ? Math.floor(after * 200) : undefined,
    };
  }

  /** What is done to the next streamed answer. */
  stream(): StreamPlan {
    const [slow, pause, cut, after] = this.#next("stream");
    return {
      pauseMs: slow < shares.slow ? 1 + Math.floor(pause * 50) : 0,
      cutAfterBytes: cut < shares.cut ? Math.floor(after * 65_536) : undefined,
    };
  }

  /** Invariant 1: four numbers from 0 to 1 that depend on the seed, the kind and the place alone. */
  #next(kind: Kind): [number, number, number, number] {
    this.#counts[kind] += 1;
    return diceOf(this.seed, kind, this.#counts[kind]);
  }
}

/** The chaos of a fleet, told as events of its log. */
export function chaosOf({
  chaosSeed,
  report,
}: {
  readonly chaosSeed?: number | undefined;
  readonly report: (event: SandboxEvent) => void;
}): Chaos | undefined {
  if (chaosSeed === undefined) return undefined;
  return new Chaos(chaosSeed, (news) =>
    report({ time: new Date(), environment: "", environmentNumber: 0, type: "chaos", ...news }),
  );
}

/** Up to 20 ms, and within the first of them more often than not: most invocations take no longer. */
function soon(dice: number): number {
  return Math.floor(dice ** 4 * 20);
}

function diceOf(seed: number, kind: string, place: number): [number, number, number, number] {
  const digest = createHash("sha256").update(`${seed} ${kind} ${place}`).digest();
  const at = (index: number): number => digest.readUInt32BE(index * 4) / 2 ** 32;
  return [at(0), at(1), at(2), at(3)];
}
