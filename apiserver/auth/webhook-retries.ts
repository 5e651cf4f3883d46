import { sleep, systemClock } from '../../base/clock.ts';

/** as kube-apiserver: 500 ms, then half as long again each time */
const [firstDelayMs, factor, attemptsMax] = [500, 1.5, 5];

/** Asks until it is answered, a few times. Rejects with the last failure. */
export async function askWithRetries(ask: () => Promise<unknown>, delayMs = firstDelayMs): Promise<unknown> {
  let wait = delayMs;
  for (let attempt = 1; ; attempt++) {
    try {
      return await ask();
    } catch (error) {
      if (attempt >= attemptsMax) throw error;
      await sleep(wait, systemClock);
      wait *= factor;
    }
  }
}
