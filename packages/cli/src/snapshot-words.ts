/** `anylambda snapshot ...`, as commander reads and explains it. */
import { Command, type OptionValues } from "@commander-js/extra-typings";
import type { SnapshotCreateOptions } from "./commands/snapshot.ts";
import type { Order } from "./order.ts";

type SnapshotOrder = Extract<Order, { kind: `snapshot${string}` }>;

/** `create` has the options of every command that boots a function. */
export function snapshotCommand<Options extends SnapshotCreateOptions & OptionValues>(
  create: Command<[string[]], Options>,
  took: (order: SnapshotOrder) => void,
  program: Command,
): Command {
  const group = new Command("snapshot")
    .summary("take snapshots of an app and keep them")
    .description(
      "Snapshots of a booted app that outlive the command: dev --snapshot NAME restores its environments from one. " +
        "A snapshot holds the app's memory, secrets included, and fits only the machine it was taken on.",
    )
    .copyInheritedSettings(program);
  group.addCommand(
    create
      .summary("boot an app and keep its snapshot under the function's name")
      .description("Boots an app as a published version with SnapStart, up to the snapshot, and keeps that.")
      .action((command, options) => took({ kind: "snapshotCreate", command, options }))
      .copyInheritedSettings(program),
  );
  group.addCommand(
    new Command("list")
      .summary("list them, newest first")
      .option("--json", "as one JSON array")
      .action((options) => took({ kind: "snapshotList", options }))
      .copyInheritedSettings(program),
  );
  group.addCommand(
    new Command("inspect")
      .summary("say what one holds, of which machine, and whether it is intact")
      .argument("<name>", "the function's name")
      .option("--json", "as one JSON object")
      .action((name, options) => took({ kind: "snapshotInspect", name, options }))
      .copyInheritedSettings(program),
  );
  group.addCommand(
    new Command("rm")
      .summary("remove some")
      .argument("<name...>", "names of functions")
      .action((names) => took({ kind: "snapshotRemove", names }))
      .copyInheritedSettings(program),
  );
  group.addCommand(
    new Command("doctor")
      .summary("say whether this machine can freeze and restore processes, and what it lacks")
      .option("--json", "as one JSON object")
      .action((options) => took({ kind: "snapshotDoctor", options }))
      .copyInheritedSettings(program),
  );
  return group;
}
