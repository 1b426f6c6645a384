import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { expect, it } from "vitest";
import { startFleet } from "./fleet.ts";
import { configured } from "./testing/harness.ts";

it("serves 2,000 invocations in a row without an error or a growing heap", async () => {
  const count = { report: 0 };
  const fleet = await startFleet(configured(), {
    report: (event) => {
      if (event.type === "report" && event.status === "success") count.report += 1;
    },
    path: process.env["PATH"],
  });
  const payload = Buffer.from(JSON.stringify({ text: "x".repeat(1000) }));
  const serve = async (invocations: number): Promise<void> => {
    for (let i = 0; i < invocations; i += 1) {
      const invocation = fleet.invoke({ payload });
      const answer = await invocation.answer;
      if (answer.payload.length !== payload.length)
        throw new Error(`answer ${i} has ${answer.payload.length} bytes`);
      await invocation.ended;
    }
  };
  await serve(1000);
  const before = smallestHeap();
  await serve(2000);
  const after = smallestHeap();
  expect(count.report).toBe(3000);
  expect(after).toBeLessThan(before * 1.1);
  await fleet.shutdown();
});

/** What is in use when everything that can be collected has been. */
function smallestHeap(): number {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  collect();
  return process.memoryUsage().heapUsed;
}
