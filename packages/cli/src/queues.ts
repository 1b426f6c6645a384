/** Directories that `dev` takes for queues: files dropped into them become SQS messages. */
import { resolve } from "node:path";
import { type Fleet, type Poller, pollDirectory } from "@anylambda/sandbox";
import type { Reporter } from "./output/notice.ts";
import { systemCodeOf, userFailure } from "./user-failure.ts";

/** Collects `--queue orders --queue mails`. */
export function queueDirectory(text: string, before: readonly string[] = []): string[] {
  return [...before, resolve(text)];
}

/** Opens all of them, or none. Dead messages are told as warnings; what is handled shows in the function's own log. */
export async function openQueues(
  fleet: Fleet,
  directories: readonly string[],
  reporter: Reporter,
): Promise<Poller[]> {
  const opened: Poller[] = [];
  try {
    for (const directory of directories) {
      opened.push(
        await pollDirectory(fleet, {
          directory,
          told: (notice) => {
            if (notice.type !== "dead") return;
            const message = `A message is dead and lies in ${notice.file} now: ${notice.why}`;
            reporter.tell({ type: "warning", message });
          },
        }).catch((error: unknown) => {
          throw userFailure(
            `There can be no queue in ${directory}: ${systemCodeOf(error) ?? String(error)}`,
            "--queue takes a directory that you may write to, or the name of one that is not there yet in a directory that is.",
            { cause: error },
          );
        }),
      );
    }
    return opened;
  } catch (error) {
    await closeQueues(opened);
    throw error;
  }
}

async function closeQueues(opened: readonly Poller[]): Promise<void> {
  await Promise.all(opened.map((queue) => queue.close()));
}
