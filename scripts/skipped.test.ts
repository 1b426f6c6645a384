import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";

const root = fileURLToPath(new URL("..", import.meta.url));

describe("npm test", () => {
  it("names every test that needs real snapshots, where the machine cannot take them", () => {
    const files = [
      "packages/checkpoint/src/pod.test.ts",
      "packages/sandbox/src/snapstart/criu-telemetry.test.ts",
    ];
    const words = [
      "scripts/test.mjs",
      "--as-built",
      "--project",
      "checkpoint",
      "--project",
      "sandbox",
      ...files,
    ];
    // A CRIU that does nothing: the probe finds out, as it does with one that the kernel refuses.
    const { VITEST: _, ...env } = process.env;
    const { status, stdout } = spawnSync(process.execPath, words, {
      cwd: root,
      encoding: "utf8",
      env: { ...env, ANYLAMBDA_CRIU: "/bin/false" },
    });
    const skipped = stdout.split("\n").filter((line) => line.startsWith("skipped: "));
    for (const name of [
      "a pod is frozen in the middle of a request and goes on in every copy (2)",
      "an image says what it is, is listed, found damaged, refused elsewhere, and removed",
      "a subscription to telemetry that was made before the snapshot goes on in every copy",
    ])
      expect(
        skipped.filter((line) => line.includes(name)),
        name,
      ).toHaveLength(1);
    expect(stdout.trimEnd().split("\n").at(-1)).toMatch(
      new RegExp(`^\\d+ passed, 0 failed, ${skipped.length} skipped$`),
    );
    expect(status).toBe(0);
  });
});
