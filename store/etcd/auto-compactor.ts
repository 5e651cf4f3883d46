import type { Clock } from '../../base/clock.ts';
import type { Log } from '../../base/log.ts';
import { MvccError } from '../mvcc/types.ts';

/** etcd's --auto-compaction-mode and -retention. */
export type AutoCompaction =
  { readonly mode: 'periodic'; readonly periodMs: number } | { readonly mode: 'revision'; readonly revisions: number };

export interface AutoCompactorOptions {
  readonly clock: Clock;
  readonly log: Log;
  readonly leads: () => boolean;
  readonly revision: () => number;
  /** resolves once it is applied */
  readonly compact: (revision: number) => Promise<unknown>;
}

const hourMs = 3_600_000;
/** a period is looked at so often: so precise is what it keeps */
const looksPerPeriod = 10;
const revisionEveryMs = 5 * 60_000;

/**
 * Compacts by itself, on the leader: what is older than a period, or all but so many revisions. As etcd's compactors:
 *
 *     periodic, 30 min: each 3 min the revision is noted; from the 30th minute on, each 30 min, the one of 30 min ago goes
 *     periodic, 24 h:   each 6 min the revision is noted; from the 24th hour on, each hour, the one of 24 h ago goes
 *     revision, 1000:   each 5 min, all but the last 1,000 revisions
 *
 * A follower notes revisions as well, and is ready should it lead.
 */
export class AutoCompactor {
  readonly #options: AutoCompactorOptions;
  readonly #stop: () => void;
  #compacted = 0;
  #running: Promise<void> | undefined;

  constructor(mode: AutoCompaction, options: AutoCompactorOptions) {
    this.#options = options;
    const { clock } = options;
    if (mode.mode === 'revision') {
      this.#stop = clock.every(revisionEveryMs, () => this.#maybeCompact(options.revision() - mode.revisions));
      return;
    }
    const betweenMs = Math.min(mode.periodMs, hourMs);
    const lookMs = betweenMs / looksPerPeriod;
    const looks = Math.floor(mode.periodMs / lookMs) + 1;
    const noted: number[] = [options.revision()];
    let lastMs = clock.monotonicMs();
    let waitMs = mode.periodMs;
    this.#stop = clock.every(lookMs, () => {
      const due = clock.monotonicMs() - lastMs >= waitMs;
      if (due && options.leads()) {
        this.#maybeCompact(noted[0]!, () => (lastMs = clock.monotonicMs()));
        waitMs = betweenMs;
      }
      noted.push(options.revision());
      if (noted.length > looks) noted.shift();
    });
  }

  /** what is under way, for tests */
  get running(): Promise<void> | undefined {
    return this.#running;
  }

  stop(): void {
    this.#stop();
  }

  #maybeCompact(revision: number, done = (): void => {}): void {
    const { leads } = this.#options;
    if (this.#running !== undefined || !leads() || revision <= 0 || revision === this.#compacted) return;
    this.#running = this.#compact(revision, done).finally(() => {
      this.#running = undefined;
    });
  }

  async #compact(revision: number, done: () => void): Promise<void> {
    const { log, clock, compact } = this.#options;
    const startMs = clock.monotonicMs();
    log.info({ revision }, 'starting auto compaction');
    try {
      await compact(revision);
    } catch (error) {
      // somebody else was faster, and went further
      if (!(error instanceof MvccError && error.kind === 'compacted')) {
        log.warn({ revision, err: error }, 'failed auto compaction: tried again');
        return;
      }
    }
    this.#compacted = revision;
    done();
    log.info({ revision, tookMs: Math.round(clock.monotonicMs() - startMs) }, 'completed auto compaction');
  }
}
