/** The programs that a checkpoint needs: our own, and CRIU. Where they are looked for, and what to do without them. */
import { accessSync, constants, existsSync, readFileSync } from "node:fs";
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
  const pod = firstOf([env["ANYLAMBDA_POD"], ...nearby(podNames)]);
  const criu = firstOf([
    env["ANYLAMBDA_CRIU"],
    ...nearby(criuNames),
    ...onPath("criu", env),
    "/usr/sbin/criu",
  ]);
  const missing: Missing[] = [];
  if (pod === undefined) missing.push({ program: "anylambda-pod", message: noPod });
  if (criu === undefined) missing.push({ program: "criu", message: noCriu });
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

const podNames = [
  // Beside the published command.
  `anylambda-pod`,
  `dist/native/linux-${process.arch}/anylambda-pod`,
];
const criuNames = ["target/criu/criu"];

const noPod = "The program anylambda-pod is missing. Build it with: node scripts/build-pod.mjs (needs cargo)";
const noCriu =
  "CRIU is missing. On Debian and Ubuntu: scripts/install-criu puts one that knows new kernels beside the system; " +
  "or apt-get install criu";

/** The same names at every folder above this file: it may be a source, a build, or part of a bundle. */
function nearby(names: readonly string[]): string[] {
  const found: string[] = [];
  let folder = fileURLToPath(new URL(".", import.meta.url));
  for (let depth = 0; depth < 5; depth += 1) {
    for (const name of names) found.push(join(folder, name));
    folder = join(folder, "..");
  }
  return found;
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
