import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { door, doorNames, planDoors } from "./doors.ts";

describe("door", () => {
  it("collects doors, with and without a port", () => {
    expect(door("alb:0", door("rest:3001", door("function-url")))).toEqual([
      { name: "function-url", port: undefined },
      { name: "rest", port: 3001 },
      { name: "alb", port: 0 },
    ]);
  });
  it.each(["", "res", "rest:", "rest:x", "rest:65536", "rest:-1", "rest:1:2", "Rest", "toString"])(
    "does not take %j, and says what there is",
    (text) => expect(() => door(text)).toThrow(doorNames.join(", ")),
  );
});

describe("docs/front-doors.md", () => {
  it("has every door in its table, and no other", () => {
    const page = readFileSync(new URL("../../../docs/front-doors.md", import.meta.url), "utf8");
    const table = page.slice(page.indexOf("| Door |"), page.indexOf("## Limits"));
    const named = table
      .split("\n")
      .flatMap((row) => [...(row.split("|")[2] ?? "").matchAll(/`([a-z0-9-]+)`/g)]);
    expect(named.map(([, name]) => name).filter((name) => name !== "--door")).toEqual(doorNames);
  });
});

describe("planDoors", () => {
  it("opens a Function URL at --port when no door is asked for", () => {
    expect(planDoors(undefined, 3000)).toEqual([{ name: "function-url", port: 3000, option: "--port" }]);
  });
  it("gives --port to the first door, and a free one to the others that name none", () => {
    expect(planDoors([{ name: "rest" }, { name: "alb" }, { name: "lattice", port: 5 }], 3000)).toEqual([
      { name: "rest", port: 3000, option: "--port" },
      { name: "alb", port: 0, option: "--door" },
      { name: "lattice", port: 5, option: "--door" },
    ]);
    expect(planDoors([{ name: "rest", port: 1 }, { name: "alb" }], 3000)).toEqual([
      { name: "rest", port: 1, option: "--door" },
      { name: "alb", port: 0, option: "--door" },
    ]);
  });
});
