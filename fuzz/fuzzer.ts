/** The loop: an input of the corpus is changed, tried, and kept when it reaches what none has reached. */
import { readFileSync, readdirSync } from "node:fs";
import { mutateBytes, mutateJson } from "./mutate.ts";
import type { Random } from "./random.ts";
import type { Target } from "./target.ts";

export interface CorpusFile {
  readonly name: string;
  readonly bytes: Uint8Array;
}

/** Every file of the target's corpus, in the order of their names. */
export function readCorpus(folder: URL): CorpusFile[] {
  const names = readdirSync(folder).toSorted();
  return names.map((name) => ({ name, bytes: new Uint8Array(readFileSync(new URL(name, folder))) }));
}

/** What a target did wrong, and the input that made it. */
export class Find extends Error {
  override readonly name = "Find";
  readonly input: Uint8Array;

  constructor(target: Target, input: Uint8Array, cause: unknown) {
    const text = Buffer.from(input).toString("base64");
    super(`${target.name} fails for the input (base64) ${text}: ${String(cause)}`, { cause });
    this.input = input;
  }
}

export function tryInput(target: Target, input: Uint8Array): void {
  try {
    target.check(input);
  } catch (error) {
    throw new Find(target, input, error);
  }
}

/** A new input from those there are. */
export function nextInput(target: Target, inputs: readonly Uint8Array[], random: Random): Uint8Array {
  const input = random.maybe(inputs) ?? new Uint8Array(0);
  const text =
    target.isJson && random.below(4) > 0
      ? mutateJson(Buffer.from(input).toString("utf8"), random, target.words)
      : undefined;
  if (text !== undefined) return new Uint8Array(Buffer.from(text));
  return mutateBytes(input, random, target.words, inputs);
}
