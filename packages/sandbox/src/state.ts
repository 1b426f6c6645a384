/**
 * The life of one execution environment as a pure transition function (environment.md 4).
 *
 *   From            Event       To             Performed by
 *   created         start       initializing   Environment.init: the first init, begun before any invocation
 *   created         invoke      initializing   Environment.invoke: init repeated inside an invocation ("suppressed")
 *   initializing    ready       idle           Environment.init, when runtime and extensions asked for their first event
 *   initializing    fail        resetting      Environment.#reset: limit passed, process exited, or init error posted
 *   initializing    freeze      checkpointing  Publication: runtime at the restore point, extensions asked for next
 *   checkpointing   frozen      checkpointed   Publication, when the snapshot is complete and its processes are gone
 *   checkpointing   fail        resetting      Publication: no snapshot could be taken
 *   created         restore     restoring      Environment.invoke, of a function with a snapshot
 *   restoring       ready       idle           Environment.invoke, when the restored runtime asked for its first event
 *   restoring       fail        resetting      Environment.#reset: hook failed, process exited or 10 s passed
 *   idle            invoke      invoking       Environment.invoke
 *   invoking        done        idle           Environment.invoke, when the runtime and every INVOKE subscriber polled again
 *   invoking        fail        resetting      Environment.#reset: deadline passed or process exited
 *   resetting       reaped      created        Environment.#reset, when the last process is gone
 *   any but the two below it
 *                   shutdown    stopping       Environment.shutdown
 *   stopping        reaped      stopped        Environment.shutdown, when the last process is gone
 *
 * Suppressed init is `created -invoke-> initializing -ready-> idle -invoke-> invoking`, or ends in `resetting`.
 *
 * Invariants, quoted by asserts and tests:
 *  (1) A transition that is not in the table throws and leaves the state as it was.
 *  (2) In `created`, `checkpointed` and `stopped` no process of the environment exists.
 *  (3) At most one invocation is in an environment.
 *  (4) A caller gets exactly one answer.
 *  (5) REPORT is told once per invocation, after the last byte of output and after START and END.
 *  (6) A child's variables are exactly what `variables.ts` lists.
 *  (7) Every child is reaped, and its process group empty, before `stopped`.
 */

export type EnvironmentState =
  | "created"
  | "initializing"
  | "checkpointing"
  | "checkpointed"
  | "restoring"
  | "idle"
  | "invoking"
  | "resetting"
  | "stopping"
  | "stopped";

export type EnvironmentEvent =
  | "start"
  | "freeze"
  | "frozen"
  | "restore"
  | "invoke"
  | "ready"
  | "done"
  | "fail"
  | "reaped"
  | "shutdown";

/** The state after `event`; throws an error that names both states when the table has no such row. */
export function transition(state: EnvironmentState, event: EnvironmentEvent): EnvironmentState {
  const next = after(state, event);
  if (next !== undefined) return next;
  throw new Error(
    `Environment cannot go from ${state} to ${targetOf(state, event)} (event "${event}"): ` +
      `the transition is not in the table of state.ts. This is a bug in the sandbox`,
  );
}

function after(state: EnvironmentState, event: EnvironmentEvent): EnvironmentState | undefined {
  switch (state) {
    case "created":
      if (event === "start" || event === "invoke") return "initializing";
      if (event === "restore") return "restoring";
      break;
    case "initializing":
      if (event === "freeze") return "checkpointing";
      if (event === "ready") return "idle";
      if (event === "fail") return "resetting";
      break;
    case "checkpointing":
      if (event === "frozen") return "checkpointed";
      if (event === "fail") return "resetting";
      break;
    case "checkpointed":
      break;
    case "restoring":
      if (event === "ready") return "idle";
      if (event === "fail") return "resetting";
      break;
    case "idle":
      if (event === "invoke") return "invoking";
      break;
    case "invoking":
      if (event === "done") return "idle";
      if (event === "fail") return "resetting";
      break;
    case "resetting":
      if (event === "reaped") return "created";
      break;
    case "stopping":
      return event === "reaped" ? "stopped" : undefined;
    case "stopped":
      return undefined;
  }
  return event === "shutdown" ? "stopping" : undefined;
}

/** Where the event would have led, for the error message only. */
function targetOf(state: EnvironmentState, event: EnvironmentEvent): EnvironmentState {
  switch (event) {
    case "start":
      return "initializing";
    case "freeze":
      return "checkpointing";
    case "frozen":
      return "checkpointed";
    case "restore":
      return "restoring";
    case "invoke":
      return state === "created" ? "initializing" : "invoking";
    case "ready":
    case "done":
      return "idle";
    case "fail":
      return "resetting";
    case "reaped":
      return state === "stopping" || state === "stopped" ? "stopped" : "created";
    case "shutdown":
      return "stopping";
  }
}
