import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Box, type BoxOptions } from "./box.ts";

let scratch: string;
beforeAll(() => (scratch = mkdtempSync(join(tmpdir(), "anylambda-box-test-"))));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

/** A program in the place of `anylambda-pod`. */
function program(name: string, source: string): BoxOptions {
  const file = join(scratch, name);
  writeFileSync(file, `#!${process.execPath}\n${source}`, { mode: 0o755 });
  const nothing = { private: [], keep: [], directories: [], ports: [] };
  return { program: file, ...nothing, outlets: 0, lastPid: 1000, userNamespace: false };
}

describe("a box", () => {
  it("gives no orders to a program of another version, and says what to do (4)", async () => {
    const older = `process.on("disconnect", () => process.exit());
      process.on("message", () => process.exit(1));
      process.send({ ready: process.pid, outlets: [], pipes: [] });`;
    const opened = Box.open(program("older", older));
    await expect(opened).rejects.toThrow(
      /older is of another version than this anylambda: install both anew/,
    );
  });

  it("fails with what the program said when it can not be made", async () => {
    const failing = `console.error("no namespaces here"); process.exit(70);`;
    await expect(Box.open(program("failing", failing))).rejects.toThrow(/no namespaces here/);
    await expect(Box.open({ ...program("x", ""), program: join(scratch, "missing") })).rejects.toThrow(
      /ENOENT/,
    );
  });
});
