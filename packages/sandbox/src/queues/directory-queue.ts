/**
 * A directory as an SQS queue that a function is subscribed to: each file dropped into it is a message, and goes away when
 * the function has handled it.
 *
 *  (1) A file is deleted only after the function succeeded with its message.
 *  (2) A file that cannot be delivered any more is moved to the dead-letter directory, never lost.
 *  (3) After `close` no batch is begun, and the ones that are on their way are waited for.
 *
 * Counts of receptions are kept in memory: a queue that is opened anew begins with none.
 */
import { randomUUID } from "node:crypto";
import { access, copyFile, mkdir, readFile, readdir, rename, rm, stat } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { setTimeout } from "node:timers/promises";
import { MAX_PAYLOAD_BYTES } from "@anylambda/wire";
import { nodeCodec } from "@anylambda/wire/node";
import type { Fleet } from "../fleet.ts";
import { type Message, Queue } from "./queue.ts";
import { failuresOf, queueArnOf, recordOf } from "./sqs-event.ts";

export interface DirectoryQueueOptions {
  /** Made when it is not there. Its name is the queue's. */
  readonly directory: string;
  /** Where dead messages go; `DIRECTORY-dead-letter` unless told otherwise. */
  readonly deadLetterDirectory?: string | undefined;
  /** 10 unless told otherwise. */
  readonly batchSize?: number | undefined;
  /** 0 unless told otherwise. */
  readonly batchingWindowMs?: number | undefined;
  /** The function's timeout, and 30,000 at the least, unless told otherwise. */
  readonly visibilityTimeoutMs?: number | undefined;
  /** 3 unless told otherwise. */
  readonly maxReceiveCount?: number | undefined;
  /** How many batches may be on their way at once; 2 unless told otherwise. */
  readonly maximumConcurrency?: number | undefined;
  /** As `FunctionResponseTypes: [ReportBatchItemFailures]`; on unless told otherwise. */
  readonly reportBatchItemFailures?: boolean | undefined;
  /** How often the directory is looked at, ms; 200 unless told otherwise. */
  readonly lookEveryMs?: number | undefined;
  /** Takes what becomes of messages. */
  readonly told?: ((notice: QueueNotice) => void) | undefined;
}

export type QueueNotice =
  | { readonly type: "handled" | "failed"; readonly files: readonly string[]; readonly requestId: string }
  /** `why`: one sentence. */
  | { readonly type: "dead"; readonly file: string; readonly why: string };

export interface Poller {
  readonly queueArn: string;
  close(): Promise<void>;
}

/** Rejects when the directories cannot be made, or when messages would come back while the function is at them. */
export async function pollDirectory(fleet: Fleet, options: DirectoryQueueOptions): Promise<Poller> {
  const { configuration } = fleet;
  const directory = resolve(options.directory);
  const deadLetters = resolve(options.deadLetterDirectory ?? `${directory}-dead-letter`);
  const { visibilityTimeoutMs = Math.max(30_000, configuration.timeoutMs) } = options;
  if (visibilityTimeoutMs < configuration.timeoutMs) {
    const [queue, own] = [visibilityTimeoutMs / 1000, configuration.timeoutMs / 1000];
    throw new RangeError(
      `Queue visibility timeout: ${queue} seconds is less than Function timeout: ${own} seconds`,
    );
  }
  // Its parent must be there: a mistyped path would make directories anywhere.
  await access(dirname(directory));
  await mkdir(directory, { recursive: true });
  await mkdir(deadLetters, { recursive: true });
  const limits = {
    batchSize: options.batchSize ?? 10,
    batchingWindowMs: options.batchingWindowMs ?? 0,
    visibilityTimeoutMs,
    maxReceiveCount: options.maxReceiveCount ?? 3,
  };
  const work: Work = {
    fleet,
    directory,
    deadLetters,
    queue: new Queue(limits, randomUUID),
    queueArn: queueArnOf(configuration, basename(directory)),
    reports: options.reportBatchItemFailures ?? true,
    most: options.maximumConcurrency ?? 2,
    lookEveryMs: options.lookEveryMs ?? 200,
    told: options.told ?? (() => undefined),
    running: new Set(),
    stopped: new AbortController(),
  };
  const ended = look(work);
  return {
    queueArn: work.queueArn,
    close: async () => {
      work.stopped.abort();
      await ended;
      await Promise.all(work.running);
    },
  };
}

interface Work {
  readonly fleet: Fleet;
  readonly directory: string;
  readonly deadLetters: string;
  readonly queue: Queue;
  readonly queueArn: string;
  readonly reports: boolean;
  readonly most: number;
  readonly lookEveryMs: number;
  readonly told: (notice: QueueNotice) => void;
  /** Batches on their way. */
  readonly running: Set<Promise<void>>;
  readonly stopped: AbortController;
}

async function look(work: Work): Promise<void> {
  const { queue, stopped, running } = work;
  while (!stopped.signal.aborted) {
    queue.sync(await filesIn(work.directory), Date.now());
    for (const name of queue.takeDead(Date.now()))
      await bury(work, name, "It was received as often as it may be");
    while (running.size < work.most && !stopped.signal.aborted) {
      const batch = queue.receive(Date.now());
      if (batch.length === 0) break;
      const delivered = deliver(work, batch).finally(() => running.delete(delivered));
      running.add(delivered);
    }
    await pause(work.lookEveryMs, stopped.signal);
  }
}

/** Ends early when it is aborted. */
function pause(ms: number, signal: AbortSignal): Promise<void> {
  return setTimeout(ms, undefined, { signal }).catch(() => undefined);
}

/**
 * The oldest first. A file whose name begins with a dot, or ends with `.tmp` or `.part`, is still being written; so may one
 * be that was changed a moment ago, when it was not moved here.
 */
async function filesIn(directory: string): Promise<{ name: string; sentAt: number }[]> {
  const files: { name: string; sentAt: number }[] = [];
  const settled = Date.now() - 100;
  for (const name of await readdir(directory).catch(() => [])) {
    if (/^\.|\.(?:tmp|part)$/.test(name)) continue;
    const found = await stat(join(directory, name)).catch(() => undefined);
    if (found?.isFile() !== true || found.mtimeMs > settled) continue;
    files.push({ name, sentAt: Math.round(found.mtimeMs) });
  }
  return files.sort((one, other) => one.sentAt - other.sentAt || (one.name < other.name ? -1 : 1));
}

/** Never rejects. */
async function deliver(work: Work, batch: readonly Message[]): Promise<void> {
  const { queue, told } = work;
  const records: { readonly message: Message; readonly json: string }[] = [];
  let size = `{"Records":[]}`.length;
  for (const message of batch) {
    const body = await bodyOf(work, message);
    if (body === undefined) continue;
    const json = JSON.stringify(recordOf(message, body, work.queueArn));
    size += Buffer.byteLength(json) + 1;
    const alone = Buffer.byteLength(json) + 14 > MAX_PAYLOAD_BYTES;
    if (alone) await reject(work, message.name, "As JSON it is more than Lambda takes");
    // What does not fit is for the next batch.
    else if (size > MAX_PAYLOAD_BYTES) queue.putBack(message.name);
    else records.push({ message, json });
  }
  if (records.length === 0) return;
  const payload = Buffer.from(`{"Records":[${records.map(({ json }) => json).join(",")}]}`);
  const invocation = work.fleet.invoke({ payload });
  const answer = await invocation.answer;
  await invocation.ended;
  const ids = records.map(({ message }) => message.id);
  const broke = answer.functionError !== undefined || answer.refused !== undefined;
  const failures = broke ? ids : work.reports ? failuresOf(answer.payload, ids) : [];
  const { requestId } = invocation;
  const failed = records
    .filter(({ message }) => failures.includes(message.id))
    .map(({ message }) => message.name);
  const handled = records
    .filter(({ message }) => !failures.includes(message.id))
    .map(({ message }) => message.name);
  for (const name of handled) {
    // What cannot be deleted comes again: a message is delivered once or more often, never less.
    const gone = await rm(join(work.directory, name), { force: true }).then(
      () => true,
      () => false,
    );
    if (gone) queue.remove(name);
    else queue.fail(name);
  }
  for (const name of failed) queue.fail(name);
  if (handled.length > 0) told({ type: "handled", files: handled, requestId });
  if (failed.length > 0) told({ type: "failed", files: failed, requestId });
}

/** SQS takes 1 MiB of text, and no message without any. */
const maxMessageBytes = 1_048_576;

/** `undefined` when it is none, or somebody took the file away. */
async function bodyOf(work: Work, { name }: Message): Promise<string | undefined> {
  const bytes = await readFile(join(work.directory, name)).catch(() => undefined);
  if (bytes === undefined) {
    work.queue.remove(name);
    return undefined;
  }
  const fits = bytes.length > 0 && bytes.length <= maxMessageBytes && nodeCodec.isUtf8(bytes);
  if (fits) return bytes.toString();
  await reject(work, name, "A message is 1 to 1,048,576 bytes of UTF-8 text, and this file is not");
  return undefined;
}

async function reject(work: Work, name: string, why: string): Promise<void> {
  work.queue.remove(name);
  await bury(work, name, why);
}

async function bury(work: Work, name: string, why: string): Promise<void> {
  // Another one of that name may lie there from before.
  const there = await stat(join(work.deadLetters, name)).catch(() => undefined);
  const grave = there === undefined ? name : `${name}.${randomUUID()}`;
  const [from, to] = [join(work.directory, name), join(work.deadLetters, grave)];
  // Across file systems nothing can be renamed.
  await rename(from, to).catch(() =>
    copyFile(from, to)
      .then(() => rm(from))
      .catch(() => undefined),
  );
  work.told({ type: "dead", file: join(work.deadLetters, grave), why });
}
