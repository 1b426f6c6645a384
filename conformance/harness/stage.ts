/** One life of a subject, with an app and the APIs around it. */
import { spawn } from "node:child_process";
import { closedPort, startApp } from "./app.ts";
import type { App } from "./app.ts";
import type { Journal } from "./journal.ts";
import { startRuntimeApi } from "./runtime-api.ts";
import type { RuntimeApi } from "./runtime-api.ts";
import type { Env, Scenario } from "./scenario.ts";

/** A program that can be put on the stage. */
export interface Subject {
  readonly name: string;
  readonly file: string;
  readonly args: readonly string[];
}

export interface Stage {
  readonly app: App;
  readonly api: RuntimeApi;
  readonly proxy: RuntimeApi;
  /** The exit code or signal, once there is one. */
  readonly ended: () => number | string | undefined;
  /** Where the subject's output and end are written down. */
  watch(journal: Journal): void;
  start(env: Env): void;
  terminate(): void;
  close(): Promise<void>;
}

/** What Lambda sets for every function, and the app's port. */
const lambdaEnv: Env = {
  AWS_LAMBDA_RUNTIME_API: "{api}",
  AWS_LAMBDA_FUNCTION_NAME: "shop",
  AWS_LAMBDA_FUNCTION_VERSION: "$LATEST",
  AWS_LAMBDA_FUNCTION_MEMORY_SIZE: "512",
  AWS_LAMBDA_LOG_GROUP_NAME: "/aws/lambda/shop",
  AWS_LAMBDA_LOG_STREAM_NAME: "2026/11/24/[$LATEST]a1b2c3",
  AWS_LWA_PORT: "{port}",
};

/** Of the scenario only what the app has to be from the start; `undefined` for several of them. */
export async function setStage(subject: Subject, scenario: Scenario | undefined): Promise<Stage> {
  const { appHost = "127.0.0.1", appIsLate = false, steps = [] } = scenario ?? {};
  const leaves = steps.some((step) => "listen" in step && !step.listen);
  const [app, api, proxy] = await Promise.all([
    startApp(appHost, { isLate: appIsLate, leaves }),
    startRuntimeApi("api"),
    startRuntimeApi("proxy"),
  ]);
  const closed = await closedPort();
  let journal: Journal | undefined;
  let ended: number | string | undefined;
  let child: ReturnType<typeof spawn> | undefined;
  let gone: Promise<void> = Promise.resolve();

  const places: { readonly [name: string]: string } = {
    "{port}": String(app.port),
    "{port2}": String(app.port2),
    "{closed}": String(closed),
    "{api}": api.authority,
    "{proxy}": proxy.authority,
  };

  function start(env: Env): void {
    const given: { [name: string]: string } = { PATH: process.env["PATH"] ?? "" };
    for (const [name, value] of Object.entries({ ...lambdaEnv, ...env }))
      if (value !== null) given[name] = value.replace(/\{\w+\}/g, (place) => places[place] ?? place);
    child = spawn(subject.file, subject.args, { env: given, stdio: ["ignore", "pipe", "pipe"] });
    for (const stream of [child.stdout, child.stderr]) {
      let rest = "";
      stream?.setEncoding("utf8").on("data", (text: string) => {
        const lines = (rest + text).split("\n");
        rest = lines.pop() ?? "";
        for (const line of lines) journal?.add(`log ${line}`);
      });
    }
    const one = child;
    gone = new Promise((resolve) => {
      one.on("error", (error) => {
        ended = error.message;
        resolve();
      });
      one.on("close", (code, signal) => {
        ended = signal ?? code ?? -1;
        journal?.add(`ended ${ended}`);
        resolve();
      });
    });
  }

  return {
    app,
    api,
    proxy,
    ended: () => ended,
    watch: (next) => {
      journal = next;
    },
    start,
    terminate: () => void child?.kill("SIGTERM"),
    async close() {
      journal = undefined;
      child?.kill("SIGKILL");
      await gone;
      await Promise.all([app.close(), api.close(), proxy.close()]);
    },
  };
}
