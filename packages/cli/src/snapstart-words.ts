/** `anylambda snapstart ...`, as commander reads and explains it. */
// Without the types of its options: with as many as these commands have, they cost the compiler gigabytes.
import { Command, Option } from "commander";
import { exitCodeHelp } from "./exit-codes.ts";
import { examples } from "./help-examples.ts";
import type { SnapstartCheckOptions } from "./commands/snapstart-check.ts";
import type { SnapstartMeasureOptions } from "./commands/snapstart-measure.ts";
import { integerBetween } from "./option-values.ts";
import type { Order } from "./order.ts";
import { askedEngines } from "./snapshot-engine.ts";

/** Both commands are given with the options of every command that boots a function. */
export interface FunctionCommands {
  readonly check: Command;
  readonly measure: Command;
}

export function snapstartCommand(
  { check, measure }: FunctionCommands,
  took: (order: Order) => void,
  program: Command,
): Command {
  const group = new Command("snapstart")
    .summary("what a snapshot does to an app, and what it gains")
    .description("SnapStart before AWS: what a snapshot does to an app, and what it gains.")
    .copyInheritedSettings(program);
  group.addCommand(
    withCheckOptions(check)
      .action((command: string[], options: SnapstartCheckOptions) =>
        took({ kind: "snapstartCheck", command, options }),
      )
      .copyInheritedSettings(program),
  );
  group.addCommand(
    withMeasureOptions(measure)
      .action((command: string[], options: SnapstartMeasureOptions) =>
        took({ kind: "snapstartMeasure", command, options }),
      )
      .copyInheritedSettings(program),
  );
  return group;
}

function withCheckOptions(command: Command): Command {
  return command
    .summary("restore copies of the app, and find what should differ between them and does not")
    .description(
      "Boots the app twice, publishes it once, restores two copies, sends the same requests to all, and reports what the " +
        "snapshot made equal, broke, or gave away, each with what to do about it. Ends with 1 when there is a fault.",
    )
    .option("--request <request>", 'a request such as "GET /orders"; may be repeated (default: GET /)', texts)
    .option("--times <number>", "how often each is sent to each copy", integerBetween(1, 100), 2)
    .option(
      "--after <seconds>",
      "how long the snapshot lies before it is restored",
      integerBetween(0, 86_400),
      3,
    )
    .addOption(engineOption())
    .option("--dashboard", "show it as a web page for you alone, while it is made and until Ctrl-C")
    .option(
      "--dashboard-port <number>",
      "port of that page; 0 takes a free one",
      integerBetween(0, 65_535),
      0,
    )
    .addHelpText(
      "after",
      examples(
        "anylambda snapstart check -- node server.js",
        "anylambda snapstart check --dashboard -- java -jar shop.jar",
        'anylambda snapstart check --request "GET /orders" --request \'POST /orders {"id":1}\' -- python app.py',
      ),
    )
    .addHelpText("after", exitCodeHelp());
}

function withMeasureOptions(command: Command): Command {
  return command
    .summary("boot and restore the app in turn, and compare")
    .description(
      "Publishes the app once, then boots it and restores a copy in turn, and then several copies at once: times to the first " +
        "answer, the image, and the memory.",
    )
    .option("--request <request>", 'the request that is answered, such as "GET /orders"', "GET /")
    .option("--rounds <number>", "how many boots and restores", integerBetween(1, 1000), 5)
    .option("--copies <number>", "how many copies at once", integerBetween(1, 100), 5)
    .addOption(engineOption())
    .addHelpText("after", examples("anylambda snapstart measure -- node server.js"))
    .addHelpText("after", exitCodeHelp());
}

function engineOption(): Option {
  return new Option("--engine <engine>", "what takes and restores the snapshot")
    .choices(askedEngines)
    .default("auto");
}

function texts(text: string, before: readonly string[] = []): readonly string[] {
  return [...before, text];
}
