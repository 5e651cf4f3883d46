import { setMaxListeners } from 'node:events';

/**
 * A controller that aborts with the first of `signals`. Unlike AbortSignal.any it leaves nothing behind on long-lived signals
 * once `unlink` is called.
 */
export function linkedAbort(signals: readonly (AbortSignal | undefined)[]): {
  controller: AbortController;
  unlink: () => void;
} {
  const controller = new AbortController();
  const undo: (() => void)[] = [];
  for (const signal of signals) {
    if (!signal) continue;
    if (signal.aborted) controller.abort(signal.reason);
    setMaxListeners(0, signal); // one of a process may have a listener a request under way: no sign of a leak
    const onAbort = (): void => controller.abort(signal.reason);
    signal.addEventListener('abort', onAbort, { once: true });
    undo.push(() => signal.removeEventListener('abort', onAbort));
  }
  return { controller, unlink: () => undo.forEach((remove) => remove()) };
}
