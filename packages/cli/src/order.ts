import type { DevOptions } from "./commands/dev.ts";
import type { InvokeOptions } from "./commands/invoke.ts";
import type { SnapshotCreateOptions, SnapshotOptions } from "./commands/snapshot.ts";
import type { SnapstartMeasureOptions } from "./commands/snapstart-measure.ts";
import type { SnapstartCheckOptions } from "./commands/snapstart-check.ts";

/** What was asked for. */
export type Order =
  | { readonly kind: "dev"; readonly command: readonly string[]; readonly options: DevOptions }
  | { readonly kind: "invoke"; readonly command: readonly string[]; readonly options: InvokeOptions }
  | {
      readonly kind: "snapstartCheck";
      readonly command: readonly string[];
      readonly options: SnapstartCheckOptions;
    }
  | {
      readonly kind: "snapstartMeasure";
      readonly command: readonly string[];
      readonly options: SnapstartMeasureOptions;
    }
  | {
      readonly kind: "snapshotCreate";
      readonly command: readonly string[];
      readonly options: SnapshotCreateOptions;
    }
  | { readonly kind: "snapshotList"; readonly options: SnapshotOptions }
  | { readonly kind: "snapshotInspect"; readonly name: string; readonly options: SnapshotOptions }
  | { readonly kind: "snapshotRemove"; readonly names: readonly string[] }
  | { readonly kind: "snapshotDoctor"; readonly options: SnapshotOptions }
  | { readonly kind: "listSamples" };
