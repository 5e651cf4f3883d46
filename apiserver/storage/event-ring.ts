import type { CachedObject } from './cached-object.ts';

/** One change of one object, as the watch cache saw it. */
export interface CacheEvent {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED';
  readonly revision: number;
  /** of DELETED: the last state under the revision of the deletion */
  readonly current: CachedObject;
  readonly previous: CachedObject | undefined;
}

/**
 * The latest events, oldest first, at most `capacity` of them.
 *
 * Example, capacity 3, begun at revision 10: events 12, 15, 16, 20 → holds 15, 16, 20. `since(12)` is [15, 16, 20];
 * `since(11)` is undefined, for event 12 is gone.
 */
export class EventRing {
  readonly capacity: number;
  #events: CacheEvent[] = [];
  #head = 0;
  /** all events after this revision are held */
  #completeAfter: number;

  constructor(capacity: number, startRevision: number) {
    this.capacity = capacity;
    this.#completeAfter = startRevision;
  }

  get completeAfter(): number {
    return this.#completeAfter;
  }

  push(event: CacheEvent): void {
    this.#events.push(event);
    if (this.#events.length - this.#head <= this.capacity) return;
    this.#completeAfter = (this.#events[this.#head] as CacheEvent).revision;
    this.#head++;
    if (this.#head >= this.capacity) {
      this.#events = this.#events.slice(this.#head);
      this.#head = 0;
    }
  }

  /** Events with a greater revision; undefined where some of them are no longer held. */
  since(revision: number): CacheEvent[] | undefined {
    if (revision < this.#completeAfter) return undefined;
    let low = this.#head;
    let high = this.#events.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#events[middle] as CacheEvent).revision > revision) high = middle;
      else low = middle + 1;
    }
    return this.#events.slice(low);
  }
}
