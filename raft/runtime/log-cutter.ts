import type { Log } from '../../base/log.ts';
import type { LogIndex } from '../core/types.ts';
import type { Applier } from './applier.ts';
import type { LogWindow } from './log-window.ts';
import type { RaftNodeOptions } from './types.ts';
import type { Wal } from './wal/wal.ts';

/** The log in memory may hold about so much before it is cut, however few entries that is. */
const logBytesMax = 64 * 1024 * 1024;

/**
 * Cuts the log behind what the state machine holds durably:
 *
 *     logStart ... mark ......... durable .. applied ... last
 *              \___ kept for slow followers ___/
 *
 * First the new mark becomes durable, then the entries in front of it go, from memory and from disk.
 */
export class LogCutter {
  readonly #wal: Wal;
  readonly #window: LogWindow;
  readonly #applier: Applier;
  readonly #limits: Pick<RaftNodeOptions, 'snapshotCount' | 'catchUpEntries'>;
  readonly #log: Log;
  readonly #onFailed: (error: Error) => void;
  readonly #startedAt: LogIndex;
  #cutting = false;
  #pauses = 0;
  #removing: Promise<void> = Promise.resolve();

  constructor(
    wal: Wal,
    window: LogWindow,
    applier: Applier,
    limits: Pick<RaftNodeOptions, 'snapshotCount' | 'catchUpEntries'>,
    log: Log,
    onFailed: (error: Error) => void,
  ) {
    this.#wal = wal;
    this.#window = window;
    this.#applier = applier;
    this.#limits = limits;
    this.#log = log;
    this.#onFailed = onFailed;
    this.#startedAt = applier.applied;
  }

  stateDurable(durable: LogIndex): void {
    const index = Math.min(durable, this.#applier.applied);
    const { mark } = this.#wal;
    const due = index - mark.index >= this.#limits.snapshotCount || this.#window.bytes > logBytesMax;
    if (this.#cutting || this.#pauses > 0 || !due || index <= mark.index || index < this.#startedAt) return;
    if (index < this.#window.firstIndex() || index > this.#window.lastIndex()) return;
    this.#cut(index);
  }

  /** From when a received snapshot goes into the log until the machine has it: no older mark may follow that one. */
  pause(): void {
    this.#pauses++;
  }

  resume(): void {
    this.#pauses--;
  }

  /** Resolves when no file is being removed any more. */
  stop(): Promise<void> {
    return this.#removing;
  }

  #cut(index: LogIndex): void {
    const window = this.#window;
    const low = Math.max(window.firstIndex() - 1, index - this.#limits.catchUpEntries);
    const start = window.cutKeeping(logBytesMax / 2, low, index);
    const logStart = { index: start, term: window.term(start) };
    const confState = this.#applier.confStateAt(index);
    const mark = { kind: 'cut' as const, index, term: window.term(index), confState, logStart };
    this.#cutting = true;
    this.#wal.append({ mark, entries: [] }, true, () => {
      this.#cutting = false;
      if (start >= window.firstIndex()) window.compact(start);
      this.#applier.forgetBefore(index);
      this.#log.debug({ index, logStart: start }, 'cut the log');
      this.#removing = this.#removing.then(() => this.#wal.releaseTo(start)).catch(this.#onFailed);
    });
  }
}
