/**
 * Where an invocation goes, and whether an environment is started or ended for it. Pure: `fleet.ts` has the
 * environments and the timers, and asks.
 */

/** What counts of an environment when one is to be chosen. */
export interface Seat {
  /** Whose it is, from its first invocation on; `undefined` before, and always in a function without tenants. */
  readonly tenantId: string | undefined;
  /** Initialised before anybody asked for it. */
  readonly provisioned: boolean;
  /** It has processes: an invocation needs no init. */
  readonly warm: boolean;
  /** It takes an event at once. Where one environment takes several, it may have room and no worker that asked for one. */
  readonly ready: boolean;
  /** Invocations it is at. More than one only where one environment takes several (environment.md 1.10). */
  readonly busy: number;
}

/** Whoever waits: all that counts is for whom. */
export interface Caller {
  readonly tenantId: string | undefined;
}

/**
 * Index of the seat for a caller, or -1. Of those with room, the one used last is the last of the list. Provisioned
 * environments go before others, warm before cold, the caller's own before nobody's, and never another tenant's; but before
 * all those that are ready.
 */
export function seatFor(withRoom: readonly Seat[], { tenantId }: Caller): number {
  let best = 0;
  let found = -1;
  for (let index = withRoom.length - 1; index >= 0; index -= 1) {
    const rank = rankOf(withRoom[index] as Seat, tenantId);
    if (rank <= best) continue;
    best = rank;
    found = index;
  }
  return found;
}

function rankOf(seat: Seat, tenantId: string | undefined): number {
  if (seat.tenantId !== undefined && seat.tenantId !== tenantId) return 0;
  return (
    1 +
    (seat.tenantId === tenantId ? 1 : 0) +
    (seat.warm ? 2 : 0) +
    (seat.provisioned ? 4 : 0) +
    (seat.ready ? 8 : 0)
  );
}

/** Index of the first in line that an environment of this tenant may take, or -1. One of nobody's takes anybody. */
export function callerFor(waiting: readonly Caller[], tenantId: string | undefined): number {
  if (tenantId === undefined) return waiting.length === 0 ? -1 : 0;
  return waiting.findIndex((caller) => caller.tenantId === tenantId);
}

export interface Room {
  /** Environments that exist, are being made, or are being ended. */
  readonly existing: number;
  readonly most: number;
  /** Environments being made or initialised: each will take somebody who waits. */
  readonly booting: number;
  /** Environments being ended to make room. */
  readonly leaving: number;
  /** Environments that have answered and are given a moment. */
  readonly finishing: number;
  /** Invocations that one environment takes at once. */
  readonly capacity: number;
}

/** How many environments are to be started, and how many to be ended first because there is no room. */
export function growthFor(callers: number, room: Room): { readonly start: number; readonly evict: number } {
  const { existing, most, booting, leaving, finishing, capacity } = room;
  const missing = Math.ceil(callers / capacity) - booting - finishing;
  const start = Math.max(0, Math.min(missing, most - existing));
  return { start, evict: Math.max(0, missing - start - leaving) };
}

/**
 * Index of the environment to end for those who wait, or -1: the one unused longest, of a tenant for whom nobody
 * waits. Only tenants make that necessary: without them nobody waits while an environment is idle.
 */
export function evictionFor(withRoom: readonly Seat[], waiting: readonly Caller[]): number {
  const wanted = new Set(waiting.map(({ tenantId }) => tenantId));
  return withRoom.findIndex(
    ({ tenantId, busy }) => busy === 0 && tenantId !== undefined && !wanted.has(tenantId),
  );
}

export interface Limits {
  /** Environments, each for `capacity` invocations. */
  readonly most: number;
  readonly capacity: number;
  /** Of the function: as many invocations at once, and no more. */
  readonly reserved: number | undefined;
  /** Whoever finds all environments busy is refused. */
  readonly throttles: boolean;
  /** Nobody waits for an environment to be started, as long as there are others: those are started for who comes later. */
  readonly scalesLater: boolean;
  /** Callers that may wait. */
  readonly line: number;
}

/**
 * Why a caller is turned away who found no seat, if it is. `unanswered` are those who wait or are being served, `standing`
 * the environments that take invocations.
 */
export function refusalFor(
  { unanswered, waiting, standing }: { unanswered: number; waiting: number; standing: number },
  { most, capacity, reserved, throttles, scalesLater, line }: Limits,
): "ReservedFunctionConcurrentInvocationLimitExceeded" | "ConcurrentInvocationLimitExceeded" | undefined {
  if (reserved !== undefined && unanswered >= reserved)
    return "ReservedFunctionConcurrentInvocationLimitExceeded";
  if (throttles && unanswered >= most * capacity) return "ReservedFunctionConcurrentInvocationLimitExceeded";
  if (scalesLater && standing > 0 && unanswered >= standing * capacity)
    return "ConcurrentInvocationLimitExceeded";
  return waiting >= line ? "ConcurrentInvocationLimitExceeded" : undefined;
}
