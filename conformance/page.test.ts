import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { differences } from "./differences.ts";
import { faults } from "./faults.ts";
import { compatibilityPage } from "./page.ts";
import { pins } from "./pins.ts";
import { topics } from "./scenarios/index.ts";

const scenarios = topics.flatMap((topic) => topic.scenarios);

describe("scenarios", () => {
  it("are at least 250", () => {
    expect(scenarios.length).toBeGreaterThanOrEqual(250);
  });

  it("have a name each", () => {
    const names = scenarios.map(({ name }) => name);
    expect(names.filter((name, index) => names.indexOf(name) !== index)).toEqual([]);
  });

  it("name a fault exactly where the verdict is one", () => {
    const wrong = scenarios.filter(({ faults, lwa }) => (faults !== undefined) !== (lwa?.is === "fault"));
    expect(wrong.map(({ name }) => name)).toEqual([]);
  });

  it("show every fault of LWA, or the list says why none does", () => {
    const shown = (id: string): boolean => scenarios.some((one) => one.faults?.includes(id) === true);
    expect(faults.filter(({ id, unseen }) => shown(id) === (unseen !== undefined))).toEqual([]);
    const known = new Set(faults.map(({ id }) => id));
    expect(scenarios.flatMap((one) => one.faults ?? []).filter((id) => !known.has(id))).toEqual([]);
  });

  it("name every difference, and only those that are listed", () => {
    const named = scenarios.flatMap(({ lwa }) => (lwa?.is === "different" ? [lwa.named] : []));
    const listed = differences.filter(({ unseen }) => unseen === undefined).map(({ name }) => name);
    expect(new Set(named)).toEqual(new Set(listed));
  });

  it("show everything that LWA's own tests pin, or the list says why not", () => {
    const shown = (number: number): boolean => scenarios.some((one) => one.pins?.includes(number) === true);
    expect(pins).toHaveLength(86);
    expect(pins.filter(({ number, unseen }) => shown(number) === (unseen !== undefined))).toEqual([]);
  });
});

describe("docs/compatibility.md", () => {
  it("is what the scenarios give; `npm run compatibility` writes it", () => {
    const page = readFileSync(new URL("../docs/compatibility.md", import.meta.url), "utf8");
    expect(page === compatibilityPage()).toBe(true);
  });
});
