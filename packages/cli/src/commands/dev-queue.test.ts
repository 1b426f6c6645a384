import { existsSync, mkdtempSync, readdirSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { start, stopAll } from "../testing/command.ts";

afterAll(stopAll);

describe("anylambda dev --queue", () => {
  it("posts what is dropped into the directory to the app's /events, and says what is dead", async () => {
    const queue = join(mkdtempSync(join(tmpdir(), "anylambda-queue-")), "orders");
    const dev = start(["dev", "--port", "0", "--queue", queue, "--", "node", "app.mjs"]);
    await dev.saying(/Ctrl-C ends it\n {2}\S+\/orders {2}files here become SQS messages\n/);
    writeFileSync(join(queue, "a.json"), `{"order":1}`);
    writeFileSync(join(queue, "picture.png"), Buffer.from([137, 80, 78, 71]));
    // The app answers with the event itself, which lists no failures.
    await dev.saying(/app got POST \/events[^]*REPORT/);
    await expect.poll(() => readdirSync(queue), { timeout: 10_000 }).toEqual([]);
    await dev.complaining(
      /warning: A message is dead and lies in \S+\/orders-dead-letter\/picture\.png now: .*UTF-8/,
    );
    expect(existsSync(join(`${queue}-dead-letter`, "picture.png"))).toBe(true);
    dev.signal("SIGINT");
    expect((await dev.result).code).toBe(0);
  });

  it("says so when the directory is none", async () => {
    const file = join(mkdtempSync(join(tmpdir(), "anylambda-queue-")), "file");
    writeFileSync(file, "x");
    const dev = start(["dev", "--port", "0", "--queue", file, "--", "node", "app.mjs"]);
    const { code, stderr } = await dev.result;
    expect(code).toBe(1);
    expect(stderr).toMatch(
      /^error: There can be no queue in \S+\/file: EEXIST\nhint: {2}--queue takes a directory/,
    );
  });
});
