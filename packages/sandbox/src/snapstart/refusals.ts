/** What a caller gets when its function could not be restored (environment.md 5.2): AWS's names and sentences. Pure. */
import type { InvocationAnswer } from "../invocation.ts";

export type SnapStartRefusal = keyof typeof sentences;

const sentences = {
  SnapStartException:
    "The afterRestore() runtime hook encountered an error. For more information, check the Amazon CloudWatch logs.",
  SnapStartTimeoutException: "Lambda couldn't restore the snapshot within the timeout limit.",
  SnapStartNotReadyException:
    "Lambda is initializing your function. You can invoke the function when the function state becomes Active.",
} as const;

export function snapStartRefusal(
  requestId: string,
  refused: SnapStartRefusal,
): InvocationAnswer & { readonly refused: SnapStartRefusal } {
  const document = { Type: "User", Message: sentences[refused] };
  return { requestId, payload: Buffer.from(JSON.stringify(document)), refused };
}
