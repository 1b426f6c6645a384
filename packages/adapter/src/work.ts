/**
 * One worker: invocation after invocation over a Runtime API client of its own.
 *
 * 1. Every invocation that comes is answered or failed here, and counted while it is under way.
 * 2. On the plain ways there is no promise but the three that are waited for: the event, the app, the Runtime API's
 *    word. In interpreted code a promise costs as much as the rest of a step.
 * 3. What fails on such a wait is met again, and dealt with, on the long way, which goes on from there.
 */
import { startDeadline, timeForApp } from "./deadline.ts";
import { RuntimeApiError } from "./errors.ts";
import { documentOf } from "./failure-document.ts";
import { handleInvocation } from "./invocation.ts";
import type { Early, InvocationDeps } from "./invocation.ts";
import { relayedRequests } from "./quick-request.ts";
import { laneOf, paid, repeatableTag } from "./relay.ts";
import { invocationOf } from "./runtime-client.ts";
import type { Invocation, RuntimeClient } from "./runtime-client.ts";
import type { Drain } from "./shutdown.ts";

/** Works until the Runtime API fails for good, which is thrown. */
export async function work(deps: InvocationDeps, runtime: RuntimeClient, drain: Drain): Promise<never> {
  const { platform, config, app, log } = deps;
  const lane = laneOf(config, log, relayedRequests);
  for (;;) {
    let bytes: Uint8Array | null = null;
    const asked = runtime.ask();
    try {
      if (asked !== undefined) bytes = await asked;
    } catch {}

    const request = bytes !== null && deps.isReady() ? lane?.relay.request(bytes) : undefined;
    let invocation: Invocation | undefined;
    if (request === undefined) invocation = runtime.heard(bytes) ?? (await runtime.next());
    drain.begin();
    try {
      let early: Early | undefined;
      if (lane !== undefined && bytes !== null && request !== undefined) {
        runtime.sawWhole();
        const sent = app.postBytes(request, lane.relay.tag() === repeatableTag);
        if (sent !== undefined) {
          const { wall } = platform.now();
          const limitMs = timeForApp(wall, lane.relay.number(), config.deadlineMarginMs);
          const deadline = startDeadline(platform, limitMs);
          deadline.watch(sent.connection.cut);
          let response: Uint8Array | null = null;
          try {
            response = await sent.bytes;
          } catch {}
          const call = response === null ? undefined : lane.relay.answer(response);
          if (call !== undefined) {
            app.sawWhole(sent);
            deadline.stop();
            paid(lane);
            const telling = runtime.begin(call);
            let told: Uint8Array | null = null;
            try {
              if (telling !== undefined) told = await telling;
            } catch {}
            if (told !== null && lane.relay.isTaken(told)) runtime.sawWhole();
            else await runtime.respond(relayed(bytes).head.requestId, [payloadOf(call)]);
            continue;
          }
          early = { sent, deadline };
        }
      }
      invocation ??= relayed(bytes);
      await handleInvocation(deps, runtime, invocation, lane, early);
    } catch (error) {
      if (error instanceof RuntimeApiError || invocation === undefined) throw error;
      const { errorType, document, reason } = documentOf(error, platform.codec);
      const { requestId } = invocation.head;
      log.error(`Invocation failed with ${errorType}: ${reason}`, { requestId });
      await runtime.fail(requestId, errorType, document);
    } finally {
      drain.end();
    }
  }
}

/** The invocation that a relay has seen in these bytes. */
function relayed(bytes: Uint8Array | null): Invocation {
  const invocation = bytes === null ? undefined : invocationOf(bytes);
  if (invocation === undefined) throw new Error("A relay took an answer that is none");
  return invocation;
}

/** What stands behind the head of a call. */
function payloadOf(call: Uint8Array): Uint8Array {
  let at = 3;
  while (call[at - 3] !== 13 || call[at - 2] !== 10 || call[at - 1] !== 13 || call[at] !== 10) at++;
  return call.subarray(at + 1);
}
