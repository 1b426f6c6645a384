/** `npm run fuzz`: guided by coverage, for as long as asked; what it learns goes into the corpus. */
import { createHash } from "node:crypto";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { addTo, hasNewPlace, markPlaces, startCoverage } from "./coverage.ts";
import type { Coverage, Reached } from "./coverage.ts";
import { Find, nextInput, readCorpus, tryInput } from "./fuzzer.ts";
import type { CorpusFile } from "./fuzzer.ts";
import { randomOf } from "./random.ts";
import { targets } from "./targets.ts";
import type { Target } from "./target.ts";

/** Coverage is asked for after so many inputs, since asking costs far more than they do; news is then traced. */
const BATCH = 512;

/** Larger inputs are tried, but not kept: the corpus is read by people and carried by git, and its children are slow. */
const MAX_KEPT_BYTES = 1024;

/** One fault shows itself in many ways; after so many of them it is time to mend. */
const MAX_FINDS = 5;

/** Inputs that were found are named by their hash; those with another name are kept whatever they reach. */
const foundName = /^[0-9a-f]{12}$/;

export interface LongRun {
  readonly seconds: number;
  readonly seed: number;
  /** Targets by name; empty means all. */
  readonly names: readonly string[];
  /** The folder `corpus/`. */
  readonly corpus: URL;
  /** The script that holds the code under test. */
  readonly script: string;
}

interface Tools {
  readonly coverage: Coverage;
  /** Of the script, characters. */
  readonly length: number;
}

/** Exit code: 1 with a find, 2 for a name that is none. */
export function runLong({ seconds, seed, names, corpus, script }: LongRun): number {
  const unknown = names.filter((name) => !targets.some((target) => target.name === name));
  if (unknown.length > 0) {
    console.error(
      `No target is called ${unknown.join(", ")}; there are ${targets.map(({ name }) => name).join(", ")}.`,
    );
    return 2;
  }
  const chosen = targets.filter(({ name }) => names.length === 0 || names.includes(name));
  const { length } = readFileSync(new URL(script), "utf8");
  const coverage = startCoverage(script, length);
  let finds = 0;
  for (const target of chosen) {
    const folder = new URL(`${target.name}/`, corpus);
    finds += fuzzTarget(target, folder, { coverage, length }, (seconds * 1000) / chosen.length, seed);
  }
  coverage.stop();
  return finds > 0 ? 1 : 0;
}

function fuzzTarget(target: Target, folder: URL, tools: Tools, ms: number, seed: number): number {
  const { coverage, length } = tools;
  const random = randomOf(seed);
  const files = readCorpus(folder);
  const inputs = files.map(({ bytes }) => bytes);
  const reached: Reached = new Uint8Array(length);
  const finds = new Map<string, Find>();
  const attempt = (input: Uint8Array): void => {
    try {
      tryInput(target, input);
    } catch (error) {
      if (!(error instanceof Find)) throw error;
      // Of inputs that fail alike the shortest; the rest says nothing new.
      const why = String(error.cause).split(/["\d[]/, 1)[0] ?? "";
      const known = finds.get(why);
      if (known === undefined ? finds.size < MAX_FINDS : known.input.length > input.length)
        finds.set(why, error);
    }
  };
  // One way for one input and for many: it is part of the script, and must be no news itself.
  const reachedBy = (some: readonly Uint8Array[]): Reached => coverage.of(() => some.forEach(attempt));
  const bringsNews = (input: Uint8Array): boolean => addTo(reached, reachedBy([input]));
  for (const input of inputs) bringsNews(input);
  /** The inputs of a batch that reach a new place, found by halving it. */
  const tracedNews = (batch: readonly Uint8Array[]): Uint8Array[] => {
    if (batch.length === 1) return batch.filter(bringsNews);
    const places = reachedBy(batch);
    if (!hasNewPlace(places, reached)) return [];
    const seen = places.slice();
    const middle = batch.length >> 1;
    const news = [...tracedNews(batch.slice(0, middle)), ...tracedNews(batch.slice(middle))];
    // What V8 tells of many inputs but of none of them alone is not to be looked for again.
    markPlaces(reached, seen);
    return news;
  };

  const end = performance.now() + ms;
  let tried = 0;
  const known = inputs.length;
  while (performance.now() < end) {
    const batch = Array.from({ length: BATCH }, () => nextInput(target, inputs, random));
    tried += batch.length;
    // One of them alone, for the counts: those of a batch are sums, and no news.
    const news = [...batch.slice(0, 1).filter(bringsNews), ...tracedNews(batch)];
    inputs.push(...news.filter(({ length: bytes }) => bytes <= MAX_KEPT_BYTES));
  }
  const kept = distil(inputs, reachedBy, length);
  save(folder, files, kept);
  for (const find of finds.values()) {
    writeFileSync(new URL(`find-${nameOf(find.input)}`, folder), find.input);
    console.error(find.message);
  }
  const places = reached.reduce((sum, bits) => sum + (bits === 0 ? 0 : 1), 0);
  console.log(
    `${target.name}: ${tried} inputs (seed ${seed}), ${inputs.length - known} with news, ${places} characters of code reached, ` +
      `corpus of ${kept.length}, ${finds.size} finds`,
  );
  return finds.size;
}

/** The smallest inputs first, and of those only such as reach what the ones before did not. */
function distil(
  inputs: readonly Uint8Array[],
  reachedBy: (some: readonly Uint8Array[]) => Reached,
  length: number,
): Uint8Array[] {
  const reached: Reached = new Uint8Array(length);
  return inputs.toSorted((a, b) => a.length - b.length).filter((input) => addTo(reached, reachedBy([input])));
}

function save(folder: URL, files: readonly CorpusFile[], kept: readonly Uint8Array[]): void {
  const names = new Set(kept.map(nameOf));
  for (const { name } of files) if (foundName.test(name) && !names.has(name)) rmSync(new URL(name, folder));
  const held = new Set(files.map(({ bytes }) => nameOf(bytes)));
  for (const input of kept) {
    const name = nameOf(input);
    if (!held.has(name)) writeFileSync(new URL(name, folder), input);
  }
}

function nameOf(input: Uint8Array): string {
  return createHash("sha256").update(input).digest("hex").slice(0, 12);
}
