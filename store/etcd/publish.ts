import { sleep } from '../../base/clock.ts';
import type { Clock } from '../../base/clock.ts';
import type { Publish } from './command.ts';
import type { Proposer } from './proposer.ts';
import type { StoreState } from './store-state.ts';

const pauseMs = 500;

/** Tells the others this member's name and client URLs, as soon as there is a leader to tell. */
export async function publishUntilKnown(
  publish: Publish,
  proposer: Proposer,
  state: () => StoreState,
  clock: Clock,
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    const { members, removed } = state();
    const known = members.get(publish.id);
    const same = known?.name === publish.name && known.clientUrls.join() === publish.clientUrls.join();
    if (same || removed.has(publish.id)) return;
    try {
      if (known !== undefined) {
        await proposer.submit({ publish });
        continue;
      }
    } catch {
      // no leader yet, or not any more
    }
    await sleep(pauseMs, clock, signal).catch(() => {});
  }
}
