/** Where an environment lives: its API server, and what stands between its processes and this machine. */
import { mkdtempSync } from "node:fs";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ApiServer } from "../api-server.ts";
import type { BootPlace } from "../boot.ts";
import type { EnvironmentOptions } from "../environment-options.ts";
import type { FunctionConfiguration } from "../function.ts";
import { guard } from "../guard.ts";
import { openPod } from "./bubblewrap.ts";

export interface Home {
  readonly api: ApiServer;
  /** Value of `AWS_LAMBDA_RUNTIME_API`; empty where the environment is a copy, which has its original's variables. */
  readonly runtimeApi: string;
  /** The configuration as the function's processes see it. */
  readonly seen: FunctionConfiguration;
  /** A directory for temporary files, kept across resets, gone with the environment; absent where `/tmp` is its own. */
  readonly temporary?: string;
  /** Where boots run; absent: on this machine, or where the restore says. */
  readonly place?: BootPlace;
  close(): Promise<void>;
}

/** Rejects when no port can be opened, or when the host does not allow the isolation asked for. */
export async function openHome(
  configuration: FunctionConfiguration,
  { source, isolation = "process", path, shareNetwork = false, outbound }: EnvironmentOptions,
): Promise<Home> {
  const { name, version, handler, accountId } = configuration;
  const api = new ApiServer({ functionName: name, functionVersion: version, handler, accountId });
  const close = (): Promise<void> => api.close();
  if (source !== undefined) return { api, runtimeApi: "", seen: configuration, close };
  if (isolation === "process") {
    await api.listen();
    const temporary = mkdtempSync(join(tmpdir(), "anylambda-tmp-"));
    const unguard = guard({ directory: temporary });
    return {
      api,
      runtimeApi: api.address,
      seen: configuration,
      temporary,
      async close() {
        await api.close();
        await rm(temporary, { recursive: true, force: true });
        unguard();
      },
    };
  }
  const {
    place,
    seen,
    serve,
    close: closePod,
  } = await openPod(configuration, { path, shareNetwork, outbound });
  return {
    api,
    runtimeApi: await serve(api),
    seen,
    place,
    async close() {
      await api.close();
      await closePod();
    },
  };
}
