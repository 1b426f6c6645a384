/** What the user can mend is told, and the command ends with `failed`; everything else is a bug and goes on. */
import type { ExitName } from "../exit-codes.ts";
import type { Reporter } from "../output/notice.ts";
import { isUserFailure } from "../user-failure.ts";

export async function reporting(reporter: Reporter, run: () => Promise<ExitName>): Promise<ExitName> {
  try {
    return await run();
  } catch (error) {
    if (!isUserFailure(error)) throw error;
    const { message, hint, lines } = error;
    reporter.tell({ type: "failure", message, ...(hint !== undefined && { hint }), lines });
    return "failed";
  }
}
