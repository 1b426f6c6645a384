/**
 * What a scenario may say: plain data. `play.ts` runs one against a subject, `judge.ts` compares what happened with
 * what is expected, `page.ts` writes it down for readers.
 */

/** Text stands for its UTF-8 bytes. */
export type Bytes = string | Uint8Array;

export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/**
 * Variables of the subject. `{port}` is the app's port, `{port2}` another one on which it listens, `{closed}` one on
 * which nobody does, `{api}` the Runtime API, `{proxy}` a proxy before it. `null` takes a variable away that every
 * subject has otherwise.
 */
export type Env = { readonly [name: string]: string | null };

export interface Invocation {
  /** An object is sent as its compact JSON. */
  readonly event: Bytes | { readonly [key: string]: unknown };
  /** Of the answer to `/invocation/next`; `null` leaves one out. */
  readonly headers?: { readonly [name: string]: Bytes | null };
  /** Time until the deadline, ms; a minute if not given. */
  readonly deadlineIn?: number;
}

/** How the app answers one request. */
export interface AppAnswer {
  /** For requests whose line begins so, such as `GET /ready`; without it, for requests of invocations only. */
  readonly to?: string;
  readonly status?: number;
  readonly headers?: readonly (readonly [name: string, value: string])[];
  /** Sent with its `content-length`. */
  readonly body?: Bytes;
  /** Sent in chunked coding, each in a chunk of its own, in place of `body`. */
  readonly chunks?: readonly Bytes[];
  /** Every byte of the answer, in place of all of the above. */
  readonly raw?: Bytes;
  /** What the app does to the connection behind its answer; it keeps it if not given. */
  readonly ending?: "close" | "reset";
  /** Answers only after the step `release`. */
  readonly hold?: true;
  /** Writes head and first chunk, the rest after the step `release`. */
  readonly holdRest?: true;
  /** Never answers. */
  readonly silent?: true;
  /** Answers only when so many requests wait for an answer. */
  readonly gathers?: number;
  /** Answers with the request's body. */
  readonly echo?: true;
}

export type ApiCall =
  | "register"
  | "event/next"
  | "invocation/next"
  | "response"
  | "error"
  | "init/error"
  | "restore/next"
  | "restore/error";

/** How the Lambda APIs misbehave: calls in order, the first rule for a call that is not used up. */
export interface ApiRule {
  readonly on: ApiCall;
  /** Calls that are answered so; 1 if not given. */
  readonly times?: number;
  /** `park` keeps the caller waiting, `close` hangs up. */
  readonly answer:
    | "park"
    | "close"
    | { readonly status: number; readonly headers?: string; readonly body?: string };
}

export type Step =
  /** Hands an invocation out; does not wait for its answer. */
  | { readonly invoke: Invocation }
  /** Waits until the journal has a line that matches, or the subject has ended. */
  | { readonly until: RegExp }
  /** Waits until so many lines of the journal match. */
  | { readonly untilTimes: { readonly lines: RegExp; readonly count: number } }
  /** Writes a line into the journal. */
  | { readonly mark: string }
  /** Waits until every invocation handed out is answered and the subject asks for the next one. */
  | { readonly answered: true }
  | { readonly signal: "SIGTERM" }
  /** Lets go what the app holds back. */
  | { readonly release: true }
  /** The app stops listening and drops its connections, or listens again. */
  | { readonly listen: boolean }
  /** The app closes the connections that wait for a request. */
  | { readonly closeIdle: true }
  /** The API hangs up on callers that wait. */
  | { readonly hangUp: ApiCall }
  /** The API answers the callers that wait for the restore. */
  | { readonly restore: true };

/** What the app must have seen. */
export interface RequestExpected {
  /** Method and target, as in `GET /a?b=1`. */
  readonly line?: string | RegExp;
  /** All values of a name, in order; one string for exactly one; `null` for none. */
  readonly headers?: { readonly [name: string]: string | readonly string[] | RegExp | null };
  readonly body?: Bytes;
  /** Which of the subject's connections to the app carried it, counted from the scenario's first. */
  readonly connection?: number;
  /** Of the app's ports the one it came to. */
  readonly port?: "port" | "port2";
}

/** A streamed answer. */
export interface StreamExpected {
  /** All of it. */
  readonly prelude?: Json;
  /** Part of it, as `has` of {@link AnswerExpected}. */
  readonly has?: Json;
  readonly body?: Bytes | RegExp;
  /** The error trailers: type, and what the document, decoded, must look like. `null`: there are none. */
  readonly trailers?: { readonly type: string; readonly document: RegExp } | null;
  /** Headers of the call. */
  readonly headers?: RequestExpected["headers"];
  /** Number of chunks the body arrived in, at least. */
  readonly chunks?: number;
}

export interface AnswerExpected {
  /** The whole answer, as JSON. */
  readonly is?: Json;
  /** Members the answer has at least; lists must be equal. */
  readonly has?: Json;
  /** Paths of members it has not, such as `headers.connection`. */
  readonly lacks?: readonly string[];
  /** The answer, byte for byte. */
  readonly bytes?: Bytes;
  readonly match?: RegExp;
  /** The body as base64 or text, inflated if `content-encoding` says so. */
  readonly inflated?: string;
}

export interface ErrorExpected {
  readonly type?: string | RegExp;
  /** Of `errorMessage`. */
  readonly message?: string | RegExp;
  /** The header that goes into metrics. */
  readonly header?: string;
  readonly document?: Json;
}

/** What must have happened. Not named is not looked at, but the subject must be alive unless `ended` is given. */
export interface Expected {
  /** Requests of invocations, in order, all of them when it is a list. */
  readonly request?: RequestExpected | readonly RequestExpected[];
  /** Of the invocation, or of each in order. */
  readonly answer?: AnswerExpected | readonly AnswerExpected[];
  readonly error?: ErrorExpected;
  readonly stream?: StreamExpected;
  /** The exit code or the signal with which the subject has ended. */
  readonly ended?: number | string;
  /** What is waited for does not come. */
  readonly hangs?: true;
  /** Lines of the journal in this order, others between them allowed. */
  readonly journal?: readonly RegExp[];
  /** No line of the journal is such a one. */
  readonly never?: RegExp;
  /** Lines of the journal that match, at most; those behind the first that matches `after`, if given. */
  readonly atMost?: { readonly lines: RegExp; readonly count: number; readonly after?: RegExp };
  /** How many connections to the app carried the requests. */
  readonly connections?: { readonly atLeast: number; readonly atMost: number };
  /** Calls of the Lambda APIs: for each, the first with its line. */
  readonly calls?: readonly (RequestExpected & { readonly line: string })[];
}

/** How LWA fares with the scenario; a scenario without one is the same with both. */
export interface Verdict {
  /** `fault`: one of B1-B40 is seen. `different`: on purpose, for a named reason. */
  readonly is: "fault" | "different";
  /** For `different`: the name of the difference in `differences.ts`. */
  readonly named?: string;
  readonly why: string;
  /** What LWA shows, or one of several, as its builds differ; checked against it. */
  readonly sees: Expected | readonly Expected[];
  /** The LWA version that has changed since, and to what. */
  readonly since?: string;
}

export interface Scenario {
  readonly name: string;
  /** Faults of section 8 of which this is the proof, such as `B1`. */
  readonly faults?: readonly string[];
  /** Behaviours that LWA's own tests pin, by their number. */
  readonly pins?: readonly number[];
  readonly env?: Env;
  /** One after the other if there are several, unless `steps` say otherwise. */
  readonly invoke?: Invocation | readonly Invocation[];
  readonly app?: AppAnswer | readonly AppAnswer[];
  readonly api?: readonly ApiRule[];
  /** The app listens only after a step `listen`. */
  readonly appIsLate?: true;
  /** Address on which the app listens; `127.0.0.1` if not given. */
  readonly appHost?: string;
  /** In place of handing out `invoke` and waiting for the answers. Such a scenario has a subject of its own. */
  readonly steps?: readonly Step[];
  /** A subject of its own. */
  readonly fresh?: true;
  /** How long a wait may take, ms, where that is longer than for others. */
  readonly limitMs?: number;
  readonly expect: Expected;
  readonly lwa?: Verdict;
}

export interface Topic {
  readonly title: string;
  readonly scenarios: readonly Scenario[];
}
