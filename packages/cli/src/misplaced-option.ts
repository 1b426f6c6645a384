/** Options that belong to one function, where there is a file that has several. */
import type { DevOptions } from "./commands/dev.ts";
import { findConfig } from "./config/find.ts";

/** What belongs to one function stands in the file where there is one. */
export function misplacedOption(
  command: readonly string[],
  options: DevOptions,
  isTyped: (name: string) => boolean,
): string | undefined {
  const { config, function: only } = options;
  if (config !== undefined && command.length > 0) return "give a COMMAND or --config, not both";
  const file = config ?? (command.length === 0 ? findConfig(options.code) : undefined);
  if (file === undefined) return only === undefined ? undefined : "--function is for the functions of a file";
  const typed = ownOfFunctions.find(isTyped);
  return typed === undefined
    ? undefined
    : `--${typed.replaceAll(/[A-Z]/g, (c) => `-${c.toLowerCase()}`)} belongs into ${file}`;
}

const ownOfFunctions: readonly string[] = [
  "door",
  "stream",
  "concurrency",
  "throttle",
  "appPort",
  "envFile",
  "memory",
  "timeout",
  "name",
  "region",
  "opt",
  "adapter",
  "queue",
  "snapstart",
  "memoryLimit",
  "reserved",
  "provisioned",
  "managed",
  "tenants",
  "alias",
  "logFormat",
  "logLevel",
  "systemLevel",
  "framedLogs",
  "layer",
  "ephemeralStorage",
  "snapshot",
  "reach",
];
