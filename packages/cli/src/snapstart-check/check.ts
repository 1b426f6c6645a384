/**
 * The check: two boots, one publication, two copies of it, the same requests to all of them, and what came of it.
 * One after the other, so that nothing is equal because it happened at the same time.
 */
import { readdirSync } from "node:fs";
import {
  type InitReport,
  Publication,
  type InvocationTap,
  type SandboxEvent,
  type Snapshot,
  type SnapshotEngine,
} from "@anylambda/sandbox";
import type { FunctionPlan } from "../function-plan.ts";
import { type UserFailure, userFailure } from "../user-failure.ts";
import { type Finding, compare } from "./compare.ts";
import { type Language, languageOf, mendOf } from "./mends.ts";
import type { CheckRequest } from "./requests.ts";
import { type KnownSecret, findSecrets } from "./secrets.ts";
import { type Seen, hear } from "./witness.ts";

export interface CheckOptions {
  readonly plan: FunctionPlan;
  /** The same for a published version. */
  readonly published: FunctionPlan;
  readonly engine: SnapshotEngine;
  readonly requests: readonly CheckRequest[];
  /** How often each request is sent to each environment. */
  readonly times: number;
  /** Between snapshot and restore, ms. */
  readonly pauseMs: number;
  readonly secrets: readonly KnownSecret[];
  /** `who`: `boot 1`, `publication`, `copy 2`. */
  readonly tell: (event: SandboxEvent, who: string) => void;
  /** Takes the invocations of one of them. */
  readonly tapFor?: ((who: string) => InvocationTap) | undefined;
  /** Says what is done, for a person who waits. */
  readonly progress: (what: string) => void;
}

export interface Report {
  readonly engine: SnapshotEngine["kind"];
  readonly language: Language;
  readonly findings: readonly (Finding & { readonly mend: string })[];
  readonly bootMs: number;
  readonly restoreMs: number;
  readonly bootToAnswerMs: number;
  readonly restoreToAnswerMs: number;
  readonly imageBytes: number;
}

export async function check(options: CheckOptions): Promise<Report> {
  const { plan, published, engine, progress, times } = options;
  const heardAs = (who: string) => ({
    tell: (event: SandboxEvent) => options.tell(event, who),
    tap: options.tapFor?.(who),
  });
  const requests = options.requests.flatMap((request) => Array.from({ length: times }, () => request));
  const boot = async (number: 1 | 2): Promise<Seen> =>
    sound(await hear({ plan, requests, ...heardAs(`boot ${number}`) }));
  progress("Booting the app, twice, for comparison");
  const boots = [await boot(1), await boot(2)] as const;

  progress("Publishing: init, hooks, snapshot");
  const publication = new Publication(published.configuration, {
    engine,
    report: heardAs("publication").tell,
    path: published.path,
  });
  const { report, snapshot } = await publication.done;
  if (snapshot === undefined) throw notPublished(report);
  try {
    progress(`Waiting ${options.pauseMs / 1000} s, so that what is short-lived expires`);
    await new Promise((resolve) => setTimeout(resolve, options.pauseMs));
    const mark = ["AWS_CONTAINER_AUTHORIZATION_TOKEN", snapshot.credentialsToken] as const;
    const copy = (number: 1 | 2): Promise<Seen> =>
      hear({
        plan: published,
        requests,
        snapStart: { engine, snapshot },
        mark,
        ...heardAs(`copy ${number}`),
      });
    progress("Restoring two copies");
    const copies = [await copy(1), await copy(2)] as const;
    const findings = [...compare({ boots, copies }), ...failed(copies)];
    findings.push(...connectionsOf(snapshot, findings), ...sharedFilesOf(snapshot));
    if (snapshot.directory !== undefined) {
      progress("Looking for secrets in the image");
      findings.push(...(await findSecrets(snapshot.directory, options.secrets, [snapshot.credentialsToken])));
    }
    const language = languageOf(plan.configuration.command?.file ?? "", filesBeside(plan));
    return {
      engine: engine.kind,
      language,
      findings: findings.map((finding) => Object.assign(finding, { mend: mendOf(finding.kind, language) })),
      bootMs: mean(boots, "readyMs"),
      restoreMs: mean(copies, "readyMs"),
      bootToAnswerMs: mean(boots, "readyMs") + mean(boots, "firstAnswerMs"),
      restoreToAnswerMs: mean(copies, "firstAnswerMs"),
      imageBytes: snapshot.bytes,
    };
  } finally {
    await engine.discard(snapshot);
  }
}

export function notPublished({ failure, errorType, status }: InitReport): UserFailure {
  return userFailure(
    `The version could not be published: ${failure?.message ?? errorType ?? status}`,
    "The same would happen on Lambda: the log above says more.",
    { lines: failure?.lastLines ?? [] },
  );
}

function sound(seen: Seen): Seen {
  if (seen.failure === undefined) return seen;
  throw userFailure(`The app did not start: ${seen.failure}`, "Try it with anylambda dev first.");
}

/** Open at the snapshot, dead in every copy: a fault where an answer suffered from it. */
function connectionsOf({ connectionsAtSnapshot = [] }: Snapshot, findings: readonly Finding[]): Finding[] {
  if (connectionsAtSnapshot.length === 0) return [];
  const hurts = findings.some(({ kind }) => kind === "answer-changed");
  const to = connectionsAtSnapshot.map(({ remote }) => remote).join(", ");
  const what = hurts ? "and answers changed" : "the app got over it";
  return [
    {
      kind: "connection",
      grade: hurts ? "fault" : "look",
      where: "the snapshot",
      what: `A connection to ${to} was open: it is dead in every copy, ${what}`,
    },
  ];
}

/** Not a fault of the snapshot's: Lambda would refuse to open them. */
function sharedFilesOf({ writableAtSnapshot: files = [] }: Snapshot): Finding[] {
  return files.map((file) => ({
    kind: "shared-file",
    grade: "look",
    where: file,
    what: "It was open for writing: all copies share it here, and on Lambda only /tmp can be written",
  }));
}

function failed(copies: readonly Seen[]): Finding[] {
  const failure = copies.find((copy) => copy.failure !== undefined)?.failure;
  if (failure === undefined) return [];
  return [{ kind: "answer-changed", grade: "fault", where: "the restore", what: failure }];
}

function mean(all: readonly Seen[], what: "readyMs" | "firstAnswerMs"): number {
  return all.reduce((sum, one) => sum + one[what], 0) / all.length;
}

function filesBeside({ configuration }: FunctionPlan): string[] {
  try {
    return readdirSync(configuration.taskRoot);
  } catch {
    return [];
  }
}
