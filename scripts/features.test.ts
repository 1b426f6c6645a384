import { existsSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";

const root = new URL("../", import.meta.url);
const read = (path: string): string => readFileSync(new URL(path, root), "utf8");
const [features = "", shown = ""] = read("docs/features.md").split("## Shown by");

/** Cells of the rows of a page's only table, without its head. */
function rowsOf(page: string): string[][] {
  const lines = page.split("\n").filter((line) => line.startsWith("|"));
  return lines.slice(2).map((line) =>
    line
      .split("|")
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );
}

describe("docs/features.md", () => {
  const claimed = rowsOf(features);
  const proofs = rowsOf(shown);
  it("has every feature once, and a word on each for everybody", () => {
    expect(claimed).toHaveLength(28);
    expect(new Set(claimed.map(([name]) => name)).size).toBe(28);
    for (const cells of claimed)
      expect(
        cells.filter((cell) => cell !== ""),
        cells[0],
      ).toHaveLength(8);
  });
  it("shows all that is claimed of anylambda, and nothing else", () => {
    const held = claimed.filter((cells) => cells.at(-1) !== "✘").map(([name]) => name);
    expect(proofs.map(([name]) => name)).toEqual(held);
  });
  it.each(proofs)("%s: there is such a test", (_name, file = "", test = "") => {
    expect(read(file.replaceAll("`", ""))).toContain(`("${test}"`);
  });
});

describe("README.md", () => {
  it("compares in the words of docs/features.md", () => {
    const [, table = ""] =
      /<!-- rows of docs\/features\.md[^]*?-->([^]*?)<!-- end -->/.exec(read("README.md")) ?? [];
    const compared = rowsOf(table);
    expect(compared.length).toBeGreaterThan(10);
    // Without the column of RIE's mode for Managed Instances.
    const all = rowsOf(features).map((cells) => cells.filter((_, at) => at !== 2));
    for (const cells of compared) expect(all).toContainEqual(cells);
  });
  it("links to pages and pictures that exist", () => {
    const links = [...read("README.md").matchAll(/\]\(([^)#]+)(?:#[^)]*)?\)/g)].map(([, file = ""]) => file);
    expect(links.length).toBeGreaterThan(10);
    expect(links.filter((file) => !existsSync(new URL(file, root)))).toEqual([]);
  });
});

describe("SPECIFICATION.md", () => {
  const page = read("SPECIFICATION.md");
  it("has each number once", () => {
    const numbers = [...page.matchAll(/^\| (\d+) \|/gm)].map(([, number]) => number);
    expect(numbers.filter((number, at) => numbers.indexOf(number) !== at)).toEqual([]);
  });
  it("names only tests and benches that exist", () => {
    const named = [...page.matchAll(/`([\w./-]+\.(?:test\.ts|mjs|rs))`/g)].map(([, file = ""]) => file);
    const places = ["", "packages/", "packages/sandbox/src/"];
    expect(named.length).toBeGreaterThan(20);
    expect(named.filter((file) => !places.some((place) => existsSync(new URL(place + file, root))))).toEqual(
      [],
    );
  });
});
