/** The command. Ends as done, as a failure with a sentence and a hint, or as a bug with its stack. */
import { CommanderError } from "commander";
import { dev } from "./commands/dev.ts";
import { invoke } from "./commands/invoke.ts";
import { type ExitName, exitCodeOf } from "./exit-codes.ts";
import type { Order } from "./order.ts";
import { readOrder } from "./program.ts";
import { sampleList } from "./samples/samples.ts";
import { version } from "./version.ts";
import { keepYoungGenerationSmall } from "./young-generation.ts";

// Whoever reads has seen enough (`anylambda --help | head -1`): what is still to be written must not become a crash.
for (const stream of [process.stdout, process.stderr]) stream.on("error", () => undefined);

keepYoungGenerationSmall();
const end = await main(process.argv.slice(2));
process.exitCode = exitCodeOf(end);
// A bug may have left anything open; every other end has closed what it opened, and output may still be on its way.
if (end === "bug") process.exit();

async function main(args: readonly string[]): Promise<ExitName> {
  try {
    return await carryOut(readOrder(args));
  } catch (error) {
    // Commander has printed help, version or what it did not understand.
    if (error instanceof CommanderError) return error.exitCode === 0 ? "done" : "usage";
    const stack = error instanceof Error ? error.stack : String(error);
    process.stderr.write(`This is a bug in anylambda ${version} (Node.js ${process.version}):\n${stack}\n`);
    return "bug";
  }
}

async function snapshot(order: Extract<Order, { kind: `snapshot${string}` }>): Promise<ExitName> {
  const words = await import("./commands/snapshot.ts");
  switch (order.kind) {
    case "snapshotCreate":
      return words.snapshotCreate(order.command, order.options);
    case "snapshotList":
      return words.snapshotList(order.options);
    case "snapshotInspect":
      return words.snapshotInspect(order.name, order.options);
    case "snapshotRemove":
      return words.snapshotRemove(order.names);
    case "snapshotDoctor":
      return words.snapshotDoctor(order.options);
  }
}

async function carryOut(order: Order): Promise<ExitName> {
  switch (order.kind) {
    case "dev":
      return dev(order.command, order.options);
    case "invoke":
      return invoke(order.command, order.options);
    case "snapstartCheck": {
      const { snapstartCheck } = await import("./commands/snapstart-check.ts");
      return snapstartCheck(order.command, order.options);
    }
    case "snapstartMeasure": {
      const { snapstartMeasure } = await import("./commands/snapstart-measure.ts");
      return snapstartMeasure(order.command, order.options);
    }
    case "snapshotCreate":
    case "snapshotList":
    case "snapshotInspect":
    case "snapshotRemove":
    case "snapshotDoctor":
      return snapshot(order);
    case "listSamples":
      process.stdout.write(sampleList());
      return "done";
  }
}
