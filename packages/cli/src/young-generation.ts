/**
 * How V8 collects what lives short. Left to itself it lets the room for it grow to 32 MB, because the dashboard keeps
 * what it is told, and collects it with several threads, which the function needs. Two megabytes in one thread cost the
 * same time for each invocation (`bench/end-to-end.mjs`).
 *
 * Set from within: how Node was started is not ours to say. V8 says aloud what flag it does not know, so nothing is set on a
 * Node that this was not tried on.
 */
import { setFlagsFromString } from "node:v8";

const triedOn = new Set(["20", "22", "24", "26"]);

export function keepYoungGenerationSmall(): void {
  if (!triedOn.has(process.versions.node.split(".")[0] ?? "")) return;
  setFlagsFromString("--semi-space-growth-factor=1");
  setFlagsFromString("--no-parallel-scavenge");
}
