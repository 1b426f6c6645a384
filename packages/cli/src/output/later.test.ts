import { spawnSync } from "node:child_process";
import { buildSync } from "esbuild";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { laterReporter } from "./later.ts";
import type { Notice } from "./notice.ts";

const of = (environment: string, line: string): Notice =>
  ({ type: "log", environment, environmentNumber: 1, time: new Date(0), line }) as unknown as Notice;
const warning: Notice = { type: "warning", message: "careful" };

function telling() {
  const told: string[] = [];
  const tell = (notice: Notice): void => {
    told.push("line" in notice ? notice.line : notice.type);
  };
  return { told, reporter: laterReporter({ tell }) };
}

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe("laterReporter", () => {
  it("tells together what was told within 5 ms, in its order (1), (3)", () => {
    const { told, reporter } = telling();
    for (const round of ["a", "b"]) {
      reporter.tell(of("e", `${round}1`));
      vi.advanceTimersByTime(4);
      reporter.tell(of("f", `${round}2`));
      told.push("|");
      vi.advanceTimersByTime(1);
    }
    expect(told).toEqual(["|", "a1", "a2", "|", "b1", "b2"]);
  });

  it("tells what is of no environment at once, and what came before it first (1)", () => {
    const { told, reporter } = telling();
    reporter.tell(of("e", "1"));
    reporter.tell(warning);
    reporter.tell(of("e", "2"));
    expect(told).toEqual(["1", "warning"]);
    vi.advanceTimersByTime(5);
    expect(told).toEqual(["1", "warning", "2"]);
  });

  it("loses nothing when the process ends at once (2)", () => {
    const contents = `
      import { gathered } from "./gathered.ts";
      import { laterReporter } from "./later.ts";
      const { write } = gathered(process.stdout);
      const { tell } = laterReporter({ tell: ({ line }) => write(line) });
      tell({ type: "log", environment: "e", line: "last words" });
      process.exit();`;
    const stdin = { contents, resolveDir: import.meta.dirname };
    const { outputFiles } = buildSync({ stdin, bundle: true, write: false, format: "esm", platform: "node" });
    const args = ["--input-type=module", "--eval", outputFiles[0]?.text ?? ""];
    const { stdout } = spawnSync(process.execPath, args, { encoding: "utf8" });
    expect(stdout).toBe("last words");
  });
});
