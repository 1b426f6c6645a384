import { describe, expect, it } from "vitest";
import { languageOf, mendOf } from "./mends.ts";

describe("languageOf", () => {
  it.each([
    ["/usr/bin/node", [], "node"],
    ["/app/.venv/bin/python3.11", [], "python"],
    ["/app/.venv/bin/uvicorn", [], "python"],
    ["/usr/bin/java", [], "java"],
    ["./server", ["go.mod"], "go"],
    ["./server", ["Cargo.toml"], "rust"],
    ["/usr/bin/ruby", [], "ruby"],
    ["/usr/bin/php8.2", [], "php"],
    ["/usr/bin/dotnet", [], "dotnet"],
    ["./server", ["readme"], "other"],
  ] as const)("of %s with %j beside it", (program, files, language) => {
    expect(languageOf(program, files)).toBe(language);
  });
});

describe("mendOf", () => {
  it("has words of the language's own for what is random", () => {
    expect(mendOf("repeated-sequence", "node")).toContain("/dev/urandom");
    expect(mendOf("repeated-sequence", "python")).toContain("random.seed()");
    expect(mendOf("answer-changed", "go")).toContain("ANYLAMBDA_AFTER_RESTORE");
  });
});
