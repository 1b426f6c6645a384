/** What chaos decided, done: to the processes of an environment, and to a streamed answer. */
import { type AnswerStream, BrokenStream } from "./answers.ts";
import type { Chaos, InvocationPlan, StreamPlan } from "./chaos.ts";
import type { StreamedAnswer } from "./invocation.ts";
import type { ProcessGroup } from "./processes.ts";
import type { FleetAnswer } from "./waiting.ts";

/** What can be disturbed: an environment. */
export interface Victim {
  readonly id: string;
  readonly number: number;
  /** The runtime is the first. */
  readonly groups: () => readonly ProcessGroup[];
}

/** Does what was planned for an invocation, when its time has come. The answer calls it off. */
export function disturb(chaos: Chaos, requestId: string, victim: Victim): () => void {
  const plan = chaos.invocation();
  if (plan === undefined) return () => undefined;
  let end = (): void => undefined;
  const timer = setTimeout(() => {
    const { action } = plan;
    tellOf(chaos, victim, { action, requestId, amount: action === "crash" ? plan.afterMs : plan.forMs });
    end = act(plan, victim);
  }, plan.afterMs);
  return () => {
    clearTimeout(timer);
    end();
  };
}

/** Kills the runtime, as the machine below it might. */
export function crash(chaos: Chaos, victim: Victim, amount: number): void {
  tellOf(chaos, victim, { action: "crash", amount });
  victim.groups()[0]?.signal("SIGKILL");
}

export function tellOf(chaos: Chaos, { id, number }: Victim, news: Parameters<Chaos["tell"]>[0]): void {
  chaos.tell({ ...news, environment: id, environmentNumber: number });
}

function act({ action, forMs }: InvocationPlan, victim: Victim): () => void {
  const groups = victim.groups();
  if (action === "crash") {
    groups[0]?.signal("SIGKILL");
    return () => undefined;
  }
  for (const group of groups) group.signal("SIGSTOP");
  const thaw = (): void => {
    clearTimeout(timer);
    for (const group of groups) group.signal("SIGCONT");
  };
  const timer = setTimeout(thaw, forMs);
  return thaw;
}

/** A streamed answer as chaos lets it through; what came in one piece stays whole. */
export function tortured(chaos: Chaos, answer: FleetAnswer | StreamedAnswer): FleetAnswer | StreamedAnswer {
  if (!("stream" in answer)) return answer;
  const plan = chaos.stream();
  const { requestId, stream } = answer;
  if (plan.pauseMs > 0) chaos.tell({ action: "slowStream", requestId, amount: plan.pauseMs });
  const cut = (amount: number): void => chaos.tell({ action: "cutStream", requestId, amount });
  return { ...answer, stream: { ...stream, chunks: slowed(stream.chunks, plan, cut) } };
}

async function* slowed(
  chunks: AnswerStream["chunks"],
  { pauseMs, cutAfterBytes }: StreamPlan,
  cut: (bytes: number) => void,
): AsyncGenerator<Uint8Array, void> {
  let left = cutAfterBytes ?? Infinity;
  let broken = false;
  for await (const chunk of chunks) {
    // The function is read to its end, as if the client had gone.
    if (broken) continue;
    broken = chunk.length > left;
    if (broken) cut(cutAfterBytes ?? 0);
    if (pauseMs > 0) await new Promise((resolve) => setTimeout(resolve, pauseMs));
    yield chunk.subarray(0, Math.min(chunk.length, left));
    left -= chunk.length;
  }
  if (broken) throw new BrokenStream("Sandbox.Failure");
}
