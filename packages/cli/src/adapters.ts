/** The adapter to run as the extension: the native one where it is there, else the one on Node. */
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import type { ExtensionProgram } from "@anylambda/sandbox";
import { isFile, isProgram } from "./programs.ts";
import { userFailure } from "./user-failure.ts";

export const engines = ["native", "node"] as const;

/** What runs the adapter. */
export type Engine = (typeof engines)[number];

export interface Adapter {
  readonly engine: Engine;
  readonly extension: ExtensionProgram;
}

/** The one asked for; without a wish the native one, or that on Node where there is none. */
export function findAdapter(wanted: Engine | undefined): Adapter {
  const file = wanted === "node" ? undefined : nativeFile();
  if (file !== undefined) return { engine: "native", extension: { name, file, args: [] } };
  if (wanted !== "native") return { engine: "node", extension: onNode() };
  throw userFailure(
    `There is no native adapter for ${platform} here`,
    isForLinux
      ? `It comes with the optional package ${packageName}: npm install ${packageName}. --adapter node needs nothing.`
      : "It runs on Linux only, as Lambda does: use --adapter node.",
  );
}

/** Must equal the name it registers with. */
const name = "lambda-adapter";

const platform = `${process.platform}-${process.arch}`;
const isForLinux = platform === "linux-x64" || platform === "linux-arm64";
const packageName = `@anylambda/adapter-${platform}`;

/** From the platform's package, or in a checkout from what `npm run build:native` left. */
function nativeFile(): string | undefined {
  if (!isForLinux) return undefined;
  return [installed(), built()].find((file) => file !== undefined && isProgram(file));
}

function installed(): string | undefined {
  try {
    return createRequire(import.meta.url).resolve(`${packageName}/lambda-adapter`);
  } catch {
    // npm leaves optional packages out where they cannot be had, and when it is told to.
    return undefined;
  }
}

function built(): string | undefined {
  // Never a folder of the same name in somebody's project: only a checkout has our sources beside the bundle.
  if (!isFile(fileURLToPath(new URL("../../src/main.ts", import.meta.url)))) return undefined;
  return fileURLToPath(new URL(`../../../../dist/native/${platform}/${name}`, import.meta.url));
}

/**
 * Left to itself, Node lets the space for short-lived objects grow to 48 MB before it collects them. What an
 * invocation leaves behind fits a fraction of that, and collecting it earlier costs nothing that could be measured.
 */
const smallYoungGeneration = "--max-semi-space-size=1";

/** It lies beside the command, in one file. */
function onNode(): ExtensionProgram {
  const file = fileURLToPath(new URL("./adapter.mjs", import.meta.url));
  if (!isFile(file)) throw new Error(`The adapter is missing: ${file} should be part of this package`);
  return { name, file: process.execPath, args: [smallYoungGeneration, file] };
}
