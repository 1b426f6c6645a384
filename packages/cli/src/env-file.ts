/** Variables from a file of `NAME=VALUE` lines, as Node's own `--env-file` reads it. */
import { readFileSync } from "node:fs";
import { parseEnv } from "node:util";
import { systemCodeOf, userFailure } from "./user-failure.ts";

export function readEnvFile(file: string): Record<string, string> {
  let content: string;
  try {
    content = readFileSync(file, "utf8");
  } catch (cause) {
    const why = systemCodeOf(cause) === "ENOENT" ? "There is no file" : "Cannot read";
    throw userFailure(`${why} ${file}`, "--env-file takes a file with a NAME=VALUE on each line.", { cause });
  }
  const found: Record<string, string> = {};
  for (const [name, value] of Object.entries(parseEnv(content))) if (value !== undefined) found[name] = value;
  return found;
}
