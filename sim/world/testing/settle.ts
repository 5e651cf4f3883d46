import type { EventQueue } from '../event-queue.ts';

/** Runs events until the promise has settled; for tests of parts, without a world around them. */
export async function settle<T>(queue: EventQueue, promise: Promise<T>): Promise<T> {
  const state = { settled: false };
  const noted = promise.finally(() => (state.settled = true));
  noted.catch(() => {});
  while (!state.settled) {
    await new Promise((resolve) => setImmediate(resolve));
    if (!state.settled) queue.step(Infinity);
  }
  return noted;
}

/** Runs it where promises can be drained: see microtasks.ts. */
export const inMacroTask = <T>(action: () => T): Promise<T> =>
  new Promise((resolve, reject) => {
    setImmediate(() => {
      try {
        resolve(action());
      } catch (error) {
        reject(error);
      }
    });
  });
