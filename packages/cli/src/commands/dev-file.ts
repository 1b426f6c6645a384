/** `anylambda dev` with the functions of a configuration file. */
import { basename } from "node:path";
import type { AsyncOptions } from "@anylambda/sandbox";
import type { Dashboard } from "../dashboard/server.ts";
import { type ConfigFile, readConfig } from "../config/file.ts";
import type { Reporter } from "../output/notice.ts";
import { typedTls } from "../tls.ts";
import { isUserFailure } from "../user-failure.ts";
import type { DevOptions } from "./dev.ts";
import type { Running } from "./session.ts";
import { Stage } from "./stage.ts";
import { watchCode, watchFiles } from "./watching.ts";

export interface Means {
  readonly reporter: Reporter;
  /** What becomes of events that nobody waits for. */
  readonly events: AsyncOptions;
  readonly dashboard: Dashboard | undefined;
}

/** Throws what is wrong with the file. */
export function readDevConfig(file: string, options: DevOptions): ConfigFile {
  const { host, port, env, passEnv, freeze, isolation, outbound, shareNet, chaos } = options;
  const common = {
    host,
    port,
    env,
    passEnv,
    freeze,
    isolation,
    outbound,
    shareNet,
    chaos,
    tokens: options,
    tls: typedTls(options),
  };
  return readConfig(file, common, options.function);
}

/** Returns when it is to end. */
export async function devFile(
  config: ConfigFile,
  options: DevOptions,
  { reporter, events, dashboard }: Means,
  { interrupts, atEnd }: Running,
): Promise<void> {
  const several = config.orders.length > 1;
  const { invokePort } = options;
  const stage = new Stage({ reporter, dashboard, events, several, invokePort, file: basename(config.file) });
  atEnd(() => stage.close());
  for (const message of config.warnings) reporter.tell({ type: "warning", message });
  // Before the boot: what is changed during it must not be missed.
  const watching = options.watch === false ? undefined : watchAll(config, options, stage, reporter, atEnd);
  const failures = await Promise.race([stage.boot(config.orders), interrupts.first]);
  if (typeof failures !== "string") {
    const [first] = failures;
    // Somebody who edits the code makes it good; nobody does it for a run without watching.
    if (first !== undefined && options.watch === false) throw first;
    await watching;
    await stage.open();
    for (const { message, hint, lines } of failures)
      reporter.tell({ type: "failure", message, ...(hint !== undefined && { hint }), lines });
    if (several && dashboard !== undefined) reporter.tell({ type: "dashboard", url: dashboard.url });
  }
  reporter.tell({ type: "stopping", signal: await interrupts.first });
}

async function watchAll(
  { file, orders }: ConfigFile,
  options: DevOptions,
  stage: Stage,
  reporter: Reporter,
  atEnd: Running["atEnd"],
): Promise<void> {
  const ofFile = watchFiles([file], () => void reread());
  let ofCode = watchCode(orders, stage);
  let over = false;
  atEnd(async () => {
    over = true;
    for (const one of await Promise.all([ofFile, ofCode])) await one.close();
  });
  const reread = async (): Promise<void> => {
    try {
      const config = readDevConfig(file, options);
      for (const message of config.warnings) reporter.tell({ type: "warning", message });
      await stage.change(config.orders);
      if (over) return;
      const before = ofCode;
      ofCode = watchCode(config.orders, stage);
      await (await before).close();
    } catch (error) {
      if (!isUserFailure(error)) throw error;
      const { message, hint, lines } = error;
      reporter.tell({ type: "failure", message, ...(hint !== undefined && { hint }), lines });
    }
  };
  await Promise.all([ofFile, ofCode]);
}
