/** `anylambda snapstart check`: what a snapshot does to an app, before AWS does it. */
import type { SandboxEvent } from "@anylambda/sandbox";
import type { Dashboard } from "../dashboard/server.ts";
import { readEnvFile } from "../env-file.ts";
import type { ExitName } from "../exit-codes.ts";
import { type FunctionOptions, type FunctionPlan, planFunction } from "../function-plan.ts";
import { paintFor } from "../output/paint.ts";
import type { Reporter } from "../output/notice.ts";
import { type OutputOptions, reporterFor } from "../output/reporter.ts";
import { type Report, check } from "../snapstart-check/check.ts";
import { type CheckRequest, readRequest } from "../snapstart-check/requests.ts";
import { secretsAmong } from "../snapstart-check/secrets.ts";
import { reportText } from "../snapstart-check/text.ts";
import { type AskedEngine, chooseEngine } from "../snapshot-engine.ts";
import { openDashboardAt } from "./dashboard.ts";
import { watchInterrupts } from "./interrupts.ts";
import { reporting } from "./reporting.ts";

export interface SnapstartCheckOptions extends FunctionOptions, OutputOptions {
  /** Each as `GET /path`. */
  readonly request?: readonly string[] | undefined;
  readonly times: number;
  /** Between snapshot and restore, s. */
  readonly after: number;
  readonly engine: AskedEngine;
  /** A page, which stays until Ctrl-C. */
  readonly dashboard?: boolean | undefined;
  readonly dashboardPort: number;
}

export function snapstartCheck(
  command: readonly string[],
  options: SnapstartCheckOptions,
): Promise<ExitName> {
  // The report has stdout for itself.
  const reporter = reporterFor({ ...options, json: false }, process.stderr);
  return reporting(reporter, async () => {
    const requests = (options.request ?? ["GET /"]).map(readRequest);
    const plan = await planFunction(command, options, process.env);
    const page = options.dashboard === true ? await openPage(options, plan, requests) : undefined;
    // Also for who wants it quiet: the address is what was asked for.
    if (page !== undefined) process.stderr.write(`\nThe report is at ${page.url}\n`);
    try {
      const report = await run({ command, options, reporter, plan, requests, page });
      process.stdout.write(
        options.json === true
          ? `${JSON.stringify(report)}\n`
          : reportText(report, paintFor(process.stdout, process.env)),
      );
      await page?.showUntilInterrupt(report);
      return hasFault(report) ? "failed" : "done";
    } finally {
      await page?.close();
    }
  });
}

interface Run {
  readonly command: readonly string[];
  readonly options: SnapstartCheckOptions;
  readonly reporter: Reporter;
  readonly plan: FunctionPlan;
  readonly requests: readonly CheckRequest[];
  readonly page: Page | undefined;
}

async function run({ command, options, reporter, plan, requests, page }: Run): Promise<Report> {
  const { engine, warning } = await chooseEngine(options.engine, options.reach);
  if (warning !== undefined) reporter.tell({ type: "warning", message: warning });
  const published = await planFunction(command, { ...options, snapstart: options.engine }, process.env);
  for (const message of plan.warnings) reporter.tell({ type: "warning", message });
  const quiet = options.quiet === true;
  return check({
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
    tapFor: page?.tapFor,
    tell: (event: SandboxEvent, who) => {
      if (!quiet) reporter.tell(event);
      page?.happened(who, event);
    },
    progress: (what) => {
      if (!quiet) process.stderr.write(`\n${what} ...\n`);
      page?.step(what);
    },
  });
}

/** The report as a page of the dashboard, which tells how far it is. */
interface Page extends Pick<Dashboard, "url" | "tapFor" | "happened" | "close"> {
  step(what: string): void;
  showUntilInterrupt(report: Report): Promise<void>;
}

async function openPage(
  { dashboardPort }: SnapstartCheckOptions,
  plan: FunctionPlan,
  requests: readonly CheckRequest[],
): Promise<Page> {
  const dashboard = await openDashboardAt(dashboardPort);
  const asked = requests.map(({ method, target }) => `${method} ${target}`);
  const steps: string[] = [];
  const show = (report?: Report): void =>
    dashboard.check({ command: plan.command, requests: asked, steps, ...(report && { report }) });
  show();
  return {
    url: dashboard.url,
    tapFor: dashboard.tapFor,
    happened: dashboard.happened,
    close: dashboard.close,
    step(what) {
      steps.push(what);
      show();
    },
    async showUntilInterrupt(report) {
      show(report);
      const interrupts = watchInterrupts();
      // A server that is only looked at keeps no process alive.
      const alive = setInterval(() => undefined, 2 ** 30);
      process.stderr.write(`\nCtrl-C closes the page ${dashboard.url}\n`);
      await interrupts.first;
      clearInterval(alive);
      interrupts.release();
    },
  };
}

function hasFault({ findings }: Report): boolean {
  return findings.some(({ grade }) => grade === "fault");
}
