/** The report, for a person. */
import { restoreOnAwsMs } from "@anylambda/dashboard/protocol";
import type { Paint } from "../output/paint.ts";
import type { Report } from "./check.ts";

export function reportText(report: Report, paint: Paint): string {
  const { findings } = report;
  const faults = findings.filter(({ grade }) => grade === "fault").length;
  const looks = findings.length - faults;
  const lines = findings.flatMap(({ grade, where, what, mend }) => [
    `${grade === "fault" ? paint("failure", "fault") : paint("warning", "look ")}  ${where}`,
    `       ${what}`,
    `       ${paint("quiet", mend)}`,
    "",
  ]);
  return [
    "",
    ...lines,
    faults === 0
      ? `No fault found${looks > 0 ? `, ${count(looks, "thing")} to look at` : ""}.`
      : `${count(faults, "fault")}${looks > 0 ? `, ${count(looks, "thing")} to look at` : ""}.`,
    ...(report.engine === "replay" ? [blind] : []),
    "",
    breakEven(report),
    "",
  ].join("\n");
}

const blind =
  "Memory was not restored here (replay), so values that a snapshot makes equal cannot be seen: hooks and life cycle were checked.";

function breakEven({
  bootMs,
  restoreMs,
  bootToAnswerMs,
  restoreToAnswerMs,
  engine,
  imageBytes,
}: Report): string {
  const here =
    engine === "replay"
      ? `This app boots in ${ms(bootMs)}`
      : `This app boots in ${ms(bootMs)} and restores in ${ms(restoreMs)} here (first answer after ${ms(bootToAnswerMs)} and ` +
        `${ms(restoreToAnswerMs)}; image ${Math.round(imageBytes / 1e6)} MB)`;
  const onAws =
    bootMs < restoreOnAwsMs
      ? `a restore on AWS takes some ${restoreOnAwsMs} ms whatever the app: SnapStart costs more than it gains`
      : `a restore on AWS takes some ${restoreOnAwsMs} ms whatever the app: SnapStart would save about ${ms(bootMs - restoreOnAwsMs)} of each cold start`;
  return `${here}; ${onAws}.`;
}

function ms(value: number): string {
  return value < 10_000 ? `${Math.round(value)} ms` : `${(value / 1000).toFixed(1)} s`;
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? "" : "s"}`;
}
