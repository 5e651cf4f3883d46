import { describeKv } from './describe.ts';
import { sameKv } from './difference.ts';
import { inRange } from './evaluate.ts';
import type { View } from './evaluate.ts';
import type { Event, History, Key, Kv, RevisionRecord } from './history.ts';

/** From `revision` on the key has this value, or none. */
interface Stage {
  readonly revision: number;
  readonly kv: Kv | undefined;
}

/** How many of `items` are at most `limit`. */
function countUpTo<T>(items: readonly T[], limit: number, of: (item: T) => number): number {
  let [low, high] = [0, items.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (of(items[middle]!) <= limit) low = middle + 1;
    else high = middle;
  }
  return low;
}

const noEvents: readonly Event[] = [];

/**
 * The true history: each revision with its events, and so the state at each.
 *
 *     revision   1        2         3           4
 *     events          put a=1   put b=1    delete a
 *     a          -        1         1           -        stages of a: 2 → 1, 4 → none
 */
export class Timeline {
  /** The revision of the state that it begins with. */
  readonly first: number;
  readonly #records: RevisionRecord[] = [];
  readonly #stages = new Map<Key, Stage[]>();
  readonly #keys: Key[] = [];

  constructor(initial: History['initial']) {
    this.first = initial?.revision ?? 1;
    for (const kv of initial?.kvs ?? []) this.#stagesOf(kv.key).push({ revision: this.first, kv });
  }

  get last(): number {
    return this.first + this.#records.length;
  }

  /** Takes the next revision in, as it is; says what is impossible about it. */
  append(record: RevisionRecord): string[] {
    const problems: string[] = [];
    const { revision, events } = record;
    if (revision !== this.last + 1) return [`revision ${revision} comes after revision ${this.last}`];
    if (events.length === 0) problems.push(`revision ${revision} changes nothing`);
    this.#records.push(record);
    for (const event of events) {
      const problem = this.#impossible(event, revision);
      if (problem !== undefined) problems.push(`revision ${revision}: ${problem}`);
      this.#stagesOf(event.kv.key).push({ revision, kv: event.type === 'put' ? event.kv : undefined });
    }
    return problems;
  }

  record(revision: number): RevisionRecord | undefined {
    return this.#records[revision - this.first - 1];
  }

  events(revision: number): readonly Event[] {
    return this.record(revision)?.events ?? noEvents;
  }

  get(key: Key, revision: number): Kv | undefined {
    const stages = this.#stages.get(key);
    if (stages === undefined) return undefined;
    return stages[countUpTo(stages, revision, (stage) => stage.revision) - 1]?.kv;
  }

  list(key: Key, rangeEnd: Key | undefined, revision: number): readonly Kv[] {
    if (rangeEnd === undefined || rangeEnd === '') {
      const kv = this.get(key, revision);
      return kv === undefined ? [] : [kv];
    }
    const found: Kv[] = [];
    for (let i = this.#placeOf(key); i < this.#keys.length; i++) {
      if (!inRange(this.#keys[i]!, key, rangeEnd)) break;
      const kv = this.get(this.#keys[i]!, revision);
      if (kv !== undefined) found.push(kv);
    }
    return found;
  }

  /** Where every lease exists and nothing is compacted: those do not show in revisions, and are checked apart. */
  view(revision: number): View {
    return {
      revision,
      compactRevision: -1,
      get: (key) => this.get(key, revision),
      list: (key, rangeEnd) => this.list(key, rangeEnd, revision),
      at: (earlier) => this.view(earlier),
      hasLease: () => true,
    };
  }

  #impossible({ type, kv, prevKv }: Event, revision: number): string | undefined {
    if (kv.modRevision !== revision) return `the event of ${kv.key} says revision ${kv.modRevision}`;
    const before = this.#stages.get(kv.key)?.at(-1)?.kv;
    if (type === 'delete') {
      if (before === undefined) return `deletes ${kv.key}, which does not exist`;
    } else {
      const should = {
        createRevision: before?.createRevision ?? revision,
        version: (before?.version ?? 0) + 1,
      };
      if (!sameKv({ ...kv, ...should }, kv)) return `is ${describeKv(kv)} after ${describeKv(before)}`;
    }
    if (prevKv === undefined || sameKv(prevKv, before)) return undefined;
    return `says that there was ${describeKv(prevKv)} before, where there was ${describeKv(before)}`;
  }

  #placeOf(key: Key): number {
    let [low, high] = [0, this.#keys.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#keys[middle]! < key) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #stagesOf(key: Key): Stage[] {
    let stages = this.#stages.get(key);
    if (stages === undefined) {
      stages = [];
      this.#stages.set(key, stages);
      this.#keys.splice(this.#placeOf(key), 0, key);
    }
    return stages;
  }
}
