/**
 * Runs all promise jobs and `process.nextTick` callbacks that are ready, and those that these make, before it returns.
 *
 * A simulation pops an event, runs it, and must see everything that follows from it done before the next event.
 * Awaiting instead would cost a turn of the event loop (or a promise job each) for every event; Node itself drains the
 * queues by this function after every callback that it makes, at 0.2 µs a call. It is not documented, so it is probed
 * once, and whoever runs where it does not drain is told so.
 */
const drain = (process as unknown as { _tickCallback?: () => void })._tickCallback;

export class CannotDrainError extends Error {
  override name = 'CannotDrainError';
}

export function drainMicrotasks(): void {
  drain!();
}

/**
 * Throws a CannotDrainError where `drainMicrotasks` would leave something behind: on a runtime without it, and when called
 * from within a promise job (in an async function behind an `await`, say), where V8 does not run further ones.
 */
export function assertDrains(): void {
  if (drain === undefined) {
    throw new CannotDrainError('this runtime has no process._tickCallback: the simulation needs Node.js');
  }
  let done = false;
  const probe = async (): Promise<void> => {
    await Promise.resolve();
    await Promise.resolve();
    done = true;
  };
  void probe();
  drainMicrotasks();
  if (done) return;
  throw new CannotDrainError(
    'the simulation was run from within a promise job, where promises do not resolve: call it from a script, setImmediate or setTimeout',
  );
}
