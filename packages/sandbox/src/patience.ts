/** `undefined` when it takes longer; for ever when no time is given. */
export async function withPatience<Value>(
  promise: Promise<Value>,
  ms: number | undefined,
): Promise<Value | undefined> {
  if (ms === undefined) return promise;
  let timer: NodeJS.Timeout | undefined;
  const over = new Promise<undefined>((resolve) => (timer = setTimeout(resolve, ms, undefined)));
  return Promise.race([promise, over]).finally(() => clearTimeout(timer));
}
