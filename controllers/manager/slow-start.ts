/**
 * Runs `action` `count` times in batches of 1, 2, 4, ... and stops after a batch with a failure, so that pods that a quota or an
 * admission plugin refuses do not cost a request each. Returns the number that succeeded and the first error.
 */
export async function slowStart(
  count: number,
  action: () => Promise<void>,
): Promise<{ succeeded: number; error?: unknown }> {
  let remaining = count;
  let succeeded = 0;
  for (let batch = Math.min(remaining, 1); batch > 0; batch = Math.min(2 * batch, remaining)) {
    const results = await Promise.allSettled(Array.from({ length: batch }, action));
    const failure = results.find((result) => result.status === 'rejected');
    succeeded += results.filter((result) => result.status === 'fulfilled').length;
    if (failure) return { succeeded, error: failure.reason as unknown };
    remaining -= batch;
  }
  return { succeeded };
}
