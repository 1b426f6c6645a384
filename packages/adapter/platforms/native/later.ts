/** What the host reads when the first event is waited for (`Later` in `src/run.ts`): a bundle of its own. */
export { serveInvocations } from "../../src/loop.ts";
export { passSnapshot } from "../../src/restore.ts";
