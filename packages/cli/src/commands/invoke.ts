/** `anylambda invoke`: one event, one answer. */
import { readEvent } from "../event-input.ts";
import type { ExitName } from "../exit-codes.ts";
import type { FunctionOptions } from "../function-plan.ts";
import { type OutputOptions, reporterFor } from "../output/reporter.ts";
import { reporting } from "./reporting.ts";
import { withSession } from "./session.ts";

export interface InvokeOptions extends FunctionOptions, OutputOptions {
  readonly event?: string | undefined;
  readonly sample?: string | undefined;
}

export function invoke(command: readonly string[], options: InvokeOptions): Promise<ExitName> {
  // The answer has stdout for itself, so that it can be piped into a file or another program.
  const reporter = reporterFor(options, process.stderr);
  return reporting(reporter, async () => {
    const payload = await readEvent(options);
    return withSession(command, options, reporter, async ({ fleet, interrupts }) => {
      const invocation = fleet.invoke({ payload });
      const first = await Promise.race([invocation.answer, interrupts.first]);
      if (typeof first === "string") {
        reporter.tell({ type: "stopping", signal: first });
        return "interrupted";
      }
      process.stdout.write(`${Buffer.from(first.payload).toString()}\n`);
      // The report comes after the answer: extensions may still be at work.
      await Promise.race([invocation.ended, interrupts.first]);
      return first.functionError === undefined && first.refused === undefined ? "done" : "failed";
    });
  });
}
