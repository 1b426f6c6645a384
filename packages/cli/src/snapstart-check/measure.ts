/** What a snapshot gains: boots and restores to the first answer, in turn, one copy and several at once, with their memory. */
import { Publication, type SandboxEvent, type SnapshotEngine } from "@anylambda/sandbox";
import type { FunctionPlan } from "../function-plan.ts";
import { notPublished } from "./check.ts";
import { descendantsPss } from "./memory-use.ts";
import type { CheckRequest } from "./requests.ts";
import { answerTogether } from "./together.ts";
import { type Seen, hear } from "./witness.ts";

export interface MeasureOptions {
  readonly plan: FunctionPlan;
  readonly published: FunctionPlan;
  readonly engine: SnapshotEngine;
  readonly request: CheckRequest;
  readonly rounds: number;
  /** How many copies are restored at once, in every round after those. */
  readonly copies: number;
  readonly tell: (event: SandboxEvent) => void;
  readonly progress: (what: string) => void;
}

export interface Measured {
  readonly engine: SnapshotEngine["kind"];
  /** From the start of the processes to the first answer, one sample a round, ms. */
  readonly bootMs: readonly number[];
  /** From the first request, which restores, to its answer, one sample a round, ms. */
  readonly restoreMs: readonly number[];
  /** The first request on a copy that runs, one sample a round, ms: pages are touched for the first time. */
  readonly secondMs: readonly number[];
  /** Several copies at once, of one fleet: until the last had answered, one sample a round, ms. */
  readonly togetherMs: readonly number[];
  /** From the restore point until the image was complete, ms. */
  readonly checkpointMs: number;
  readonly imageBytes: number;
  /** Of all processes of an environment, pages that processes share counted by share (PSS), bytes. */
  readonly memory: {
    readonly boot: number;
    /** A restored copy, without the image that its pages come from (`imageBytes`). */
    readonly copy: number;
    /** What one more copy adds. */
    readonly second: number;
    readonly eachOfSeveral: number;
  };
}

export async function measure(options: MeasureOptions): Promise<Measured> {
  const { plan, published, engine, request, rounds, copies, progress } = options;
  const requests = [request, request];
  let checkpointMs = 0;
  const tell = (event: SandboxEvent): void => {
    if (event.type === "checkpoint") checkpointMs = event.durationMs;
    options.tell(event);
  };
  progress("Publishing: init, hooks, snapshot");
  const publication = new Publication(published.configuration, {
    engine,
    report: tell,
    path: published.path,
  });
  const { report, snapshot } = await publication.done;
  if (snapshot === undefined) throw notPublished(report);
  const memory = { boot: 0, copy: 0, second: 0, eachOfSeveral: 0 };
  const snapStart = { engine, snapshot };
  const copyOnce = (alive?: () => Promise<void>): Promise<Seen> =>
    hear({ plan: published, requests, snapStart, tell, alive });
  try {
    const [bootMs, restoreMs, secondMs]: [number[], number[], number[]] = [[], [], []];
    for (let round = 1; round <= rounds; round++) {
      progress(`Round ${round} of ${rounds}: a boot, a restore`);
      await calm();
      const boot = await hear({
        plan,
        requests,
        tell,
        alive: async () => void (memory.boot = descendantsPss()),
      });
      bootMs.push(boot.readyMs + boot.firstAnswerMs);
      await calm();
      const copy = await copyOnce(async () => void (memory.copy = descendantsPss()));
      restoreMs.push(copy.firstAnswerMs);
      secondMs.push(copy.secondAnswerMs);
    }
    progress("Two copies, for their memory");
    const pair = meetingOf(2, () => (memory.second = descendantsPss() - memory.copy));
    await Promise.all([copyOnce(pair), copyOnce(pair)]);
    const togetherMs: number[] = [];
    for (let round = 1; round <= rounds; round++) {
      progress(`Round ${round} of ${rounds}: ${copies} copies at once`);
      await calm();
      const alive = (): void => void (memory.eachOfSeveral = descendantsPss() / copies);
      togetherMs.push(await answerTogether({ plan: published, request, copies, snapStart, tell, alive }));
    }
    return {
      engine: engine.kind,
      bootMs,
      restoreMs,
      secondMs,
      togetherMs,
      checkpointMs,
      imageBytes: snapshot.bytes,
      memory,
    };
  } finally {
    await engine.discard(snapshot);
  }
}

/** As after any pause: what was before is gone, and pods stand ready again. */
function calm(): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, 1000);
  });
}

/** Each waits until all are there; the last one looks. */
function meetingOf(size: number, look: () => void): () => Promise<void> {
  let there = 0;
  let open: () => void = () => undefined;
  const all = new Promise<void>((resolve) => (open = resolve));
  return () => {
    there += 1;
    if (there === size) {
      look();
      open();
    }
    return all;
  };
}
