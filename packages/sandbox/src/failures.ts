/**
 * Ways a boot or an invocation fails, as values, and what each looks like to the caller (environment.md 4.5). Pure.
 */
import { type Exit, exitText } from "./processes.ts";
import type { InvocationStatus } from "./events.ts";

export interface Failure {
  readonly errorType: string;
  /** The type in REPORT and telemetry, where it says more than the caller is told. */
  readonly reportedType?: string;
  /** What stands after `RequestId: <id> Error: `. */
  readonly message: string;
  /** The body posted to `/init/error`: goes to the caller unchanged. */
  readonly payload?: Uint8Array;
  /** For a person: which process, how it ended. */
  readonly sentence: string;
  /** The process to blame: `undefined` for the runtime, else the extension's name. */
  readonly extension?: string;
}

export function runtimeExit(exit: Exit, command: string): Failure {
  const clean = exit.kind === "status" && exit.status === 0;
  return {
    errorType: "Runtime.ExitError",
    message: clean
      ? "Runtime exited without providing a reason"
      : `Runtime exited with error: ${exitText(exit)}`,
    sentence: `The runtime (${command}) ended: ${exitText(exit)}`,
  };
}

/** The same exit, when the kernel or the sandbox killed for memory: the caller is not told, REPORT is (4.5). */
export function outOfMemory(failure: Failure): Failure {
  const sentence = `${failure.sentence} (out of memory)`;
  return { ...failure, sentence, reportedType: "Runtime.OutOfMemory" };
}

/** The failure as REPORT and telemetry have it. */
export function reportedOf(failure: Failure): Failure {
  return { ...failure, errorType: failure.reportedType ?? failure.errorType };
}

/** `reported` is the type the extension posted to `/init/error` or `/exit/error` before it ended. */
export function extensionExit(
  exit: Exit,
  name: string,
  reported: "InitError" | "ExitError" | undefined,
): Failure {
  const clean = exit.kind === "status" && exit.status === 0;
  return {
    errorType: `Extension.${reported ?? "Crash"}`,
    message: clean ? "exit code 0" : exitText(exit),
    sentence: `The extension ${name} ended: ${exitText(exit)}`,
    extension: name,
  };
}

export function timedOut(timeoutMs: number): Failure {
  const message = `Task timed out after ${(timeoutMs / 1000).toFixed(2)} seconds`;
  return { errorType: "Sandbox.Timedout", message, sentence: message };
}

/** The sandbox itself was told to stop while the invocation ran. */
export function stopped(): Failure {
  const sentence = "The execution environment was shut down";
  return { errorType: "Sandbox.Failure", message: sentence, sentence };
}

/** Body for the caller, byte for byte as Lambda sends it. */
export function payloadOf(failure: Failure, requestId: string): Uint8Array {
  if (failure.payload !== undefined) return failure.payload;
  const errorMessage = `RequestId: ${requestId} Error: ${failure.message}`;
  return Buffer.from(JSON.stringify({ errorType: failure.errorType, errorMessage }));
}

/** Lambda's three ways not to succeed (environment.md 3.4). */
export function statusOf(errorType: string): InvocationStatus {
  if (errorType === "Sandbox.Timedout") return "timeout";
  return errorType.startsWith("Sandbox.") ? "failure" : "error";
}
