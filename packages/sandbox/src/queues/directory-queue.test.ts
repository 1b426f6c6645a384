import { existsSync, mkdirSync, readFileSync, readdirSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { type Rig, directory, fixture, notesOf, of, rig } from "../testing/harness.ts";
import { type DirectoryQueueOptions, type QueueNotice, pollDirectory } from "./directory-queue.ts";

interface Setting {
  readonly rig: Rig;
  readonly queue: string;
  readonly told: QueueNotice[];
  drop(name: string, body: string | Uint8Array): void;
  /** What the function got, one batch a line: each message's body and how often it was received. */
  batches(): [body: string, count: number][][];
  /** Names of the files that are there. */
  files(): string[];
  dead(): string[];
  [Symbol.asyncDispose](): Promise<void>;
}

interface Record {
  readonly messageId: string;
  readonly body: string;
  readonly attributes: { readonly ApproximateReceiveCount: string };
}

/** A queue, and a function that fails a message when its text says so. */
async function setting(more: Partial<DirectoryQueueOptions> = {}, timeoutMs = 1000): Promise<Setting> {
  const home = directory();
  const [queue, notes] = [join(home, "orders"), join(home, "notes")];
  const made = await rig({ command: fixture("queue-runtime.mjs"), variables: { NOTES: notes }, timeoutMs });
  const told: QueueNotice[] = [];
  const options = {
    visibilityTimeoutMs: timeoutMs,
    lookEveryMs: 10,
    told: (one: QueueNotice) => told.push(one),
  };
  const poller = await pollDirectory(made.fleet, { directory: queue, ...options, ...more });
  return {
    rig: made,
    queue,
    told,
    drop(name, body) {
      // As a careful writer does: no half of a file is ever seen.
      writeFileSync(join(queue, `.${name}`), body);
      renameSync(join(queue, `.${name}`), join(queue, name));
    },
    batches: () =>
      notesOf(notes).map((line) =>
        (JSON.parse(line) as { Records: Record[] }).Records.map(({ body, attributes }) => [
          body,
          Number(attributes.ApproximateReceiveCount),
        ]),
      ),
    files: () => readdirSync(queue),
    dead: () => readdirSync(`${queue}-dead-letter`),
    async [Symbol.asyncDispose]() {
      await poller.close();
      await made[Symbol.asyncDispose]();
    },
  };
}

describe("a directory as a queue", () => {
  it("makes messages of files, and deletes those that are handled (1)", async () => {
    await using s = await setting({ batchingWindowMs: 300 });
    s.drop("a.json", '{"a":"ž"}');
    s.drop("b", "plain");
    await expect.poll(s.files).toEqual([]);
    expect(s.batches()).toEqual([
      [
        [`{"a":"ž"}`, 1],
        ["plain", 1],
      ],
    ]);
    await expect.poll(() => s.told).toMatchObject([{ type: "handled", files: ["a.json", "b"] }]);
    expect(s.dead()).toEqual([]);
  });

  it("delivers again what failed, and what was listed as failed only (3)", async () => {
    await using s = await setting({ batchingWindowMs: 300, visibilityTimeoutMs: 1000 });
    s.drop("a", "fail once");
    s.drop("b", "ok");
    await expect.poll(s.files, { timeout: 10_000 }).toEqual([]);
    expect(s.batches()).toEqual([
      [
        ["fail once", 1],
        ["ok", 1],
      ],
      [["fail once", 2]],
    ]);
  });

  it("delivers the whole batch again when the function fails", async () => {
    await using s = await setting({ batchingWindowMs: 300 });
    s.drop("a", "throw once");
    s.drop("b", "ok");
    await expect.poll(s.files, { timeout: 10_000 }).toEqual([]);
    expect(s.batches()).toEqual([
      [
        ["throw once", 1],
        ["ok", 1],
      ],
      [
        ["throw once", 2],
        ["ok", 2],
      ],
    ]);
  });

  it("buries what failed as often as it may, with its content, beside one of the same name (2)", async () => {
    await using s = await setting({ maxReceiveCount: 2 });
    mkdirSync(`${s.queue}-dead-letter`, { recursive: true });
    writeFileSync(join(`${s.queue}-dead-letter`, "a"), "from before");
    s.drop("a", "fail always");
    await expect.poll(() => s.dead().length, { timeout: 10_000 }).toBe(2);
    expect(s.files()).toEqual([]);
    expect(s.batches()).toEqual([[["fail always", 1]], [["fail always", 2]]]);
    expect(readFileSync(join(`${s.queue}-dead-letter`, "a"), "utf8")).toBe("from before");
    const notice = s.told.at(-1);
    expect(notice).toMatchObject({ type: "dead", why: expect.stringContaining("as often as it may") });
    if (notice?.type === "dead") expect(readFileSync(notice.file, "utf8")).toBe("fail always");
  });

  it("buries what is no message, and the function never sees it (2)", async () => {
    await using s = await setting();
    s.drop("empty", "");
    s.drop("bytes", Buffer.from([0xff]));
    s.drop("large", Buffer.alloc(1_048_577, "x"));
    s.drop("escapes", Buffer.alloc(1_048_576, 1));
    s.drop("most", Buffer.alloc(1_048_576, "x"));
    await expect
      .poll(() => s.dead().sort(), { timeout: 10_000 })
      .toEqual(["bytes", "empty", "escapes", "large"]);
    await expect.poll(s.files).toEqual([]);
    expect(s.batches().flat()).toHaveLength(1);
  });

  it("fills batches up to their size, and up to what Lambda takes", async () => {
    await using s = await setting({ batchSize: 4, batchingWindowMs: 400, maximumConcurrency: 1 });
    for (let at = 0; at < 6; at += 1) s.drop(`small-${at}`, `small ${at}`);
    await expect.poll(s.files, { timeout: 10_000 }).toEqual([]);
    expect(s.batches().map(({ length }) => length)).toEqual([4, 2]);
    await using large = await setting({ batchingWindowMs: 1000, maximumConcurrency: 1 });
    for (let at = 0; at < 8; at += 1) large.drop(`large-${at}`, "x".repeat(1_000_000));
    await expect.poll(large.files, { timeout: 20_000 }).toEqual([]);
    expect(large.batches().map(({ length }) => length)).toEqual([6, 2]);
    expect(
      large
        .batches()
        .flat()
        .every(([, count]) => count === 1),
    ).toBe(true);
  });

  it("leaves alone what is still being written, and directories", async () => {
    await using s = await setting();
    for (const name of [".hidden", "a.tmp", "b.part"]) writeFileSync(join(s.queue, name), "x");
    mkdirSync(join(s.queue, "sub"));
    s.drop("z", "ok");
    await expect.poll(() => s.batches().length).toBe(1);
    await expect.poll(s.files).toEqual([".hidden", "a.tmp", "b.part", "sub"]);
  });

  it("waits at its end for the batch that is on its way, and begins no other (3)", async () => {
    const s = await setting({ maximumConcurrency: 1, batchSize: 1 });
    s.drop("a", "slow");
    await expect.poll(() => of(s.rig.events, "start").length).toBe(1);
    s.drop("b", "never");
    await s[Symbol.asyncDispose]();
    expect(s.files()).toEqual(["b"]);
    expect(s.batches()).toEqual([[["slow", 1]]]);
  });

  it("is refused when messages would come back while the function is at them", async () => {
    await using made = await rig({ command: fixture("queue-runtime.mjs"), timeoutMs: 20_000 });
    const home = directory();
    await expect(
      pollDirectory(made.fleet, { directory: join(home, "q"), visibilityTimeoutMs: 5000 }),
    ).rejects.toThrow("Queue visibility timeout: 5 seconds is less than Function timeout: 20 seconds");
    expect(existsSync(join(home, "q"))).toBe(false);
  });
});
