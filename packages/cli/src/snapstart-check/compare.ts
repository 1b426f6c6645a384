/**
 * What a snapshot made equal that should differ, and what it broke. Pure.
 *
 * The same requests went to two boots of their own and to two copies of one snapshot. A value that stands in both copies
 * and in neither boot came out of the snapshot: constants stand in all four, random values in one.
 */
import { type Value, valuesOf } from "./values.ts";

/** What one environment made of one request. */
export interface Observation {
  /** As it was asked for: `GET /orders`. */
  readonly request: string;
  readonly status: number;
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body: string;
  /** Why there was no answer at all. */
  readonly failure?: string;
}

/** One environment, from its boot or restore on. */
export interface Witness {
  readonly observations: readonly Observation[];
  /** What the app printed since it was restored, or booted. */
  readonly log: readonly string[];
  /** Names of files that lie in `/tmp`. */
  readonly files: readonly string[];
}

export type FindingKind =
  | "repeated-sequence"
  | "repeated-identity"
  | "frozen-time"
  | "answer-changed"
  | "secret"
  | "connection"
  | "shared-file";

export interface Finding {
  readonly kind: FindingKind;
  /** `look`: it can be meant so. */
  readonly grade: "fault" | "look";
  /** Where it was seen: `GET /orders, body`. */
  readonly where: string;
  /** What was seen, for a person; secrets masked. */
  readonly what: string;
}

export interface Four {
  readonly boots: readonly [Witness, Witness];
  readonly copies: readonly [Witness, Witness];
}

export function compare(four: Four): Finding[] {
  return grouped([...repeated(four), ...changed(four)]);
}

/** A place that can show a value, and all that it shows in one environment. */
interface Place {
  readonly where: string;
  readonly textOf: (witness: Witness) => string;
}

function repeated({ boots, copies }: Four): Finding[] {
  const found = new Map<string, Finding>();
  const known = new Set(boots.flatMap((boot) => [...valuesOf(everything(boot)).keys()]));
  for (const { where, textOf } of placesOf(copies[0])) {
    const [first, second] = copies.map((copy) => valuesOf(textOf(copy))) as [
      Map<string, Value>,
      Map<string, Value>,
    ];
    for (const value of first.values()) {
      if (!second.has(value.text) || known.has(value.text) || found.has(value.text)) continue;
      found.set(value.text, findingOf(value, where, copies[0]));
    }
  }
  return [...found.values()];
}

/** One finding for each kind and place: an answer with a hundred ids has one fault. */
function grouped(findings: readonly Finding[]): Finding[] {
  const groups = new Map<string, Finding[]>();
  for (const finding of findings) {
    const key = `${finding.kind} ${finding.where}`;
    groups.set(key, [...(groups.get(key) ?? []), finding]);
  }
  return [...groups.values()].map(([first, ...others]) => {
    const { kind, grade, where, what } = first as Finding;
    const more = others.length === 0 ? "" : ` (and ${others.length} more)`;
    return { kind, grade, where, what: `${what}${more}` };
  });
}

function findingOf(value: Value, where: string, copy: Witness): Finding {
  const { text, kind } = value;
  if (kind === "time")
    return { kind: "frozen-time", grade: "look", where, what: `${text} was taken before the snapshot` };
  const times = copy.observations.filter((one) => textOfAnswer(one).includes(text)).length;
  const again = times > 1;
  return {
    kind: again ? "repeated-identity" : "repeated-sequence",
    grade: "fault",
    where,
    what: again
      ? `${text} is the same in both copies, in ${times} answers of each: it was made before the snapshot`
      : `${text} is the same in both copies: it was drawn from a state that the snapshot holds`,
  };
}

/** Headers of Lambda's own and of the moment are nobody's mistake. */
const ofTheRequest = /^(date|x-amzn-.*|x-amz-.*|age|content-length|etag|connection|keep-alive)$/;

function placesOf({ observations }: Witness): Place[] {
  const answers = observations.flatMap((observation, index): Place[] => {
    const same = (witness: Witness): Observation | undefined => witness.observations[index];
    const names = new Set(observation.headers.map(([name]) => name.toLowerCase()));
    return [
      { where: `${observation.request}, body`, textOf: (witness) => same(witness)?.body ?? "" },
      ...[...names]
        .filter((name) => !ofTheRequest.test(name))
        .map((name) => ({
          where: `${observation.request}, header ${name}`,
          textOf: (witness: Witness) => headerText(same(witness), name),
        })),
    ];
  });
  return [
    ...answers,
    { where: "the log", textOf: ({ log }) => log.join("\n") },
    { where: "/tmp", textOf: ({ files }) => files.join("\n") },
  ];
}

function headerText(observation: Observation | undefined, wanted: string): string {
  const values = observation?.headers.filter(([name]) => name.toLowerCase() === wanted) ?? [];
  return values.map(([, value]) => value).join("\n");
}

function textOfAnswer({ headers, body }: Observation): string {
  return [...headers.map(([, value]) => value), body].join("\n");
}

function everything({ observations, log, files }: Witness): string {
  return [...observations.map(textOfAnswer), ...log, ...files].join("\n");
}

/** Answers that are sound after a boot and not after a restore. */
function changed({ boots, copies }: Four): Finding[] {
  return copies[0].observations.flatMap((_, index): Finding[] => {
    const healthy = boots.map((boot) => boot.observations[index]);
    const restored = copies.map((copy) => copy.observations[index]);
    const [before] = healthy;
    const worse = restored.find((one) => one !== undefined && isBroken(one) && !healthy.some(isBrokenOrNone));
    if (before === undefined || worse === undefined) return [];
    const what =
      worse.failure === undefined
        ? `status ${worse.status} after a restore, ${before.status} after a boot: ${excerpt(worse.body)}`
        : `no answer after a restore (${worse.failure}), status ${before.status} after a boot`;
    return [{ kind: "answer-changed", grade: "fault", where: worse.request, what }];
  });
}

function isBroken({ status, failure }: Observation): boolean {
  return failure !== undefined || status >= 400;
}

function isBrokenOrNone(observation: Observation | undefined): boolean {
  return observation === undefined || isBroken(observation);
}

function excerpt(body: string): string {
  const line = body.replaceAll(/\s+/g, " ").trim();
  return line.length > 120 ? `${line.slice(0, 120)}…` : line;
}
