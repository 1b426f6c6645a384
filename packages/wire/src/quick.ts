/**
 * Quick ways: a whole step of an invocation in one call, bytes to bytes, where the engine has it natively. Each takes the
 * plain kind only, which nearly all are, and answers `undefined` for all else, and without a native way for all of them;
 * the caller then goes the long way, which must give the same (`native/quick.test.ts`). The native adapter is built with a
 * twin of this file (`adapter/platforms/native/twins`), because interpreted code costs a microsecond a header and step.
 */
import type { ResponseLimits } from "./http1/response.ts";
import type { JsonObject } from "./json.ts";
import type { HttpResponse } from "./message.ts";

/** A response that arrived whole. `headers` are read when asked for. */
export interface WholeResponse extends HttpResponse {
  /** The lines of the header section: printable ASCII and tabs, each ends in CR LF, names are tokens. */
  readonly fields: Uint8Array;
  /** The connection may carry another request. */
  readonly reusable: boolean;
}

/**
 * The response that `bytes` are, from their first to their last. `bodiless` when it answers HEAD. The body is a view;
 * a chunked one is moved together in place, so the bytes belong to the response from here on.
 */
export const wholeResponse: (
  bytes: Uint8Array,
  bodiless: boolean,
  limits: ResponseLimits,
) => WholeResponse | undefined = () => undefined;

/** A function that gives the last non-empty value of each of `names` (lower case) from {@link WholeResponse.fields}. */
export const fieldValues: (
  names: readonly string[],
) => (fields: Uint8Array) => readonly (string | undefined)[] | undefined = () => () => undefined;

/**
 * A function that parses a JSON object with empty values (`{}`, `[]`, `""`, `0`) in the place of its members `emptied`
 * (`a.b` is member `b` of `a`), so that a large body is never text. Their places, and those of `found`, are written to
 * `places`: start and end in the bytes, both 0 for a member that is absent. What looks the same as the time before is the
 * same object, which nobody may change.
 */
export const jsonSketch: (
  emptied: readonly string[],
  found: readonly string[],
) => (bytes: Uint8Array, places: Int32Array) => JsonObject | undefined = () => () => undefined;

export interface QuickRequestRules {
  /** Fields (lower case) that are left out, `connection` among them; and those that begin so. */
  readonly dropped: readonly string[];
  readonly droppedPrefix: string;
  /** The field whose values make one line, `; ` between them. */
  readonly joined: string;
  /**
   * The field that is left out when up to its first semicolon it is the `superseded` that is given; when it is another that
   * begins with `beginning` as well, it is called `aside`.
   */
  readonly superseded: string;
  readonly beginning: string;
  readonly aside: string;
  /** What a target from the event loses at its beginning, where a segment ends; `""` for nothing. */
  readonly basePath: string;
  /** Beyond that many names in a map the long way is as good. */
  readonly maxFields: number;
}

/**
 * Numbers for {@link quickRequest}: how the body is written ({@link bodyForms}); 1 when no body needs no
 * `content-length`; the most bytes that may be quoted; how the target is written ({@link targetForms}); then start and end in
 * the event's bytes of the map of lists, of the map of single values, of the list of values to be joined, of the body; of
 * path and query of the first two forms; of path, map of lists and map of single values of the others; and last of what is
 * quoted. What stands between is not looked at.
 */
export type QuickRequestNumbers = Int32Array;

export const bodyForms = { text: 0, base64: 1, raw: 2 } as const;

/**
 * Path and query as two texts, the path decoded or as it was sent; or a path as it was sent and the query in two maps, of
 * which the second has what the first lacks, decoded or as it was sent.
 */
export const targetForms = {
  decodedPath: 0,
  encodedPath: 1,
  decodedParameters: 2,
  encodedParameters: 3,
} as const;

export type TargetForm = (typeof targetForms)[keyof typeof targetForms];

/**
 * A function that writes a request with its body: `line` is method and target, or the
 * method and a space where the target is taken from the event; `host` comes first, then the fields of the
 * maps, the joined field, `before` with the quoted member and `behind` right after it, and `content-length`.
 */
export const quickRequest: (
  rules: QuickRequestRules,
) => (
  event: Uint8Array,
  numbers: QuickRequestNumbers,
  line: string,
  superseded: string,
  before: string,
  behind: string,
) => Uint8Array | undefined = () => () => undefined;

export interface QuickAnswerRules {
  /** As in {@link QuickRequestRules}. */
  readonly dropped: readonly string[];
  /** A list of values for each name; else values of one name are joined with a comma. */
  readonly lists: boolean;
  /** The field that is never joined: its values stand in the member `apart`; without, and without `lists`, there is one. */
  readonly separate: string;
  /** Names of members, with comma and colon: `,"body":`. */
  readonly body: string;
  readonly flag: string;
  readonly apart: string | undefined;
  readonly maxFields: number;
}

/**
 * A function that writes a JSON object: `before`, the map of the fields, the body as text where JSON carries it without
 * loss, else as base64, and the flag that tells which.
 */
export const quickAnswer: (
  rules: QuickAnswerRules,
) => (before: string, fields: Uint8Array, body: Uint8Array) => Uint8Array | undefined = () => () => undefined;

/** How a door writes its answers: an object with the status between `before` and `behind`. */
export interface AnswerShape {
  readonly before: string;
  /** Between status and `behind`: `before`, and the line that begins with the status and a space. Without one: the long way. */
  readonly descriptions?: { readonly before: string; readonly lines: string };
  readonly behind: string;
  readonly rules: QuickAnswerRules;
}

/** Whether the bytes are JSON; `undefined` without a native way. */
export const isJson: (bytes: Uint8Array) => boolean | undefined = () => undefined;

/** A text with the values of fields in it: `literals[0]`, field `fields[0]`, `literals[1]`, ... and a literal last. */
export interface Template {
  readonly literals: readonly string[];
  readonly fields: readonly number[];
}

/** What the value of a field must be: unreserved characters, a whole number, text that JSON carries as it stands. */
export const relayKinds = { absent: 0, word: 1, number: 2, text: 3 } as const;

/** How events of one sketch become requests, and their responses answers. */
export interface RelayPlan {
  /** What {@link Relay.tag} gives. */
  readonly tag: number;
  /** Of {@link relayKinds}, for each of {@link RelayRules.names}. */
  readonly kinds: readonly number[];
  /** Members, by their number in {@link RelayRules.paths}, that are not looked at. */
  readonly cleared: readonly number[];
  /** The body is the event without the space around it. */
  readonly isWhole: boolean;
  /** Of {@link bodyForms}. */
  readonly form: number;
  readonly bodiless: boolean;
  readonly maxQuoted: number;
  readonly method: string;
  /** `undefined` where it is taken from the event, in this form. */
  readonly target: string | undefined;
  readonly targetForm: TargetForm;
  /** The field that up to its first semicolon supersedes one of the event. */
  readonly superseding: number | undefined;
  /** Fields before the quoted member, and right behind it. */
  readonly before: Template;
  readonly behind: Template;
  /** The call that answers, up to the number of its bytes. */
  readonly call: Template;
  /** `undefined` where the body is the answer. */
  readonly answer: AnswerShape | undefined;
  readonly leastStatus: number;
  readonly mostStatus: number;
  readonly maxBytes: number;
}

export interface RelayRules {
  /** Of the event: members that are emptied in the order of {@link QuickRequestNumbers}, then the one that is quoted. */
  readonly paths: readonly string[];
  /** Fields, lower case, of the response that brings the event, and the one that {@link Relay.number} gives. */
  readonly names: readonly string[];
  readonly number: number;
  readonly request: QuickRequestRules;
}

/**
 * A whole invocation in two calls, for events that look like one that was learnt: `undefined` where anything is not as it
 * was then, and the bytes are as before. One invocation at a time.
 */
export interface Relay {
  learn(event: Uint8Array, plan: RelayPlan): void;
  /** The app's request for the event that a whole response brings. */
  request(bytes: Uint8Array): Uint8Array | undefined;
  /** The {@link RelayPlan.tag} of the last request. */
  tag(): number;
  /** The field {@link RelayRules.number} of the head that brought its event. */
  number(): number;
  /** How many bytes are missing behind these for a whole response; 0 where that is not known, or nothing is missing. */
  missing(bytes: Uint8Array): number;
  /** The answer to it that is made of the app's whole response, and the head of the call that brings it. */
  answer(bytes: Uint8Array): Uint8Array | undefined;
  call(): Uint8Array;
  /** Whether a whole response says that the call was taken. */
  isTaken(bytes: Uint8Array): boolean;
}

export const relay: (rules: RelayRules) => Relay | undefined = () => undefined;
