/** The trace of an invocation, as platform records tell of it (environment.md 3.4). */
import { randomHex } from "./identifiers.ts";
import type { Tracing } from "./events.ts";

/**
 * Who asked for sampling gets the id of a segment to hang spans on, though nobody here sends it to X-Ray;
 * for all others there is none, as on Lambda.
 */
export function tracingOf(traceId: string): Tracing {
  if (!traceId.includes("Sampled=1")) return { value: traceId };
  return { spanId: randomHex(8), value: traceId };
}
