/** `anylambda snapstart check`: what a snapshot does to an app, before AWS does it. */
import type { SandboxEvent } from "@anylambda/sandbox";
import { readEnvFile } from "../env-file.ts";
import type { ExitName } from "../exit-codes.ts";
import { type FunctionOptions, planFunction } from "../function-plan.ts";
import { paintFor } from "../output/paint.ts";
import { type OutputOptions, reporterFor } from "../output/reporter.ts";
import { type Report, check } from "../snapstart-check/check.ts";
import { readRequest } from "../snapstart-check/requests.ts";
import { secretsAmong } from "../snapstart-check/secrets.ts";
import { reportText } from "../snapstart-check/text.ts";
import { type AskedEngine, chooseEngine } from "../snapshot-engine.ts";
import { reporting } from "./reporting.ts";

export interface SnapstartCheckOptions extends FunctionOptions, OutputOptions {
  /** Each as `GET /path`. */
  readonly request?: readonly string[] | undefined;
  readonly times: number;
  /** Between snapshot and restore, s. */
  readonly after: number;
  readonly engine: AskedEngine;
}

export function snapstartCheck(
  command: readonly string[],
  options: SnapstartCheckOptions,
): Promise<ExitName> {
  // The report has stdout for itself.
  const reporter = reporterFor({ ...options, json: false }, process.stderr);
  return reporting(reporter, async () => {
    const requests = (options.request ?? ["GET /"]).map(readRequest);
    const { engine, warning } = await chooseEngine(options.engine, options.reach);
    if (warning !== undefined) reporter.tell({ type: "warning", message: warning });
    const plan = await planFunction(command, options, process.env);
    const published = await planFunction(command, { ...options, snapstart: options.engine }, process.env);
    for (const message of plan.warnings) reporter.tell({ type: "warning", message });
    const quiet = options.quiet === true;
    const report = await check({
      plan,
      published,
      engine,
      requests,
      times: options.times,
      pauseMs: options.after * 1000,
      secrets: secretsAmong(
        plan.configuration.variables,
        options.envFile === undefined ? {} : readEnvFile(options.envFile),
      ),
      tell: (event: SandboxEvent) => {
        if (!quiet) reporter.tell(event);
      },
      progress: (what) => {
        if (!quiet) process.stderr.write(`\n${what} ...\n`);
      },
    });
    process.stdout.write(
      options.json === true
        ? `${JSON.stringify(report)}\n`
        : reportText(report, paintFor(process.stdout, process.env)),
    );
    return hasFault(report) ? "failed" : "done";
  });
}

function hasFault({ findings }: Report): boolean {
  return findings.some(({ grade }) => grade === "fault");
}
