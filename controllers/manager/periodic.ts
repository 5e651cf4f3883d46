import { setMaxListeners } from 'node:events';
import type { Clock } from '../../base/clock.ts';
import { sleep } from '../../base/clock.ts';
import type { Log } from '../../base/log.ts';
import { messageOf } from '../../client/api-errors.ts';
import type { Controller } from './controller-context.ts';

/** Runs `action` now and `periodMs` after each end of it; a failure is logged and the next round comes as usual. */
export function periodicController(
  clock: Clock,
  log: Log,
  periodMs: number,
  action: (signal: AbortSignal) => Promise<void>,
): Controller {
  const abort = new AbortController();
  // A round may have many requests under way.
  setMaxListeners(0, abort.signal);
  let running: Promise<void> | undefined;
  const run = async (): Promise<void> => {
    while (!abort.signal.aborted) {
      try {
        await action(abort.signal);
      } catch (error) {
        if (!abort.signal.aborted)
          log.warn({ error: messageOf(error) }, 'a periodic round failed; the next one tries again');
      }
      await sleep(periodMs, clock, abort.signal).catch(() => {});
    }
  };
  return {
    start: () => {
      running ??= run();
    },
    stop: async () => {
      abort.abort(new Error('stopped'));
      await running;
    },
  };
}
