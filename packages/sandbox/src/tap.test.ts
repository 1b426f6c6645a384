import { describe, expect, it } from "vitest";
import type { GivenAnswer, InvocationTap, ReceivedEvent } from "./tap.ts";
import { fixture, rig, textOf, until } from "./testing/harness.ts";

function listening(maxBytes = 1000) {
  const received: ReceivedEvent[] = [];
  const answered: GivenAnswer[] = [];
  const tap: InvocationTap = {
    maxBytes,
    received: (event) => received.push(event),
    answered: (answer) => answered.push(answer),
  };
  return { tap, received, answered };
}

describe("a tap", () => {
  it("hears the event and the answer of each invocation, and changes neither", async () => {
    const { tap, received, answered } = listening();
    await using r = await rig({}, { tap });
    const { text, answer } = await r.invoke({ a: 1 });
    expect(text).toBe(`{"a":1}`);
    expect(received).toMatchObject([{ requestId: answer.requestId, mode: "buffered", event: { length: 7 } }]);
    expect(textOf(received[0]?.event.bytes as Uint8Array)).toBe(`{"a":1}`);
    expect(answered).toMatchObject([{ requestId: answer.requestId, streamed: false }]);
    expect(textOf(answered[0]?.answer.bytes as Uint8Array)).toBe(`{"a":1}`);
  });

  it("hears no more than its bytes, and how many there were", async () => {
    const { tap, received, answered } = listening(10);
    await using r = await rig({}, { tap });
    const { text } = await r.invoke({ text: "x".repeat(100) });
    expect(text.length).toBe(111);
    expect(received[0]?.event).toMatchObject({ length: 111, bytes: { length: 10 } });
    expect(answered[0]?.answer).toMatchObject({ length: 111, bytes: { length: 10 } });
  });

  it("hears why an invocation failed, or was refused", async () => {
    const { tap, answered } = listening();
    const r = await rig({}, { tap });
    await r.invoke({ do: "error" });
    await r[Symbol.asyncDispose]();
    await r.invoke({});
    expect(answered).toMatchObject([{ errorType: "Runtime.Oops" }, { refused: "ServiceException" }]);
  });

  it("hears a stream when it is over: its first bytes, its length, and where it broke off", async () => {
    const { tap, answered } = listening(4);
    await using r = await rig({ command: fixture("stream-runtime.mjs") }, { tap });
    const stream = async (rawPath: string): Promise<number> => {
      const { answer, ended } = r.fleet.invokeStreaming({
        payload: Buffer.from(JSON.stringify({ rawPath })),
      });
      const given = await answer;
      let length = 0;
      try {
        if ("stream" in given) for await (const chunk of given.stream.chunks) length += chunk.length;
      } catch {
        length = -length;
      }
      await ended;
      return length;
    };
    expect(await stream("/plain")).toBe(10);
    expect(await stream("/fail")).toBeLessThan(0);
    await until(() => answered.length === 2);
    expect(answered[0]).toMatchObject({
      streamed: true,
      contentType: "text/plain",
      answer: { length: 10, bytes: Buffer.from("just") },
    });
    expect(answered[1]).toMatchObject({ streamed: true, errorType: "Runtime.Oops" });
  });
});
