/** The programs that a checkpoint needs: our own, and CRIU. Where they are looked for, and what to do without them. */
import { accessSync, constants, existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { homedir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

export interface Tools {
  /** `anylambda-pod`, built from `native/pod`. */
  readonly pod: string;
  readonly criu: string;
  /** The words that start CRIU: its path, or what `scripts/install-criu` found to be quicker. */
  readonly criuCommand?: readonly string[];
}

/** What is missing, with what to do about it. */
export interface Missing {
  readonly program: "anylambda-pod" | "criu";
  readonly message: string;
}

export function findTools(env: NodeJS.ProcessEnv = process.env): {
  tools: Partial<Tools>;
  missing: Missing[];
} {
  const pod = firstOf([env["ANYLAMBDA_POD"], installedPod(), inCheckout(builtPod)]);
  const criu = firstOf([
    env["ANYLAMBDA_CRIU"],
    inCheckout("target/criu/criu"),
    join(keptCriu(env), "criu"),
    ...onPath("criu", env),
    "/usr/sbin/criu",
  ]);
  const missing: Missing[] = [];
  if (pod === undefined) missing.push({ program: "anylambda-pod", message: noPod() });
  if (criu === undefined) missing.push({ program: "criu", message: noCriu(env) });
  const criuCommand = criu === undefined ? undefined : commandOf(criu);
  return {
    tools: {
      ...(pod !== undefined && { pod }),
      ...(criu !== undefined && { criu }),
      ...(criuCommand !== undefined && { criuCommand }),
    },
    missing,
  };
}

function commandOf(criu: string): readonly string[] | undefined {
  try {
    const words = readFileSync(join(dirname(criu), "command"), "utf8")
      .split("\n")
      .filter(Boolean);
    return words.length > 0 && words.every((word) => !word.startsWith("/") || existsSync(word))
      ? words
      : undefined;
  } catch {
    return undefined;
  }
}

const platform = `${process.platform}-${process.arch}`;
/** npm installs it with the command, where there is one for the machine. */
const packageName = `@anylambda/adapter-${platform}`;
const builtPod = `dist/native/${platform}/anylambda-pod`;

function installedPod(): string | undefined {
  try {
    return createRequire(import.meta.url).resolve(`${packageName}/anylambda-pod`);
  } catch {
    // npm leaves optional packages out where they cannot be had, and when it is told to.
    return undefined;
  }
}

/** Never a folder of the same name in somebody's project: only a checkout has our sources. */
const checkout: string | undefined = above((folder) =>
  existsSync(join(folder, "native", "pod", "Cargo.toml")),
);

function inCheckout(path: string): string | undefined {
  return checkout === undefined ? undefined : join(checkout, path);
}

/** The nearest folder above this file (a source, a build, or part of a bundle) of which it is true. */
function above(isIt: (folder: string) => boolean): string | undefined {
  let folder = fileURLToPath(new URL(".", import.meta.url));
  for (let depth = 0; depth < 5; depth += 1) {
    if (isIt(folder)) return folder;
    folder = join(folder, "..");
  }
  return undefined;
}

/** Where `install-criu` puts one for who has no checkout. */
function keptCriu(env: NodeJS.ProcessEnv): string {
  return join(env["XDG_CACHE_HOME"] ?? join(env["HOME"] ?? homedir(), ".cache"), "anylambda", "criu");
}

function noPod(): string {
  const built = "node scripts/build-pod.mjs builds it (needs cargo)";
  return `The program anylambda-pod is missing. ${
    checkout === undefined
      ? `It comes with the optional package ${packageName}: npm install ${packageName}`
      : built
  }`;
}

/** The script for it lies beside the command, or in a checkout. */
function noCriu(env: NodeJS.ProcessEnv): string {
  return (
    `CRIU is missing. On Debian and Ubuntu: ${installCriu(env)} puts one that knows new kernels beside the system, ` +
    "and touches nothing of it; or apt-get install criu"
  );
}

/** The command that brings a CRIU. */
export function installCriu(env: NodeJS.ProcessEnv = process.env): string {
  if (checkout !== undefined) return "scripts/install-criu";
  const beside = fileURLToPath(new URL("./install-criu", import.meta.url));
  return `bash ${beside} ${keptCriu(env)}`;
}

function onPath(name: string, env: NodeJS.ProcessEnv): string[] {
  return (env["PATH"] ?? "").split(delimiter).map((folder) => join(folder, name));
}

function firstOf(candidates: readonly (string | undefined)[]): string | undefined {
  return candidates.find((file): file is string => file !== undefined && isProgram(file));
}

function isProgram(file: string): boolean {
  if (!existsSync(file)) return false;
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
