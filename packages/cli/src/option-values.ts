/** What may stand behind an option. A wrong value is a usage error that names what would be right. */
import { InvalidArgumentError } from "commander";

export function integerBetween(least: number, most: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (/^\d+$/.test(text) && value >= least && value <= most) return value;
    throw new InvalidArgumentError(`It must be a whole number from ${least} to ${most}.`);
  };
}

/** Collects `--reach 5432 --reach 6379`. */
export function ports(text: string, before: readonly number[] = []): readonly number[] {
  return [...before, integerBetween(1, 65_535)(text)];
}

/** Lambda's rule for names of variables. */
const variableName = /^[a-zA-Z][a-zA-Z0-9_]+$/;

/** Collects `-e A=1 -e B=2`; the last of a name counts. */
export function variable(
  text: string,
  before: Readonly<Record<string, string>> = {},
): Record<string, string> {
  const at = text.indexOf("=");
  if (at === -1) {
    throw new InvalidArgumentError(
      `Write NAME=VALUE, or --pass-env ${text} for a variable of your own shell.`,
    );
  }
  const name = requireName(text.slice(0, at));
  return { ...before, [name]: text.slice(at + 1) };
}

export function variableNames(text: string, before: readonly string[] = []): string[] {
  return [...before, requireName(text)];
}

function requireName(name: string): string {
  if (variableName.test(name)) return name;
  throw new InvalidArgumentError(
    "On Lambda the name of a variable has letters, digits and _, begins with a letter, and is two or longer.",
  );
}

export function functionName(text: string): string {
  if (/^[a-zA-Z0-9_-]{1,64}$/.test(text)) return text;
  throw new InvalidArgumentError("It may have up to 64 letters, digits, - and _.");
}

/** Collects `--alias live --alias test`. */
export function aliases(text: string, before: readonly string[] = []): string[] {
  if (/^(?!\d+$)[a-zA-Z0-9_-]{1,128}$/.test(text)) return [...before, text];
  throw new InvalidArgumentError("It may have letters, digits, - and _, and must not be a number.");
}

export function regionName(text: string): string {
  if (/^[a-z]{2,4}(-[a-z]+)+-\d{1,2}$/.test(text)) return text;
  throw new InvalidArgumentError("It looks like eu-central-1.");
}

export function paths(path: string, before: readonly string[] = []): string[] {
  return [...before, path];
}

/** Collects what may be repeated. */
export function texts(text: string, before: readonly string[] = []): string[] {
  return [...before, text];
}

export function issuerUrl(text: string): string {
  if (/^https?:\/\/[^\s?#]+$/.test(text)) return text;
  throw new InvalidArgumentError("It is a URL, letter for letter as iss has it: https://issuer.example/.");
}
