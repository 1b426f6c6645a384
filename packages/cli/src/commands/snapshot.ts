/** `anylambda snapshot create|list|inspect|rm|doctor`: published versions that outlive the command. */
import { damagedFilesOf, obstacleOf, probe } from "@anylambda/checkpoint";
import { Publication } from "@anylambda/sandbox";
import { bootFailure } from "../boot-failure.ts";
import type { ExitName } from "../exit-codes.ts";
import { type FunctionOptions, planFunction } from "../function-plan.ts";
import { type OutputOptions, reporterFor } from "../output/reporter.ts";
import { chooseEngine } from "../snapshot-engine.ts";
import {
  type StoredImage,
  keepSnapshot,
  removeSnapshot,
  requireFree,
  snapshotStore,
  storedImage,
  storedImages,
} from "../snapshot-store.ts";
import { watchInterrupts } from "./interrupts.ts";
import { reporting } from "./reporting.ts";

export interface SnapshotCreateOptions extends FunctionOptions, OutputOptions {}

export interface SnapshotOptions {
  readonly json?: boolean | undefined;
}

export function snapshotCreate(
  command: readonly string[],
  options: SnapshotCreateOptions,
): Promise<ExitName> {
  const reporter = reporterFor(options, process.stdout);
  return reporting(reporter, async () => {
    const store = snapshotStore(process.env);
    const plan = await planFunction(command, { ...options, snapstart: "criu" }, process.env);
    const { configuration, path } = plan;
    requireFree(store, configuration.name);
    for (const message of plan.warnings) reporter.tell({ type: "warning", message });
    const { engine } = await chooseEngine("criu", options.reach, 0);
    const interrupts = watchInterrupts();
    const limitMemory = options.memoryLimit !== false;
    const publication = new Publication(configuration, {
      engine,
      report: reporter.tell,
      path,
      limitMemory,
    });
    try {
      const first = await Promise.race([publication.done, interrupts.first]);
      if (typeof first === "string") {
        await publication.abandon();
        return "interrupted";
      }
      if (first.snapshot === undefined) throw bootFailure(first.report, plan);
      await keepSnapshot(store, configuration.name, first.snapshot);
      process.stdout.write(`${lineOf(await storedImage(store, configuration.name))}\n`);
      return "done";
    } finally {
      interrupts.release();
    }
  });
}

export async function snapshotList({ json }: SnapshotOptions): Promise<ExitName> {
  const images = await storedImages(snapshotStore(process.env));
  if (json === true) process.stdout.write(`${JSON.stringify(images.map(summaryOf))}\n`);
  else if (images.length === 0)
    process.stdout.write("There are no snapshots. anylambda snapshot create takes one.\n");
  else for (const image of images) process.stdout.write(`${lineOf(image)}\n`);
  return "done";
}

export function snapshotInspect(name: string, { json }: SnapshotOptions): Promise<ExitName> {
  return reporting(reporterFor({}, process.stdout), async () => {
    const image = await storedImage(snapshotStore(process.env), name);
    const damaged = await damagedFilesOf(image);
    const told = { ...summaryOf(image), damaged };
    if (json === true) process.stdout.write(`${JSON.stringify(told)}\n`);
    else
      for (const [what, value] of Object.entries(told))
        process.stdout.write(
          `${what.padEnd(14)}${Array.isArray(value) ? value.join("\n".padEnd(15)) || "none" : value}\n`,
        );
    return damaged.length === 0 ? "done" : "failed";
  });
}

export function snapshotRemove(names: readonly string[]): Promise<ExitName> {
  return reporting(reporterFor({}, process.stdout), async () => {
    for (const name of names) await removeSnapshot(snapshotStore(process.env), name);
    return "done";
  });
}

/** Freezes and restores a small program to find out. */
export async function snapshotDoctor({ json }: SnapshotOptions): Promise<ExitName> {
  const { ok, findings } = await probe();
  if (json === true) process.stdout.write(`${JSON.stringify({ ok, findings })}\n`);
  else
    for (const { what, ok: fine, detail } of findings)
      process.stdout.write(
        `${fine ? "ok  " : "no  "}${what}: ${detail.replaceAll("\n", `\n${" ".repeat(4)}`)}\n`,
      );
  return ok ? "done" : "failed";
}

/** Without the notes: they hold the function's variables. */
function summaryOf(image: StoredImage) {
  const { manifest, directory, name } = image;
  return {
    name,
    directory,
    created: manifest.created,
    size: sizeOf(manifest.bytes),
    format: manifest.format,
    kernel: manifest.machine.kernel,
    cpu: manifest.machine.cpu,
    criu: manifest.criuVersion,
    programs: manifest.programs.map((program) => `${program.name} (process ${program.pid})`),
    private: [...manifest.private],
    connections: manifest.connections.map(({ local, remote }) => `${local} to ${remote}`),
    writable: [...(manifest.writable ?? [])],
    outside: [...manifest.outside],
    restorable: obstacleOf(image) ?? "yes",
  };
}

function lineOf(image: StoredImage): string {
  const { name, created, size, restorable } = summaryOf(image);
  const note = restorable === "yes" ? "" : `  not here: ${restorable}`;
  return `${name.padEnd(24)}${created.slice(0, 19).replace("T", " ")}  ${size.padStart(9)}${note}`;
}

function sizeOf(bytes: number): string {
  return `${(bytes / 1_000_000).toFixed(1)} MB`;
}
