/** Secrets in the memory of a snapshot: whoever gets the image has them, and rotating one means publishing anew. */
import { createReadStream } from "node:fs";
import { readdir } from "node:fs/promises";
import { join, relative } from "node:path";
import type { Finding } from "./compare.ts";

/** A value that is known to be secret: of a variable whose name says so, or of a file of variables. */
export interface KnownSecret {
  /** Of the variable. */
  readonly name: string;
  readonly value: string;
}

const patterns: readonly { readonly name: string; readonly pattern: RegExp }[] = [
  { name: "an AWS access key", pattern: /(?<![A-Z0-9])(?:AKIA|ASIA)[A-Z2-7]{16}(?![A-Z0-9])/g },
  { name: "a private key", pattern: /-----BEGIN (?:[A-Z]+ )?PRIVATE KEY-----[\r\n]+[A-Za-z0-9+/=]{16}/g },
  { name: "a GitHub token", pattern: /(?<![A-Za-z0-9])gh[pousr]_[A-Za-z0-9]{36}(?![A-Za-z0-9])/g },
  { name: "a Slack token", pattern: /(?<![A-Za-z0-9])xox[baprs]-[A-Za-z0-9-]{20,}/g },
  { name: "a Stripe key", pattern: /(?<![A-Za-z0-9])[sr]k_live_[A-Za-z0-9]{20,}/g },
];

/** Longer than anything that is looked for, so that nothing is cut in two. */
const overlapBytes = 4096;

/** Values shorter than this are in any memory by chance. */
const shortestValue = 8;

/** Looks through every file of an image. Each secret is told once, masked, with the place where it was found first. */
export async function findSecrets(
  directory: string,
  known: readonly KnownSecret[],
  /** What the sandbox itself gave the function. */
  ours: readonly string[],
): Promise<Finding[]> {
  const found = new Map<string, Finding>();
  const tell = (text: string, what: string, file: string): void => {
    if (found.has(text) || ours.some((own) => own.includes(text))) return;
    const where = `the image, ${file}`;
    found.set(text, { kind: "secret", grade: "fault", where, what: `${what}: ${masked(text)}` });
  };
  const values = known.filter(({ value }) => value.length >= shortestValue);
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  const files = entries
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => join(parentPath, name));
  for (const file of files.map((path) => relative(directory, path)).toSorted())
    for await (const text of textOf(join(directory, file))) {
      for (const { name, value } of values)
        if (text.includes(value)) tell(value, `the value of ${name}`, file);
      for (const { name, pattern } of patterns)
        for (const [match] of text.matchAll(pattern)) tell(match, name, file);
    }
  return [...found.values()];
}

/** Latin-1: every byte is one character, and what is ASCII in memory is found as it is. */
async function* textOf(file: string): AsyncGenerator<string> {
  let rest = "";
  for await (const bytes of createReadStream(file, { highWaterMark: 1 << 20 })) {
    const text = rest + (bytes as Buffer).toString("latin1");
    yield text;
    rest = text.slice(-overlapBytes);
  }
}

/** Enough to find it again, too little to use it. */
function masked(secret: string): string {
  return `${secret.slice(0, 4)}…(${secret.length} characters)`;
}

const speaking =
  /(secret|passw(or)?d|token|api_?key|private_?key|credential|dsn|database_url|connection_?string)/i;

/** Of a function's variables those whose names say that their values are secret, and all that came from a file. */
export function secretsAmong(
  variables: Readonly<Record<string, string>>,
  fromFile: Readonly<Record<string, string>>,
): KnownSecret[] {
  return Object.entries(variables)
    .filter(
      ([name]) =>
        speaking.test(name) || (name in fromFile && !/^(PORT|HOST|NODE_ENV|TZ|LANG|PATH)$/.test(name)),
    )
    .map(([name, value]) => ({ name, value }));
}
