/** `anylambda snapstart measure`: what a snapshot gains this app, on this machine. */
import type { ExitName } from "../exit-codes.ts";
import { type FunctionOptions, planFunction } from "../function-plan.ts";
import { type OutputOptions, reporterFor } from "../output/reporter.ts";
import { type Measured, measure } from "../snapstart-check/measure.ts";
import { readRequest } from "../snapstart-check/requests.ts";
import { type AskedEngine, chooseEngine } from "../snapshot-engine.ts";
import { reporting } from "./reporting.ts";

export interface SnapstartMeasureOptions extends FunctionOptions, OutputOptions {
  readonly request: string;
  readonly rounds: number;
  readonly copies: number;
  readonly engine: AskedEngine;
}

export function snapstartMeasure(
  command: readonly string[],
  options: SnapstartMeasureOptions,
): Promise<ExitName> {
  const reporter = reporterFor({ ...options, json: false }, process.stderr);
  return reporting(reporter, async () => {
    const { engine, warning } = await chooseEngine(options.engine, undefined, options.copies);
    if (warning !== undefined) reporter.tell({ type: "warning", message: warning });
    const measured = await measure({
      plan: await planFunction(command, options, process.env),
      published: await planFunction(command, { ...options, snapstart: options.engine }, process.env),
      engine,
      request: readRequest(options.request),
      rounds: options.rounds,
      copies: options.copies,
      // Thousands of lines that are the same each time: what goes wrong is in the failure.
      tell: () => undefined,
      progress: (what) => {
        if (options.quiet !== true) process.stderr.write(`${what} ...\n`);
      },
    });
    process.stdout.write(
      options.json === true ? `${JSON.stringify(measured)}\n` : textOf(measured, options.copies),
    );
    return "done";
  });
}

function textOf(measured: Measured, copies: number): string {
  const { bootMs, restoreMs, togetherMs, checkpointMs, imageBytes, memory, engine } = measured;
  const [boot, restore] = [median(bootMs), median(restoreMs)];
  const mb = (bytes: number): string => `${(bytes / 1e6).toFixed(1)} MB`;
  return [
    "",
    `Boot to first answer      ${ms(boot)}`,
    `Restore to first answer   ${ms(restore)}   ${(boot / restore).toFixed(1)} times as fast${engine === "replay" ? " (replayed: the app was booted for it)" : ""}`,
    `${String(copies).padEnd(3)}copies at once         ${ms(median(togetherMs))}   until the last one had answered`,
    `Checkpoint                ${ms(checkpointMs)}   image ${mb(imageBytes)}`,
    `Memory                    ${mb(memory.boot)} booted; ${mb(memory.copy)} restored, beside the image; ${mb(memory.second)} one more`,
    "",
  ].join("\n");
}

function median(samples: readonly number[]): number {
  return samples.toSorted((a, b) => a - b)[Math.floor(samples.length / 2)] ?? 0;
}

function ms(value: number): string {
  return `${Math.round(value)} ms`.padStart(9);
}
