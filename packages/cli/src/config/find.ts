/** Which file says what functions there are. Apart from what reads it, so that most starts read neither. */
import { existsSync } from "node:fs";
import { resolve } from "node:path";

const names = ["anylambda.yaml", "anylambda.yml", "template.yaml", "template.yml"] as const;

/** The one of the directory, if it has any. */
export function findConfig(directory: string): string | undefined {
  return names.map((name) => resolve(directory, name)).find((file) => existsSync(file));
}
