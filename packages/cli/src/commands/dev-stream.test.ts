import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { freePort } from "../ports.ts";
import { type Running, start, stopAll } from "../testing/command.ts";

let dev: Running;
let url: string;
let appPort: number;

beforeAll(async () => {
  appPort = await freePort();
  const app = ["--app-port", String(appPort), "--", "node", "streams.mjs"];
  dev = start(["dev", "--port", "0", "--stream", "--json", ...app]);
  [, url = ""] = await dev.saying(/"type":"listening".*"url":"([^"]+)"/);
});
afterAll(stopAll);

describe("anylambda dev --stream", () => {
  it("hands on each piece when the app sends it, not when the answer is over", async () => {
    const response = await fetch(new URL("events", url));
    expect(response.headers.get("content-type")).toBe("text/event-stream");
    const reader = (response.body as ReadableStream<Uint8Array>).getReader();
    const text = async (): Promise<string> => new TextDecoder().decode((await reader.read()).value);
    // The app waits for this test to have read the first piece: buffered, neither would ever come.
    expect(await text()).toBe("data: one\n\n");
    await fetch(`http://127.0.0.1:${appPort}/go`);
    expect(await text()).toBe("data: two\n\n");
    expect((await reader.read()).done).toBe(true);
  });

  it("cuts the client off when the app dies in the middle, and the report names the failure", async () => {
    const response = await fetch(new URL("dies", url));
    expect(response.status).toBe(200);
    await expect(response.text()).rejects.toThrow();
    await dev.saying(/"type":"report".*"status":"error"/);
  });

  it("answers what is not streamed as ever", async () => {
    const response = await fetch(new URL("plain", url));
    expect([response.status, await response.text()]).toEqual([200, "plain"]);
  });
});
