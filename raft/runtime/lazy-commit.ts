import type { Clock } from '../../base/clock.ts';
import type { HardState, RawNodeApi, Ready } from '../core/types.ts';
import type { Wal } from './wal/wal.ts';

/** so long a leader waits for entries that tell with them what is committed */
const untoldMs = 2;

export interface LazyCommitHost {
  readonly raw: Pick<RawNodeApi, 'isCommitUntold' | 'tellCommit'>;
  readonly wal: Pick<Wal, 'append'>;
  readonly clock: Clock;
  /** runs a call into the core, and then a turn */
  readonly enter: (action: () => void) => void;
}

/**
 * That more is committed is in no hurry where nobody waits for it: it goes to the followers and to the disk with the next
 * entries. When none come, the followers are told after a moment, and the disk with a tick; a crash may lose it, as a
 * member learns anew what is committed.
 */
export class LazyCommit {
  readonly #host: LazyCommitHost;
  #unwritten: HardState | undefined;
  #cancel: (() => void) | undefined;

  constructor(host: LazyCommitHost) {
    this.#host = host;
  }

  /** What of the Ready's hard state has to be written; undefined also where it can wait. */
  hardStateToWrite({ hardState, mustSync, entries, snapshot }: Ready): HardState | undefined {
    this.#unwritten = hardState ?? this.#unwritten;
    if (!mustSync && entries.length === 0 && snapshot === undefined) return undefined;
    const due = this.#unwritten;
    this.#unwritten = undefined;
    return due;
  }

  write(): void {
    if (this.#unwritten === undefined) return;
    this.#host.wal.append({ entries: [], hardState: this.#unwritten }, false, () => {});
    this.#unwritten = undefined;
  }

  afterTurn(): void {
    const { raw, clock, enter } = this.#host;
    if (!raw.isCommitUntold) return;
    this.#cancel ??= clock.after(untoldMs, () => {
      this.#cancel = undefined;
      if (raw.isCommitUntold) enter(() => raw.tellCommit());
    });
  }

  stop(): void {
    this.#cancel?.();
  }
}
