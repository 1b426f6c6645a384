/**
 * One worker: invocation after invocation over a Runtime API client of its own.
 *
 * 1. Every invocation that comes is answered or failed here, and counted while it is under way.
 * 2. On the plain ways there is no promise but the three that are waited for: the event, the app, the Runtime API's
 *    word. In interpreted code a promise costs as much as the rest of a step.
 * 3. What fails on such a wait is met again, and dealt with, on the long way, which goes on from there.
 */
import { MAX_PAYLOAD_BYTES } from "@anylambda/wire";
import { startDeadline, timeForApp } from "./deadline.ts";
import { RuntimeApiError } from "./errors.ts";
import { documentOf } from "./failure-document.ts";
import { handleInvocation } from "./invocation.ts";
import type { Early, InvocationDeps } from "./invocation.ts";
import { relayedRequests } from "./quick-request.ts";
import { laneOf, paid, repeatableTag } from "./relay.ts";
import type { Lane } from "./relay.ts";
import { invocationOf } from "./runtime-client.ts";
import type { Invocation, RuntimeClient } from "./runtime-client.ts";
import type { Drain } from "./shutdown.ts";

/** Works until the Runtime API fails for good, which is thrown. `first` is what `runtime.ask` gave already. */
export async function serveInvocations(
  deps: InvocationDeps,
  runtime: RuntimeClient,
  drain: Drain,
  first: Promise<Uint8Array | null> | undefined,
): Promise<never> {
  const { platform, config, app, log } = deps;
  let lane: Lane | undefined;
  let isFirst = true;
  for (;;) {
    let bytes: Uint8Array | null = null;
    const asked = isFirst ? first : runtime.ask();
    try {
      if (asked !== undefined) bytes = await asked;
    } catch {}

    // Not before there is something to do: it costs a start more than an event.
    if (isFirst) lane = laneOf(config, log, relayedRequests(config));
    isFirst = false;
    const relay = deps.isReady() ? lane?.relay : undefined;
    let request: Uint8Array | undefined;
    if (relay !== undefined && bytes !== null) {
      try {
        request = relay.request(bytes);
        // What is large comes in pieces.
        const missing = request === undefined ? relay.missing(bytes) : 0;
        if (isWorthIt(missing)) {
          bytes = (await runtime.readMore(bytes, missing)) ?? bytes;
          request = relay.request(bytes);
        }
      } catch {}
    }
    let invocation: Invocation | undefined;
    if (request === undefined) invocation = runtime.heard(bytes) ?? (await runtime.next());
    let early: Early | undefined;
    drain.begin();
    try {
      if (relay !== undefined && lane !== undefined && bytes !== null && request !== undefined) {
        runtime.sawWhole();
        const sent = app.postBytes(request, relay.tag() === repeatableTag);
        if (sent !== undefined) {
          const { wall } = platform.now();
          const limitMs = timeForApp(wall, relay.number(), config.deadlineMarginMs);
          const deadline = startDeadline(platform, limitMs);
          early = { sent, deadline };
          deadline.watch(sent.connection.cut);
          let response: Uint8Array | null = null;
          try {
            response = await sent.bytes;
            const missing = response === null ? 0 : relay.missing(response);
            if (response !== null && isWorthIt(missing))
              response = await sent.connection.readMore(response, missing);
          } catch {}
          const answer = response === null ? undefined : relay.answer(response);
          if (answer !== undefined) {
            app.sawWhole(sent);
            deadline.stop();
            paid(lane);
            const telling = runtime.begin([relay.call(), answer]);
            let told: Uint8Array | null = null;
            try {
              if (telling !== undefined) told = await telling;
            } catch {}
            if (told !== null && relay.isTaken(told)) runtime.sawWhole();
            else await runtime.respond(relayed(bytes).head.requestId, [answer]);
            continue;
          }
        }
      }
      invocation ??= relayed(bytes);
      await handleInvocation(deps, runtime, invocation, lane, early);
    } catch (error) {
      if (error instanceof RuntimeApiError) throw error;
      const { errorType, document, reason } = documentOf(error, platform.codec);
      const { requestId } = (invocation ?? relayed(bytes)).head;
      log.error(`Invocation failed with ${errorType}: ${reason}`, { requestId });
      await runtime.fail(requestId, errorType, document);
    } finally {
      early?.deadline.stop();
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

/** Nothing larger is taken or answered: what is goes the long way, to be refused. */
function isWorthIt(missing: number): boolean {
  return missing > 0 && missing <= MAX_PAYLOAD_BYTES;
}
