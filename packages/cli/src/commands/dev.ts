/** `anylambda dev`: an app as a Lambda function behind a Function URL on this machine, until Ctrl-C. */
import { listenFunctionUrl } from "@anylambda/sandbox";
import type { ExitName } from "../exit-codes.ts";
import type { FunctionOptions } from "../function-plan.ts";
import { type OutputOptions, reporterFor } from "../output/reporter.ts";
import { portFailure, requirePort } from "../ports.ts";
import { reporting } from "./reporting.ts";
import { withSession } from "./session.ts";

export interface DevOptions extends FunctionOptions, OutputOptions {
  readonly port: number;
  readonly host: string;
}

export function dev(command: readonly string[], options: DevOptions): Promise<ExitName> {
  const { host, port } = options;
  const reporter = reporterFor(options, process.stdout);
  return reporting(reporter, async () => {
    await requirePort(host, port);
    if (!isLoopback(host)) {
      const message = `With --host ${host} everybody who can reach this machine can reach your app`;
      reporter.tell({ type: "warning", message });
    }
    return withSession(command, options, reporter, async ({ fleet, interrupts }) => {
      const invokeMode = streams(fleet.configuration.variables) ? "RESPONSE_STREAM" : "BUFFERED";
      const listener = await listenFunctionUrl(fleet, { host, port, invokeMode }).catch((error: unknown) => {
        throw portFailure(host, port, error);
      });
      reporter.tell({ type: "listening", url: listener.url });
      reporter.tell({ type: "stopping", signal: await interrupts.first });
      // Together: closing waits for the last answer, and the shutdown is what makes a slow request give its own.
      await Promise.all([listener.close(), fleet.shutdown()]);
      return "done";
    });
  });
}

/**
 * On AWS the Function URL's mode and the adapter's are set apart from each other, and a pair that does not match
 * gives answers that nobody can read. Here the one follows the other.
 */
function streams(variables: Readonly<Record<string, string>>): boolean {
  return variables["AWS_LWA_INVOKE_MODE"]?.trim().toLowerCase() === "response_stream";
}

function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || /^127\.\d+\.\d+\.\d+$/.test(host);
}
