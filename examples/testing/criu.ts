/** Whether this machine can freeze and restore processes, as the command's own doctor finds by doing it. */
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";

const anylambda = fileURLToPath(new URL("../../packages/cli/dist/bundle/anylambda.mjs", import.meta.url));

/** What it lacks, in words; `undefined` when it can. */
export function criuMissing(): string | undefined {
  const { stdout } = spawnSync(process.execPath, [anylambda, "snapshot", "doctor", "--json"], {
    encoding: "utf8",
  });
  const { ok, findings } = JSON.parse(stdout) as {
    readonly ok: boolean;
    readonly findings: readonly { readonly what: string; readonly ok: boolean }[];
  };
  const failed = findings.filter((finding) => !finding.ok).map(({ what }) => what);
  return ok ? undefined : `not here: ${failed.join(", ")}`;
}
