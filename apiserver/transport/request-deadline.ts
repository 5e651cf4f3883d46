import { systemClock } from '../../base/clock.ts';
import { anyDecimal, goDurationMs } from '../../base/go-duration.ts';
import { newBadRequest, newTimeout } from '../../api/meta/status.ts';
import type { Stage } from '../pipeline.ts';
import { isLongRunning } from './long-running.ts';

/** as kube-apiserver's --request-timeout */
export const requestTimeoutMsDefault = 60_000;

/** `?timeout=30s` of a request; undefined: it has none. Throws 400 for what is no duration. */
function askedMs(query: URLSearchParams): number | undefined {
  const text = query.get('timeout');
  if (text === null || text === '') return undefined;
  const ms = text === '0' ? 0 : goDurationMs(text, anyDecimal);
  if (ms === undefined) {
    throw newBadRequest(
      `invalid timeout specified in the request URL - time: invalid duration ${JSON.stringify(text)}`,
    );
  }
  return ms === 0 ? undefined : ms;
}

/** Requests that are no streams get an answer in time: what is still under way then may or may not take effect. */
export const requestDeadline =
  (timeoutMs: number): Stage =>
  async (ctx, next) => {
    if (isLongRunning(ctx.info)) {
      await next();
      return;
    }
    const asked = askedMs(ctx.query);
    const limitMs = asked === undefined ? timeoutMs : Math.min(asked, timeoutMs);
    if (limitMs <= 0) {
      await next();
      return;
    }
    let cancel = (): void => {};
    const late = new Promise<never>((_, reject) => {
      cancel = systemClock.after(limitMs, () =>
        reject(newTimeout('request did not complete within the allotted timeout')),
      );
    });
    try {
      await Promise.race([next(), late]);
    } finally {
      cancel();
    }
  };
