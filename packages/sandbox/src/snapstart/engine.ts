/**
 * The one interface between SnapStart's life cycle (environment.md 6) and the way in which a snapshot is taken and
 * brought back. Two implementations: `criu-engine.ts` restores the processes' memory; `replay` starts the app anew
 * and holds it at the restore point, for hosts that cannot do better.
 *
 *   publication.ts:  stage ─► Boot, init up to the restore point ─► checkpoint ─► Snapshot
 *   restoration.ts:  restore ─► Boot at the restore point ─► `restore/next` answered ─► first `/next`
 */
import type { ApiServer } from "../api-server.ts";
import type { Boot, BootLimits, BootPlace } from "../boot.ts";
import type { Failure } from "../failures.ts";
import type { FunctionConfiguration } from "../function.ts";
import type { Mark } from "../members.ts";
import type { Launcher } from "../processes.ts";
import type { Dial } from "../telemetry/destination.ts";
import type { KeptSubscription } from "../telemetry/hub.ts";
import type { Variables } from "../variables.ts";

/** Where the processes of one boot run. */
export interface Stage extends Pick<BootPlace, "joins" | "cgroup" | "tmpBytes"> {
  /** Value of `AWS_LAMBDA_RUNTIME_API` for what runs here. */
  readonly runtimeApi: string;
  readonly launch: Launcher;
  /** To a port on the processes' own localhost, where that is another than the machine's. */
  readonly dial?: Dial;
  /** How the processes that run here are told from others, where that is easier than elsewhere. */
  readonly mark?: Mark;
  /** Gives back what the stage holds. Processes that are still there end with it. */
  close(): Promise<void>;
}

/** The processes of one published version, at the restore point. */
export interface Snapshot {
  readonly engine: SnapshotEngine["kind"];
  readonly configuration: FunctionConfiguration;
  /** Of the credentials endpoint: the processes know it, so every copy has to answer to it. */
  readonly credentialsToken: string;
  /** The runtime waits in `restore/next`; else it waits in `/next` and knows nothing of a restore. */
  readonly knowsRestore: boolean;
  /** Size of the image; 0 when there is none. */
  readonly bytes: number;
  /** Where the image lies; absent when there is none. */
  readonly directory?: string;
  /** Of extensions that are in it: copies go on with them. Absent where every copy subscribes anew. */
  readonly subscriptions?: readonly KeptSubscription[];
  /** Connections to services outside that were open at the snapshot and are dead in every copy: `HOST:PORT` each. */
  readonly connectionsAtSnapshot?: readonly { readonly local: string; readonly remote: string }[];
  /** Files outside `/tmp` that were open for writing, which Lambda would have refused: here all copies share them. */
  readonly writableAtSnapshot?: readonly string[];
}

/** Makes the boot that a restore fills with processes: its owner must know it before they exist, to be able to end them. */
export type BootMaker = (stage: Stage, variables: Variables) => Boot;

export interface Restore {
  readonly snapshot: Snapshot;
  /** Of this copy: the snapshot's, but for variables that are the environment's own where memory is not restored. */
  readonly configuration: FunctionConfiguration;
  /** Serves the copy, whatever way its calls come. */
  readonly api: ApiServer;
  readonly newBoot: BootMaker;
  /** Of the boot that will be made. */
  readonly limits: BootLimits;
  /** Search path for programs. */
  readonly path: string;
  /** On the clock of `performance.now()`. */
  readonly deadline: number;
}

export type RestoreOutcome =
  /** The boot is at the restore point. */
  | {
      readonly kind: "restored";
      readonly boot: Boot;
      /** Time that was spent on what a snapshot would have saved, ms: counted neither as restore nor against its limit. */
      readonly bootMs?: number;
    }
  | { readonly kind: "failed"; readonly failure: Failure; readonly late: boolean };

export interface SnapshotEngine {
  readonly kind: "criu" | "replay";
  /** A place for a boot that is to become a snapshot; `api` serves it from then on. `limits` are the boot's. */
  stage(api: ApiServer, configuration: FunctionConfiguration, limits: BootLimits): Promise<Stage>;
  /**
   * Takes the snapshot of a boot at its restore point. Its processes are gone afterwards; the caller still closes
   * the stage. Rejects with a sentence for a person when no snapshot can be taken.
   */
  checkpoint(stage: Stage, boot: Boot, api: ApiServer, version: Version): Promise<Snapshot>;
  /** Brings one more copy to the restore point. Never rejects. */
  restore(restore: Restore): Promise<RestoreOutcome>;
  /** Removes the image. No copy may need it any more. */
  discard(snapshot: Snapshot): Promise<void>;
}

/** What a snapshot is of. */
export interface Version {
  readonly configuration: FunctionConfiguration;
  readonly credentialsToken: string;
  /** What the subscribers that are in it have not got, the report on its init included. To be asked when all stand still. */
  readonly subscriptions: () => readonly KeptSubscription[];
}
