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
 * `warmUp` calls of each come first and are not counted. `onRound(name, begins)` is called around each counted round.
 */
export async function alternate(subjects, rounds, perRound, { warmUp = perRound, onRound = () => {} } = {}) {
  const samples = new Map(subjects.map(({ name }) => [name, []]));
  for (const { once } of subjects) for (let i = 0; i < warmUp; i++) await once();
  for (let round = 0; round < rounds; round++)
    for (const { name, once } of subjects) {
      onRound(name, true);
      for (let i = 0; i < perRound; i++) {
        const start = performance.now();
        await once();
        samples.get(name).push(performance.now() - start);
      }
      onRound(name, false);
    }
  return samples;
}

/** Median of the ratios of two subjects' medians, round by round: what came and went on the machine is not in it. */
export function pairedRatio(samples, others, perRound) {
  const medians = (all) =>
    Array.from({ length: all.length / perRound }, (_, round) =>
      percentile(all.slice(round * perRound, (round + 1) * perRound), 0.5),
    );
  const denominators = medians(others);
  return percentile(
    medians(samples).map((median, round) => median / denominators[round]),
    0.5,
  );
}
