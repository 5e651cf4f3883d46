import type { EventQueue } from '../event-queue.ts';

/** Runs events until the promise has settled; for tests of parts, without a world around them. */
export async function settle<T>(queue: EventQueue, promise: Promise<T>): Promise<T> {
  let done = false;
  const noted = promise.finally(() => (done = true));
  noted.catch(() => {});
  while (!done) {
    await new Promise((resolve) => setImmediate(resolve));
    if (!done) queue.step(Infinity);
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
        reject(error as Error);
      }
    });
  });
