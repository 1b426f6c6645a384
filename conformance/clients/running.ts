/** A function of one of the clients, run by `anylambda dev` and called through the Invoke API by the AWS SDK. */
import { fileURLToPath } from "node:url";
import { InvokeCommand, LambdaClient, type InvokeCommandInput } from "@aws-sdk/client-lambda";
import { type Program, start } from "../../examples/testing/programs.ts";
import type { Started } from "./clients.ts";

export const anylambda: string = fileURLToPath(
  new URL("../../packages/cli/dist/bundle/anylambda.mjs", import.meta.url),
);
export const name = "client";

/** Behind the name of what is skipped, why it is. */
export const because = (missing: string | undefined): string =>
  missing === undefined ? "" : ` (${missing})`;

export interface Running {
  readonly program: Program;
  readonly url: string;
  readonly invokeUrl: string;
  readonly lambda: LambdaClient;
  stop(): Promise<void>;
}

export async function run({ code, command }: Started, options: readonly string[]): Promise<Running> {
  const args = [anylambda, "dev", "--json", "-p", "0", "--name", name, "--code", code, ...options, "--"];
  const program = start({
    file: process.execPath,
    args: [...args, ...command],
    cwd: code,
    env: { PATH: process.env["PATH"] ?? "" },
  });
  const [line] = await program.waitFor(/^.*"type":"listening".*$/m, 60_000);
  const { url, invokeUrl } = JSON.parse(line) as { url: string; invokeUrl: string };
  const lambda = new LambdaClient({
    endpoint: invokeUrl,
    region: "us-east-1",
    credentials: { accessKeyId: "any", secretAccessKey: "any" },
    maxAttempts: 1,
  });
  const stop = async (): Promise<void> => {
    lambda.destroy();
    await program.stop("SIGINT");
  };
  return { program, url, invokeUrl, lambda, stop };
}

export interface Answer {
  readonly payload: string;
  readonly functionError: string | undefined;
  readonly log: string;
}

export async function ask(
  { lambda }: Running,
  event: unknown,
  more: Partial<InvokeCommandInput> = {},
): Promise<Answer> {
  const { Payload, FunctionError, LogResult } = await lambda.send(
    new InvokeCommand({ FunctionName: name, Payload: JSON.stringify(event), LogType: "Tail", ...more }),
  );
  return {
    payload: Buffer.from(Payload ?? []).toString(),
    functionError: FunctionError,
    log: Buffer.from(LogResult ?? "", "base64").toString(),
  };
}
