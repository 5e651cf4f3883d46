import type { CachedObject } from './cached-object.ts';

/** One change of one object, as the watch cache saw it. */
export interface CacheEvent {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED';
  readonly revision: number;
  /** of DELETED: the last state under the revision of the deletion */
  readonly current: CachedObject;
  readonly previous: CachedObject | undefined;
}

/** Of the stored forms of the objects in a ring's events. A few large objects must not keep gigabytes. */
export const ringBytesMax = 32 * 1024 * 1024;

/**
 * The latest events, oldest first, at most `capacity` of them and at most `bytesMax` of objects.
 *
 * Example, capacity 3, begun at revision 10: events 12, 15, 16, 20 → holds 15, 16, 20. `since(12)` is [15, 16, 20];
 * `since(11)` is undefined, for event 12 is gone.
 */
export class EventRing {
  readonly capacity: number;
  #events: (CacheEvent | undefined)[] = [];
  #head = 0;
  /** all events after this revision are held */
  #completeAfter: number;
  readonly #bytesMax: number;
  #bytes = 0;

  constructor(capacity: number, startRevision: number, bytesMax = ringBytesMax) {
    this.capacity = capacity;
    this.#bytesMax = bytesMax;
    this.#completeAfter = startRevision;
  }

  get completeAfter(): number {
    return this.#completeAfter;
  }

  push(event: CacheEvent): void {
    this.#events.push(event);
    this.#bytes += event.current.storedBytes;
    while (this.#events.length - this.#head > this.capacity || this.#bytes > this.#bytesMax) this.#forgetOldest();
    if (this.#head >= this.capacity) {
      this.#events = this.#events.slice(this.#head);
      this.#head = 0;
    }
  }

  #forgetOldest(): void {
    const oldest = this.#events[this.#head] as CacheEvent;
    this.#completeAfter = oldest.revision;
    this.#bytes -= oldest.current.storedBytes;
    // its place is dropped later, with many others; what it holds must go now
    this.#events[this.#head] = undefined;
    this.#head++;
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
    return this.#events.slice(low) as CacheEvent[];
  }
}
