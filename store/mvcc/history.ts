import { assert } from '../../base/assert.ts';
import type { Commit, StoreEvent } from './types.ts';

/**
 * The commits from the compaction revision on, one a revision without a gap: what watchers catch up from. It holds no
 * values of its own; they are those of the key index.
 */
export class History {
  #commits: (Commit | undefined)[] = [];
  #head = 0;
  /** revision of the first commit, or of the next one while there is none */
  #first: number;

  constructor(nextRevision: number) {
    this.#first = nextRevision;
  }

  get firstRevision(): number {
    return this.#first;
  }

  get lastRevision(): number {
    return this.#first + (this.#commits.length - this.#head) - 1;
  }

  append(commit: Commit): void {
    assert(commit.revision === this.lastRevision + 1, 'commits follow each other without a gap');
    this.#commits.push(commit);
  }

  at(revision: number): Commit | undefined {
    return revision < this.#first ? undefined : this.#commits[this.#head + revision - this.#first];
  }

  /** Takes out the oldest commit if it is older than `revision`. */
  dropBefore(revision: number): Commit | undefined {
    if (this.#first >= revision) return undefined;
    const commit = this.#commits[this.#head];
    if (commit === undefined) return undefined;
    this.#commits[this.#head++] = undefined;
    this.#first++;
    if (this.#head > 4096 && this.#head * 2 > this.#commits.length) {
      this.#commits = this.#commits.slice(this.#head);
      this.#head = 0;
    }
    return commit;
  }

  /** What was before a commit at the compaction revision is gone: its events forget it. */
  forgetPrevious(revision: number): void {
    const commit = this.at(revision);
    if (commit === undefined) return;
    const events = commit.events.map((event): StoreEvent => ({ ...event, prevKv: undefined }));
    this.#commits[this.#head + revision - this.#first] = { revision, events };
  }
}
