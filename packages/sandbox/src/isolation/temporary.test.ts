import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { type Rig, fixture, rig } from "../testing/harness.ts";
import { bubblewrapFault } from "./isolation.ts";

async function temporaryOf(r: Rig): Promise<string | undefined> {
  return (JSON.parse((await r.invoke({ do: "env" })).text) as Record<string, string>)["TMPDIR"];
}

describe("temporary files without isolation", () => {
  it("have a directory for each environment, which a reset keeps and its end removes", async () => {
    let place = "";
    {
      await using one = await rig();
      await using other = await rig();
      place = (await temporaryOf(one)) ?? "";
      expect(await temporaryOf(other)).not.toBe(place);
      writeFileSync(join(place, "kept"), "");
      await one.invoke({ do: "exit" });
      expect(await temporaryOf(one)).toBe(place);
      expect(existsSync(join(place, "kept"))).toBe(true);
    }
    expect(existsSync(place)).toBe(false);
  });

  it("have one on Managed Instances too", async () => {
    const more = { command: fixture("managed-runtime.mjs"), environmentConcurrency: 2 };
    let place: string | undefined;
    {
      await using r = await rig(more);
      place = await temporaryOf(r);
      expect(existsSync(place ?? "")).toBe(true);
    }
    expect(existsSync(place ?? "/")).toBe(false);
  });

  it("lie where the function's own variable says", async () => {
    await using r = await rig({ variables: { TMPDIR: "/var/tmp" } });
    expect(await temporaryOf(r)).toBe("/var/tmp");
  });

  it.skipIf(bubblewrapFault() !== undefined)("lie in /tmp where that is the environment's own", async () => {
    await using r = await rig({}, { isolation: "bubblewrap" });
    expect(await temporaryOf(r)).toBeUndefined();
  });
});
