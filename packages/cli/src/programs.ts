/** Finds the programs that are to be run, before anything is started. */
import { accessSync, constants, statSync } from "node:fs";
import { delimiter, isAbsolute, join, resolve } from "node:path";
import type { Program } from "@anylambda/sandbox";
import { likelyCommand } from "./likely-command.ts";
import { userFailure } from "./user-failure.ts";

/** The user's command as a program; names are looked up in `path`, relative files in the directory it runs in. */
export function findProgram(command: readonly string[], directory: string, path: string): Program {
  const [name = "", ...args] = command;
  const candidates = name.includes("/")
    ? [isAbsolute(name) ? name : resolve(directory, name)]
    : path.split(delimiter).map((place) => join(place === "" ? directory : place, name));
  const file = candidates.find(isProgram);
  if (file !== undefined) return { file, args };
  throw notFound(name, args, candidates, directory);
}

/** Without a command, Lambda's OS-only runtimes run `bootstrap` from the code, then from the layers. */
export function requireBootstrap(taskRoot: string, optRoot: string | undefined): void {
  const places = [taskRoot, ...(optRoot === undefined ? [] : [optRoot])].map((place) =>
    join(place, "bootstrap"),
  );
  if (places.some(isProgram)) return;
  const there = places.find(isFile);
  if (there !== undefined) throw userFailure(`${there} is not executable`, `Make it so: chmod +x ${there}`);
  throw userFailure(
    `There is no command, and no bootstrap in ${taskRoot}`,
    `Say how your app is started: anylambda dev ${likelyCommand(taskRoot)}`,
  );
}

function notFound(
  name: string,
  args: readonly string[],
  candidates: readonly string[],
  directory: string,
): Error {
  const there = candidates.find(isFile);
  if (there !== undefined) return userFailure(`${there} is not executable`, `Make it so: chmod +x ${there}`);
  if (args.length === 0 && /\s/.test(name)) {
    return userFailure(
      `There is no program called "${name}"`,
      `Leave out the quotes: anylambda dev -- ${name}`,
    );
  }
  return name.includes("/")
    ? userFailure(`There is no file ${candidates[0]}`, `Relative names are looked for in ${directory}.`)
    : userFailure(
        `There is no program called "${name}"`,
        "Check the spelling, and that it is installed and in your PATH.",
      );
}

/** What cannot be looked at, as a place of somebody else's `PATH`, is none. */
export function isFile(path: string): boolean {
  try {
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

export function isProgram(path: string): boolean {
  if (!isFile(path)) return false;
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
