import { setImmediate as turn } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { gathered } from "./gathered.ts";

describe("gathered", () => {
  it("writes what was told in a turn in one piece, in its order (2)", async () => {
    const written: string[] = [];
    const { write, flush } = gathered({ write: (text) => written.push(text) });
    write("a");
    write("b");
    expect(written).toEqual([]);
    await turn();
    expect(written).toEqual(["ab"]);
    write("c");
    flush();
    write("d");
    await turn();
    expect(written).toEqual(["ab", "c", "d"]);
  });
});
