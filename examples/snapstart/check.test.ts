/**
 * What `anylambda snapstart check` finds: in each app that is broken on purpose its fault and no other, and nothing in its
 * sound twin. Memory is really restored here; where that cannot be done these tests are skipped by name.
 */
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { start } from "../testing/programs.ts";

const here = fileURLToPath(new URL(".", import.meta.url));
const root = join(here, "..", "..");
const anylambda = join(root, "packages", "cli", "dist", "bundle", "anylambda.mjs");
const needed = [
  join(root, "target", "criu", "criu"),
  join(root, "dist", "native", `linux-${process.arch}`, "anylambda-pod"),
];
const absent = needed.filter((file) => !existsSync(file));
const missing = absent.length === 0 ? "" : ` (${absent.join(", ")} missing)`;

interface Report {
  readonly engine: string;
  readonly language: string;
  readonly findings: readonly { kind: string; grade: string; where: string; what: string; mend: string }[];
}

let folder: string;
let keyFile: string;

beforeAll(() => {
  // Not in /tmp: an environment has one of its own.
  folder = mkdtempSync(join(root, "target", "snapstart-key-"));
  keyFile = join(folder, "key");
  // Made of two pieces, so that nobody's scanner takes this file for a leak.
  writeFileSync(keyFile, ["AKIA", "J5QLH7ZVSNAM2X4D"].join(""));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function check(
  side: "broken" | "sound",
  app: string,
  program: string,
): Promise<{ code: number | null; report: Report }> {
  const options = ["--json", "--quiet", "--engine", "criu", "--after", "7", "--request", "/order"];
  const variables = ["-e", `KEY_FILE=${keyFile}`];
  const running = start({
    file: process.execPath,
    args: [anylambda, "snapstart", "check", ...options, ...variables, "--", program, app],
    cwd: join(here, side),
    env: { PATH: process.env["PATH"] ?? "" },
  });
  const { code } = await running.ended;
  if (running.stdout() === "") throw new Error(running.output());
  return { code, report: JSON.parse(running.stdout()) as Report };
}

const apps = [
  { app: "uuid.mjs", program: "node", kind: "repeated-sequence", mend: "/dev/urandom" },
  { app: "sequence.py", program: "python3", kind: "repeated-sequence", mend: "SystemRandom" },
  { app: "token.mjs", program: "node", kind: "answer-changed", mend: "fetch it again" },
  { app: "secret.mjs", program: "node", kind: "secret", mend: "from the secret store" },
] as const;

describe.skipIf(missing !== "")(`snapstart check${missing}`, () => {
  it.each(apps)(
    "finds the fault of broken/$app, and how to mend it",
    async ({ app, program, kind, mend }) => {
      const { code, report } = await check("broken", app, program);
      expect(report.engine).toBe("criu");
      expect(report.findings.map((finding) => [finding.kind, finding.grade])).toEqual([[kind, "fault"]]);
      expect(report.findings[0]?.mend).toContain(mend);
      expect(code).toBe(1);
    },
  );

  it.each(apps)("finds nothing in sound/$app", async ({ app, program }) => {
    const { code, report } = await check("sound", app, program);
    expect(report).toMatchObject({ engine: "criu", findings: [] });
    expect(code).toBe(0);
  });
});
