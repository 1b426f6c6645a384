/** Where an environment lives: its API server, and what stands between its processes and this machine. */
import { ApiServer } from "../api-server.ts";
import type { BootPlace } from "../boot.ts";
import type { EnvironmentOptions } from "../environment-options.ts";
import type { FunctionConfiguration } from "../function.ts";
import { openPod } from "./bubblewrap.ts";
import { makeTemporaryPlace } from "./temporary.ts";

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
    const { path: temporary, remove } = makeTemporaryPlace();
    return {
      api,
      runtimeApi: api.address,
      seen: configuration,
      temporary,
      async close() {
        await api.close();
        await remove();
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
