/** Why an environment did not come up, in words that say what to do. */
import { relative } from "node:path";
import type { InitReport } from "@anylambda/sandbox";
import type { FunctionPlan } from "./function-plan.ts";
import { type UserFailure, userFailure } from "./user-failure.ts";

export function bootFailure(report: InitReport, plan: FunctionPlan): UserFailure {
  const { message, lastLines, listeningPorts } = report.failure ?? {
    message: "",
    lastLines: [],
    listeningPorts: [],
  };
  const lines = lastLines;
  const { appPort } = plan;
  const elsewhere = otherPorts(listeningPorts, appPort);
  if (elsewhere !== undefined) return userFailure(elsewhere.sentence, elsewhere.hint, { lines });
  if (report.status !== "timeout") {
    return userFailure(
      message || `Your app did not start (${report.errorType ?? report.status})`,
      `Try it alone: ${placeOf(plan)}${appPort === undefined ? "" : `PORT=${appPort} `}${plan.command}`,
      { lines },
    );
  }
  const seconds = (report.durationMs / 1000).toFixed(1);
  if (appPort === undefined) {
    return userFailure(
      `The function did not ask for its first event within ${seconds} s`,
      "A function that does not speak the Runtime API itself needs the adapter: leave --no-adapter out.",
      { lines },
    );
  }
  if (listeningPorts.includes(appPort)) {
    return userFailure(
      `Your app listens on port ${appPort}, but did not answer within ${seconds} s`,
      "The adapter asks for / until it is answered; another path: -e AWS_LWA_READINESS_CHECK_PATH=/health.",
      { lines },
    );
  }
  return userFailure(
    `Your app did not listen on port ${appPort} within ${seconds} s`,
    "Make it listen on the PORT variable before any slow work: Lambda gives it 10 s.",
    { lines },
  );
}

/** What to say of an app that listens, but not where it was told to. */
export function otherPorts(
  listening: readonly number[],
  appPort: number | undefined,
): { readonly sentence: string; readonly hint: string } | undefined {
  if (appPort === undefined || listening.length === 0 || listening.includes(appPort)) return undefined;
  return {
    sentence: `Your app listens on port ${listening.join(" and ")}, but PORT said ${appPort}`,
    hint: `Make it listen on the PORT variable, or pass --app-port ${listening[0]}.`,
  };
}

/** Of several functions, most have their code elsewhere than where the command was typed. */
function placeOf({ configuration: { taskRoot } }: FunctionPlan): string {
  const directory = relative(process.cwd(), taskRoot);
  return directory === "" ? "" : `cd ${directory} && `;
}
