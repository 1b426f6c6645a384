/** Where the environments of a fleet come to life from: one snapshot, being published or there already. */
import type { InitReport } from "../events.ts";
import type { FunctionConfiguration } from "../function.ts";
import type { Snapshot, SnapshotEngine } from "./engine.ts";
import { Publication, type PublishOptions, type Published } from "./publication.ts";

export interface SnapshotSource {
  readonly engine: SnapshotEngine;
  /** Never rejects. */
  readonly published: Promise<Published>;
  /** Gives up a publication that is under way. */
  abandon(): Promise<void>;
}

/** The sources of a fleet: one for each time that its code was loaded. */
export interface Sources {
  of(generation: number, configuration: FunctionConfiguration): SnapshotSource;
  /** Removes what was published here; to be called when no environment is left. */
  discard(): Promise<void>;
}

export interface SourceOptions extends PublishOptions {
  /** Published earlier; its owner discards it. */
  readonly snapshot?: Snapshot | undefined;
}

export function sourcesOf(options: SourceOptions): Sources {
  const { engine } = options;
  let latest: { readonly generation: number; readonly publication: Publication } | undefined;
  let discarded: Promise<void> | undefined;
  const remove = async (publication: Publication): Promise<void> => {
    const { snapshot } = await publication.done;
    if (snapshot !== undefined) await engine.discard(snapshot);
  };
  return {
    of(generation, configuration) {
      if (options.snapshot !== undefined && generation === 0) return earlierOf(engine, options.snapshot);
      const before = latest;
      if (before?.generation !== generation) {
        const publication = new Publication(configuration, options);
        latest = { generation, publication };
        // Nobody restores the old code any more once there is a snapshot of the new.
        if (before !== undefined) void publication.done.then(() => remove(before.publication));
      }
      const { publication } = latest as { readonly publication: Publication };
      return { engine, published: publication.done, abandon: () => publication.abandon() };
    },
    // A fleet may be shut down twice, by the command's end and by Ctrl-C: the image goes once.
    discard: () => (discarded ??= latest === undefined ? Promise.resolve() : remove(latest.publication)),
  };
}

function earlierOf(engine: SnapshotEngine, snapshot: Snapshot): SnapshotSource {
  const published = Promise.resolve({ report: earlier, snapshot });
  return { engine, published, abandon: async () => undefined };
}

/** Its init was told when it was published. */
const earlier: InitReport = {
  type: "initReport",
  phase: "init",
  status: "success",
  durationMs: 0,
  snapStart: true,
};
