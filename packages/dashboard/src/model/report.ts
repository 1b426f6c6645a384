/** The report of a check in words. Pure. */
import type { CheckFinding, CheckReport } from "../protocol.ts";
import { restoreOnAwsMs } from "../protocol.ts";
import { durationText } from "./format.ts";

/** By kind of finding; one that is not known here is shown by its own name. */
export const kindTitles: Readonly<Record<string, string>> = {
  "repeated-sequence": "The same random values in every copy",
  "repeated-identity": "One identity for all copies",
  "frozen-time": "A time from before the snapshot",
  "answer-changed": "Answers that changed after the restore",
  secret: "A secret in the image",
  connection: "A connection that the restore cuts",
  "shared-file": "A file outside /tmp that all copies write to",
};

/** The break-even: what a restore on AWS takes, against this app's boot. */
export function gainOf({ bootMs }: CheckReport): string {
  return bootMs < restoreOnAwsMs
    ? `This app boots in ${durationText(bootMs)}: SnapStart costs more than it gains.`
    : `SnapStart would save about ${durationText(bootMs - restoreOnAwsMs)} of each cold start.`;
}

/** Faults before what is only to be looked at, each in the order in which it was found. */
export function gravestFirst(findings: readonly CheckFinding[]): CheckFinding[] {
  const of = (grade: CheckFinding["grade"]): CheckFinding[] =>
    findings.filter((finding) => finding.grade === grade);
  return [...of("fault"), ...of("look")];
}

export function countText(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? "" : "s"}`;
}
