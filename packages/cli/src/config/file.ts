/** The file that says which functions there are: `anylambda.yaml`, or a SAM template. */
import { basename, dirname, resolve } from "node:path";
import type { FunctionOrder } from "../commands/served.ts";
import { userFailure } from "../user-failure.ts";
import { askedFunctions } from "./authorizers.ts";
import { readYaml } from "./document.ts";
import { configFailure } from "./faults.ts";
import { nearest } from "./nearest.ts";
import { type Common, ordersOf } from "./orders.ts";
import { configOfTemplate, isTemplate, readTemplate } from "./sam/template.ts";
import { type Config, configSchema } from "./schema.ts";

export interface ConfigFile {
  /** Absolute. */
  readonly file: string;
  readonly orders: readonly FunctionOrder[];
  readonly warnings: readonly string[];
}

/** Throws a failure with file, line and column for what is not understood. `only`: the functions that are wanted. */
export function readConfig(
  given: string,
  common: Omit<Common, "directory">,
  only: readonly string[] = [],
): ConfigFile {
  const file = resolve(given);
  const directory = dirname(file);
  const { config, warnings } = configOf(file, basename(file));
  const among = (wanted: readonly string[]): Config["functions"] =>
    Object.fromEntries(Object.entries(config.functions).filter(([name]) => wanted.includes(name)));
  // Those that an authorizer asks are wanted with whom it guards.
  const functions =
    only.length === 0 ? config.functions : among([...only, ...askedFunctions(config, among(only))]);
  for (const name of only)
    if (!Object.hasOwn(functions, name)) throw unknownFunction(name, config, basename(file));
  if (Object.keys(functions).length === 0)
    throw userFailure(`${basename(file)} has no function`, "It needs at least one.");
  return { file, orders: ordersOf({ ...config, functions }, { ...common, directory }), warnings };
}

function configOf(
  file: string,
  shown: string,
): { readonly config: Config; readonly warnings: readonly string[] } {
  if (isTemplate(file)) return configOfTemplate(readTemplate(file, shown), dirname(file));
  const yaml = readYaml(file, shown);
  const checked = configSchema.safeParse(yaml.value ?? {});
  if (!checked.success) throw configFailure(yaml, configSchema, checked.error.issues);
  return { config: checked.data, warnings: [] };
}

function unknownFunction(name: string, { functions }: Config, file: string) {
  const known = Object.keys(functions);
  const meant = nearest(name, known);
  return userFailure(
    `${file} has no function ${name}`,
    `${meant === undefined ? "" : `Did you mean ${meant}? `}There are: ${known.join(", ")}.`,
  );
}
