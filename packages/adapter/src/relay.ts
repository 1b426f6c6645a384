/**
 * The shortest way: an invocation from the Runtime API's bytes to the app's request, and from the app's bytes to the call
 * that answers, in one native call each (`relay` in `wire/src/quick.ts`). The first event of a kind goes the way of
 * `quick-request.ts`, which tells here what it made of it; what comes out is byte for byte the same.
 */
import { MAX_PAYLOAD_BYTES, headNames, relay, relayKinds } from "@anylambda/wire";
import type { InvocationHead, Relay, RelayPlan, RelayRules, TargetForm, Template } from "@anylambda/wire";
import { idempotent } from "./app-client.ts";
import type { Config } from "./config.ts";
import type { Door } from "./doors.ts";
import type { Log } from "./log.ts";
import { responseHead } from "./runtime-client.ts";

/** The native relay of one worker, and how much longer it is taught: events that always differ are not worth it. */
export interface Lane {
  readonly relay: Relay;
  lessons: number;
}

const MAX_LESSONS = 32;

export const repeatableTag = 1;

/** The order of `headNames`. */
const field = { requestId: 0, deadlineMs: 1, functionArn: 2, traceId: 3 } as const;

/** A lane where nothing is wanted but to pass on, and the engine has the way. */
export function laneOf(
  config: Config,
  log: Log,
  rules: Pick<RelayRules, "paths" | "request">,
): Lane | undefined {
  const isPlain =
    config.invokeMode === "buffered" &&
    !config.compression &&
    !config.accessLog &&
    !log.tellsDebug &&
    config.errorStatus === undefined &&
    config.authorizationSource === undefined &&
    config.beforeCheckpointPath === undefined &&
    config.afterRestorePath === undefined;
  const made = isPlain ? relay({ ...rules, names: headNames, number: field.deadlineMs }) : undefined;
  return made && { relay: made, lessons: MAX_LESSONS };
}

/** A lesson was of use. */
export function paid(lane: Lane): void {
  if (lane.lessons < MAX_LESSONS) lane.lessons++;
}

/** What was made of an event. */
export interface Lesson {
  readonly event: Uint8Array;
  readonly head: InvocationHead;
  readonly door: Door | undefined;
  readonly method: string;
  /** `undefined` where it is taken from the event. */
  readonly target: string | undefined;
  readonly form: number;
  readonly bodiless: boolean;
  readonly targetForm: TargetForm;
  readonly maxQuoted: number;
  /** The fields around the quoted member, as they are for a head. */
  readonly before: (head: InvocationHead) => string;
  readonly behind: (head: InvocationHead) => string;
}

export function teach(lane: Lane, config: Config, lesson: Lesson): void {
  const plan = lane.lessons > 0 ? planOf(config, lesson) : undefined;
  if (plan === undefined) return;
  lane.lessons--;
  lane.relay.learn(lesson.event, plan);
}

function planOf(config: Config, lesson: Lesson): RelayPlan | undefined {
  const { head, door, method, target } = lesson;
  const isKnown = door === undefined || door.inPlace !== undefined;
  const { clientContext, cognitoIdentity, tenantId, deadlineMs, functionArn, traceId } = head;
  const isPlain = clientContext === undefined && cognitoIdentity === undefined && tenantId === undefined;
  if (!isKnown || !isPlain || Number.isNaN(deadlineMs) || method === "HEAD") return undefined;
  const before = templateOf(lesson.before, head);
  const behind = templateOf(lesson.behind, head);
  const call = templateOf(({ requestId }) => callOf(requestId, config), head);
  if (before === undefined || behind === undefined || call === undefined) return undefined;
  const { absent, word, number, text } = relayKinds;
  return {
    tag: idempotent.has(method) ? repeatableTag : 0,
    kinds: [
      word,
      number,
      functionArn === "" ? absent : text,
      traceId === undefined ? absent : text,
      absent,
      absent,
      absent,
    ],
    // The list of cookies is only looked at beside a map of single values.
    cleared: door === undefined ? [0, 1, 2] : [door.inPlace?.hasLists === true ? 2 : 0],
    isWhole: door === undefined,
    form: lesson.form,
    bodiless: lesson.bodiless,
    maxQuoted: lesson.maxQuoted,
    method,
    target,
    targetForm: lesson.targetForm,
    superseding: traceId === undefined ? undefined : field.traceId,
    before,
    behind,
    call,
    answer: door?.inPlace?.answerShape(),
    leastStatus: 200,
    // Beyond that an event's status is remarked upon or fails, and a door takes none.
    mostStatus: door === undefined ? 399 : 599,
    maxBytes: door === undefined ? MAX_PAYLOAD_BYTES : door.maxAnswerBytes,
  };
}

/** The head of the call that answers, up to its length. */
function callOf(requestId: string, { runtimeApi, runtimeApiProxy }: Config): string {
  return responseHead(requestId, runtimeApiProxy ?? runtimeApi, "").slice(0, -4);
}

/** Stand for the values of a head: nothing in a request looks like them. */
const marks: InvocationHead = {
  requestId: "~request-id~",
  deadlineMs: 8_999_999_999_999_937,
  functionArn: "~arn~",
  traceId: "~trace~",
  clientContext: undefined,
  cognitoIdentity: undefined,
  tenantId: undefined,
};
const anyMark = /(~request-id~|8999999999999937|~arn~|~trace~)/;
const fieldOf: Readonly<Record<string, number>> = {
  [marks.requestId]: field.requestId,
  [String(marks.deadlineMs)]: field.deadlineMs,
  [marks.functionArn]: field.functionArn,
  "~trace~": field.traceId,
};

/** What `write` makes of any head like this one; `undefined` where that cannot be told from marks. */
function templateOf(write: (head: InvocationHead) => string, head: InvocationHead): Template | undefined {
  const { functionArn, traceId } = head;
  const marked = write({
    ...marks,
    functionArn: functionArn === "" ? "" : marks.functionArn,
    traceId: traceId === undefined ? undefined : marks.traceId,
  });
  const literals: string[] = [];
  const fields: number[] = [];
  let sample = "";
  marked.split(anyMark).forEach((part, index) => {
    if (index % 2 === 0) literals.push(part);
    else fields.push(fieldOf[part] ?? 0);
    sample += index % 2 === 0 ? part : valueOf(head, fieldOf[part]);
  });
  return sample === write(head) ? { literals, fields } : undefined;
}

function valueOf(head: InvocationHead, index: number | undefined): string {
  switch (index) {
    case field.requestId:
      return head.requestId;
    case field.deadlineMs:
      return String(head.deadlineMs);
    case field.functionArn:
      return head.functionArn;
    default:
      return head.traceId ?? "";
  }
}
