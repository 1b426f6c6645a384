/** The commands and their options, as commander reads and explains them. */
import { Command, Option, type OptionValues } from "@commander-js/extra-typings";
import { engines } from "./adapters.ts";
import * as doorWords from "./door-words.ts";
import { door, doorNames } from "./doors.ts";
import type { Command as UntypedCommand } from "commander";
import { snapstartCommand } from "./snapstart-words.ts";
import { snapshotCommand } from "./snapshot-words.ts";
import { exitCodeHelp } from "./exit-codes.ts";
import { examples } from "./help-examples.ts";
import { isolations } from "./function-plan.ts";
import { chaosSeed, clockSpeed } from "./fleet-settings.ts";
import { logFormat, logLevel, systemLevel } from "./log-options.ts";
import {
  aliases,
  functionName,
  integerBetween,
  paths,
  ports,
  regionName,
  texts,
  variable,
  variableNames,
} from "./option-values.ts";
import { misplacedOption } from "./misplaced-option.ts";
import type { Order } from "./order.ts";
import { queueDirectory } from "./queues.ts";
import { askedEngines } from "./snapshot-engine.ts";
import { version } from "./version.ts";

/** Reads the arguments. Throws commander's error for help, the version, and what is not understood. */
export function readOrder(args: readonly string[]): Order {
  let order: Order | undefined;
  const program = new Command("anylambda")
    .description("Any web app, in any language, unchanged, on AWS Lambda: and the same on a laptop.")
    .version(version, "-V, --version", "print the version")
    .helpOption("-h, --help", "print this help")
    .helpCommand(false)
    // Options behind the app's program belong to it: `anylambda dev node server.js --port 1`.
    .enablePositionalOptions()
    .addHelpText("after", exitCodeHelp())
    .exitOverride();
  program.addCommand(
    devCommand()
      .action((command, options, self) => {
        const isTyped = (name: string): boolean => self.getOptionValueSource(name) === "cli";
        const misplaced = misplacedOption(command, options, isTyped);
        if (misplaced !== undefined) self.error(`error: ${misplaced}`);
        order = { kind: "dev", command, options };
      })
      .copyInheritedSettings(program),
  );
  program.addCommand(
    invokeCommand()
      .action((command, { listSamples, ...options }, self) => {
        if (listSamples === true) order = { kind: "listSamples" };
        else if ((options.event === undefined) === (options.sample === undefined)) {
          self.error(
            "error: say which event to send: --event FILE, --event - for standard input, or --sample NAME",
          );
        } else order = { kind: "invoke", command, options };
      })
      .copyInheritedSettings(program),
  );
  const create = withFunctionOptions(functionCommand("create"));
  const took = (taken: Order): void => {
    order = taken;
  };
  program.addCommand(snapshotCommand(create, took, program));
  const [check, measure] = (["check", "measure"] as const).map(
    (name) => withFunctionOptions(functionCommand(name)) as unknown as UntypedCommand,
  ) as [UntypedCommand, UntypedCommand];
  const untyped = program as unknown as UntypedCommand;
  untyped.addCommand(snapstartCommand({ check, measure }, took, untyped));
  program.parse([...args], { from: "user" });
  if (order === undefined) throw new Error("commander neither took nor refused the arguments");
  return order;
}

function devCommand() {
  const own = functionCommand("dev")
    .summary("run an app as a Lambda function behind a Function URL on this machine")
    .description(
      "Runs an app as a Lambda function on this machine: in the environment and the life cycle it has on Lambda, " +
        "behind a Function URL or other front doors on localhost. COMMAND starts the app, which listens on the " +
        "variable PORT.",
    )
    .optionsGroup("Front doors:")
    .addOption(doorWords.port)
    .option("--host <address>", "address of the front doors", "127.0.0.1")
    .option(
      "--door <name[:port]>",
      `open this front door instead of a Function URL; may be repeated: ${doorNames.join(", ")}`,
      door,
    )
    .option(
      "--stream",
      "stream answers: as a Function URL in RESPONSE_STREAM mode, or a REST API in STREAM mode",
    )
    .option(
      "--queue <directory>",
      "make an SQS message of each file that is put into this directory; may be repeated",
      queueDirectory,
    )
    .addOption(doorWords.tls)
    .addOption(doorWords.tlsCert)
    .addOption(doorWords.tlsKey)
    .addOption(doorWords.invokePort)
    .addOption(doorWords.dashboardPort)
    .option("--no-dashboard", "without the dashboard")
    .optionsGroup("Tokens:")
    .addOption(doorWords.jwtIssuer)
    .addOption(doorWords.jwtAudience)
    .addOption(doorWords.jwtKeys)
    .addOption(doorWords.unverifiedTokens)
    .optionsGroup("Several functions, changed code:")
    .option(
      "--config <file>",
      "the functions of this file: an anylambda.yaml or a SAM template (default, without COMMAND: that of the directory)",
    )
    .option("--function <name>", "only this one of the file; may be repeated", texts)
    .option("--watch", "run changed code at once (default with a file)")
    .option("--no-watch", "do not");
  return withEventOptions(withFleetOptions(withFunctionOptions(own)))
    .addHelpText(
      "after",
      examples(
        "anylambda dev -- node server.js",
        "anylambda dev -p 0 -e DEBUG=1 -- python app.py",
        "anylambda dev --door http-api --door rest:3001 --door websocket:3002 -- node server.js",
      ),
    )
    .addHelpText("after", exitCodeHelp());
}

/** How many environments there are, and how they live. */
function withFleetOptions<Args extends unknown[], Options extends OptionValues>(
  command: Command<Args, Options>,
) {
  return command
    .optionsGroup("Environments:")
    .option(
      "--concurrency <number>",
      "how many environments, each with an app of its own, may run at once; further requests wait",
      integerBetween(1, 1000),
      3,
    )
    .option("--throttle", "answer further requests with 429, as Lambda does at reserved concurrency")
    .option(
      "--reserved <number>",
      "reserved concurrency: more invocations at once get 429; 0 refuses all",
      integerBetween(0, 1000),
    )
    .option(
      "--provisioned <number>",
      "provisioned concurrency: environments initialised before anybody asks",
      integerBetween(1, 1000),
    )
    .option(
      "--managed <number>",
      "as on Managed Instances: so many invocations at once in one environment",
      integerBetween(1, 1600),
    )
    .option("--tenants", "tenant isolation: every invocation names its tenant, environments are never shared")
    .option("--alias <name>", "another name of the version, for the Invoke API; may be repeated", aliases)
    .option("--no-freeze", "let the app run on between invocations, which Lambda does not")
    .option(
      "--chaos [seed]",
      "torture: crashes, freezes, doubled and late events, slow and cut streams",
      chaosSeed,
    )
    .addOption(
      new Option(
        "--snapstart [engine]",
        "publish once and restore every environment from the snapshot: auto, criu (memory restored), or replay (started anew)",
      )
        .choices(askedEngines)
        .preset("auto" as const),
    )
    .option(
      "--snapshot <name>",
      "restore every environment from this snapshot: see anylambda snapshot create",
    );
}

/** Of events that nobody waits for. */
function withEventOptions<Args extends unknown[], Options extends OptionValues>(
  command: Command<Args, Options>,
) {
  return command
    .optionsGroup("Asynchronous events:")
    .option(
      "--destination <target>",
      "what becomes of them: added to a file, one JSON record a line, or posted to a URL",
    )
    .option("--on-success <target>", "the same, of successes only")
    .option("--on-failure <target>", "the same, of failures only")
    .option("--dead-letters <target>", "the same, of events that failed, as a dead-letter queue gets them")
    .option("--retry-attempts <number>", "how often a failed event is tried again", integerBetween(0, 2))
    .option(
      "--event-age <seconds>",
      "the oldest an event may be to be tried again",
      integerBetween(60, 21_600),
    )
    .option("--async-clock <speed>", "how much faster the waits of events pass: 60x", clockSpeed);
}

function invokeCommand() {
  const own = functionCommand("invoke")
    .summary("send one event to a function and print its answer")
    .description(
      "Boots a function as dev does, sends it one event, and prints its answer to stdout and its logs to stderr.",
    )
    .option("--event <file>", "the event, a file of JSON; - reads standard input")
    .option("--sample <name>", "send a sample event of this source")
    .option("--list-samples", "print the names of the samples");
  return withFunctionOptions(own)
    .addHelpText(
      "after",
      examples(
        "anylambda invoke --sample sqs -- node server.js",
        "anylambda invoke --event order.json -- ./server",
      ),
    )
    .addHelpText("after", exitCodeHelp());
}

function functionCommand(name: string) {
  return new Command(name)
    .argument(
      "[command...]",
      "the program that starts the app, and its arguments; without: bootstrap in --code",
    )
    .usage("[options] -- COMMAND...")
    .passThroughOptions();
}

/** What `dev` and `invoke` share. */
function withFunctionOptions<Args extends unknown[], Options extends OptionValues>(
  command: Command<Args, Options>,
) {
  return (
    command
      .optionsGroup("The function:")
      .option("-e, --env <name=value>", "set a variable; may be repeated", variable)
      // The short form is for Node 20, which takes a script's own --env-file for its own as well, and ends with 9
      // when there is no such file (https://github.com/nodejs/node/issues/54232).
      .option("-E, --env-file <file>", "set variables from a file of NAME=VALUE lines")
      .option(
        "--pass-env <name>",
        "pass a variable of your shell, else none is; may be repeated",
        variableNames,
      )
      .option(
        "--app-port <number>",
        "port the app listens on, told to it as PORT (default: a free one)",
        integerBetween(1, 65_535),
      )
      .option("--memory <mb>", "memory size: who needs more is killed", integerBetween(128, 10_240), 512)
      .option("--no-memory-limit", "only tell the app its memory size")
      .option(
        "--ephemeral-storage <mb>",
        "size of /tmp, a limit with --isolation bubblewrap (default: 512)",
        integerBetween(512, 10_240),
      )
      .option("--timeout <seconds>", "the longest an invocation may take", integerBetween(1, 900), 30)
      .option("--name <name>", "name of the function (default: that of the directory)", functionName)
      .option("--region <region>", "region the function believes to be in", regionName, "us-east-1")
      .option("--code <directory>", "the function's code, where COMMAND is run", ".")
      .option("--layer <path>", "a layer for /opt: directory or zip file; may be repeated", paths)
      .option("--opt <directory>", "stands for /opt: layers and their extensions")
      .addOption(
        new Option(
          "--adapter <engine>",
          "native, node, or none for a function that speaks the Runtime API itself (default: native where it is there)",
        ).choices([...engines, "none"] as const),
      )
      .option("--no-adapter", "the same as --adapter none")
      .optionsGroup("Isolation:")
      .addOption(
        new Option(
          "--isolation <kind>",
          "process, or bubblewrap: files, process ids, user and network of its own, as on Lambda (Linux)",
        )
          .choices(isolations)
          .default("process" as const),
      )
      .option(
        "--outbound",
        "with bubblewrap: a way out of its network, by slirp4netns; this machine's localhost is 10.0.2.2 there",
      )
      .option("--share-net", "with bubblewrap: the machine's network instead of its own")
      .option(
        "--reach <port>",
        "with a snapshot: what listens on this port of your machine is there for the app too; may be repeated",
        ports,
      )
      .optionsGroup("Output:")
      .option("--json", "print one JSON object a line")
      .option("-q, --quiet", "print only what the app prints, its address, warnings and errors")
      .option("--log-format <format>", "how the function logs: text (default) or json", logFormat)
      .option("--log-level <level>", "with json, least level of the app's lines: TRACE to FATAL", logLevel)
      .option("--system-level <level>", "the same of the platform's: DEBUG, INFO or WARN", systemLevel)
      .option("--framed-logs", "give the app the log channel of AWS's runtime clients")
  );
}
