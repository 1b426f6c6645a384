/**
 * What a runtime did when in the course of one invocation, for `runtimeDone` and `report`
 * (environment.md 3.4). Times are on the clock of `performance.now()`, which does not jump.
 */
import type { Span } from "./events.ts";

export interface InvocationTimes {
  /** The event was handed out. */
  readonly started: number;
  /** First byte of the request to `/response`. An error posted to `/error` is no response, here as on AWS. */
  responseStarted?: number;
  /** Its last byte. */
  responseEnded?: number;
  /** Length of the response so far. */
  producedBytes: number;
  /** The runtime has answered, one way or the other: what follows is its own overhead. */
  answered?: number;
  /** It asked for its next event. */
  ready?: number;
}

/** Spans of `runtimeDone`, as far as the invocation has come. */
export function runtimeSpansOf(times: InvocationTimes): Span[] {
  const { started, responseStarted, responseEnded, answered, ready } = times;
  const spans: Span[] = [];
  if (responseStarted !== undefined && responseEnded !== undefined)
    spans.push(
      spanOf("responseLatency", started, responseStarted),
      spanOf("responseDuration", responseStarted, responseEnded),
    );
  if (answered !== undefined && ready !== undefined) spans.push(spanOf("runtimeOverhead", answered, ready));
  return spans;
}

export function spanOf(name: Span["name"], from: number, to: number): Span {
  const start = new Date(Date.now() - Math.round(performance.now() - from));
  return { name, start, durationMs: to - from };
}
