import { mkdirSync, writeFileSync } from "node:fs";
import { cpus, loadavg, release } from "node:os";
import { join } from "node:path";
import { root } from "./programs.mjs";

/** The value below which `share` of the samples lie. */
export function percentile(samples, share) {
  const sorted = Float64Array.from(samples).sort();
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))];
}

export const us = (ms) => `${Math.round(ms * 1000)} us`;
export const ms = (value) => `${value.toFixed(0)} ms`;
export const mb = (value) => `${value.toFixed(1)} MB`;

/** Prints a Markdown table with the conditions it was measured under, and keeps the raw figures as JSON. */
export function report(name, sentence, columns, rows, raw) {
  const conditions = `${cpus().length} cores (${cpus()[0].model.trim()}), Linux ${release()}, Node ${process.version}, load ${loadavg()[0].toFixed(2)}`;
  console.log(
    `\n### ${name}\n\n${sentence}\n\n| ${columns.join(" | ")} |\n|${columns.map(() => "---").join("|")}|`,
  );
  for (const row of rows) console.log(`| ${row.join(" | ")} |`);
  console.log(`\n${conditions}`);
  const folder = join(root, "bench", "results");
  mkdirSync(folder, { recursive: true });
  writeFileSync(
    join(folder, `${name}.json`),
    JSON.stringify({ name, conditions, columns, rows, raw }, null, 2),
  );
}

/**
 * Samples of each subject, ms, in alternating rounds: whatever the machine does meanwhile, it does to all of them.
 * The first round of each warms up and is not counted.
 */
export async function alternate(subjects, rounds, perRound) {
  const samples = new Map(subjects.map(({ name }) => [name, []]));
  for (let round = 0; round <= rounds; round++)
    for (const { name, once } of subjects)
      for (let i = 0; i < perRound; i++) {
        const start = performance.now();
        await once();
        if (round > 0) samples.get(name).push(performance.now() - start);
      }
  return samples;
}
