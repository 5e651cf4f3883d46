import { assert } from '../../base/assert.ts';
import type { KeyName } from './key-name.ts';
import { noPosition } from './record-log.ts';
import type { Position, RecordLog } from './record-log.ts';
import type { Commit, StoreEvent } from './types.ts';

/** One change of a revision, of which only as much is read as somebody wants to know. Not to be kept. */
export class Change {
  readonly #history: History;
  readonly #position: Position;
  readonly name: KeyName;
  /** 0 put, 1 delete */
  readonly type: 0 | 1;
  #event: StoreEvent | undefined;

  constructor(history: History, log: RecordLog, position: Position) {
    this.#history = history;
    this.#position = position;
    this.name = log.name(position);
    this.type = log.version(position) === 0 ? 1 : 0;
  }

  /** the same one each time */
  get event(): StoreEvent {
    return (this.#event ??= this.#history.eventOf(this.#position));
  }
}

/**
 * What changed in which revision, from the compaction revision on: what watchers catch up from. It holds nothing: the
 * records are those of the log, and are put together when somebody asks.
 */
export class History {
  readonly #log: RecordLog;
  #first: number;
  #last: number;
  /** its events know nothing of what was before */
  #forgotten = 0;

  constructor(log: RecordLog, nextRevision: number) {
    this.#log = log;
    this.#first = nextRevision;
    this.#last = nextRevision - 1;
  }

  /** of the oldest change, or of the next one while there is none */
  get firstRevision(): number {
    return this.#first;
  }

  get lastRevision(): number {
    return this.#last;
  }

  /** The log has records of `revision`. */
  append(revision: number): void {
    assert(revision === this.#last + 1, 'commits follow each other without a gap');
    this.#last = revision;
  }

  /** in order; undefined: compacted, or still to come */
  changesAt(revision: number): Change[] | undefined {
    if (revision < this.#first || revision > this.#last) return undefined;
    const changes: Change[] = [];
    this.#log.visitFrom(revision, (position) => {
      if (this.#log.modRevision(position) !== revision) return false;
      changes.push(new Change(this, this.#log, position));
      return true;
    });
    return changes;
  }

  at(revision: number): Commit | undefined {
    const changes = this.changesAt(revision);
    return changes && { revision, events: changes.map(({ event }) => event) };
  }

  eventOf(position: Position): StoreEvent {
    const log = this.#log;
    const kv = log.read(position);
    const before = kv.modRevision === this.#forgotten ? noPosition : log.previous(position);
    const prevKv = before === noPosition || log.version(before) === 0 ? undefined : log.read(before);
    return { type: kv.version === 0 ? 1 : 0, kv, prevKv };
  }

  /** Nobody asks for what is older than `revision` any more. */
  dropBefore(revision: number): void {
    if (revision <= this.#first) return;
    this.#first = Math.min(revision, this.#last + 1);
    this.#log.settleBefore(this.#first);
  }

  /** What was before a commit at the compaction revision is gone: its events forget it. */
  forgetPrevious(revision: number): void {
    this.#forgotten = revision;
  }
}
