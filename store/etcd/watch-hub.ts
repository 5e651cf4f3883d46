import type { Clock } from '../../base/clock.ts';
import type { Change } from '../mvcc/history.ts';
import { inRange } from '../mvcc/key-name.ts';
import type { KeyName, KeyRange } from '../mvcc/key-name.ts';
import type { MvccStore } from '../mvcc/mvcc-store.ts';
import type { StoreEvent } from '../mvcc/types.ts';

export interface WatchOptions {
  readonly range: KeyRange;
  /** events of this revision and later; 0: from now on */
  readonly startRevision: number;
  readonly prevKv: boolean;
  readonly noPut: boolean;
  readonly noDelete: boolean;
}

/** Where a watcher's events go: a stream, shared with others. */
export interface WatchOutlet {
  /** False: what was sent fills the transport's buffer; `drained` tells when to go on. */
  deliver(watcher: Watcher, events: readonly StoreEvent[], revision: number): boolean;
  /** the watcher wants what has been compacted; it is about to go */
  compacted(watcher: Watcher, compactRevision: number): void;
  /** every watcher of the outlet has all up to `revision`; called when that was asked for with `requestProgress` */
  progress(revision: number): void;
  drained(): Promise<void>;
}

export class Watcher {
  readonly options: WatchOptions;
  readonly outlet: Outlet;
  /** the first revision it has not been told of, or (synced) a start in the future */
  next: number;
  /** lagging watchers are fed from the history by their outlet, the others by each commit */
  synced = false;
  closed = false;
  /** something was delivered since the last progress notification */
  busy = false;

  constructor(outlet: Outlet, options: WatchOptions, next: number) {
    this.outlet = outlet;
    this.options = options;
    this.next = next;
  }

  wants({ type }: Pick<StoreEvent, 'type'>): boolean {
    const { noPut, noDelete } = this.options;
    return type === 0 ? !noPut : !noDelete;
  }
}

/** A stream's watchers, and whether its transport takes more. */
export class Outlet {
  readonly sink: WatchOutlet;
  readonly watchers = new Set<Watcher>();
  readonly lagging = new Set<Watcher>();
  blocked = false;
  feeding = false;
  closed = false;
  progressWanted = false;

  constructor(sink: WatchOutlet) {
    this.sink = sink;
  }
}

/** commits that a lagging watcher looks through at a time */
const feedCommitsMax = 2000;
/** about this much goes into one response of a lagging watcher; a revision is never split */
const feedBytesMax = 1024 * 1024;

const eventBytes = (event: StoreEvent): number =>
  event.kv.key.length + event.kv.value.length + (event.prevKv?.value.length ?? 0) + 64;

/**
 * Feeds all watchers of a member. There are no buffers of events: what a slow watcher has missed is read again from the
 * store's history, so it costs nothing and holds nobody back. All events of a revision leave together.
 */
export class WatchHub {
  readonly #store: () => MvccStore;
  readonly #clock: Clock;
  readonly #singles = new Map<KeyName, Set<Watcher>>();
  readonly #ranges = new Set<Watcher>();
  #outlets = new Set<Outlet>();
  /** synced watchers have been told of everything up to here */
  #seen: number;

  constructor(store: () => MvccStore, clock: Clock) {
    this.#store = store;
    this.#clock = clock;
    this.#seen = store().revision;
  }

  get watcherCount(): number {
    let count = 0;
    for (const outlet of this.#outlets) count += outlet.watchers.size;
    return count;
  }

  get laggingCount(): number {
    let count = 0;
    for (const outlet of this.#outlets) count += outlet.lagging.size;
    return count;
  }

  get revision(): number {
    return this.#seen;
  }

  open(sink: WatchOutlet): Outlet {
    const outlet = new Outlet(sink);
    this.#outlets.add(outlet);
    return outlet;
  }

  close(outlet: Outlet): void {
    outlet.closed = true;
    for (const watcher of outlet.watchers) this.cancel(watcher);
    this.#outlets.delete(outlet);
  }

  /** Events may be delivered before this returns to the event loop's next turn, never within the call. */
  watch(outlet: Outlet, options: WatchOptions): Watcher {
    const { startRevision } = options;
    const watcher = new Watcher(outlet, options, startRevision > 0 ? startRevision : this.#seen + 1);
    outlet.watchers.add(watcher);
    if (watcher.next > this.#seen) this.#sync(watcher);
    else {
      outlet.lagging.add(watcher);
      this.#feedSoon(outlet);
    }
    return watcher;
  }

  cancel(watcher: Watcher): void {
    watcher.closed = true;
    this.#unsync(watcher);
    watcher.outlet.lagging.delete(watcher);
    watcher.outlet.watchers.delete(watcher);
    this.#maybeProgress(watcher.outlet);
  }

  /** Tells, in order with the events, when the outlet's watchers have everything up to some revision. */
  requestProgress(outlet: Outlet): void {
    outlet.progressWanted = true;
    this.#maybeProgress(outlet);
  }

  /** whether a watcher has everything up to the hub's revision */
  isCurrent(watcher: Watcher): boolean {
    return watcher.synced && watcher.next <= this.#seen + 1 && !watcher.outlet.blocked;
  }

  /** The store has new commits. */
  notify(): void {
    const store = this.#store();
    if (store.revision === this.#seen) return;
    const first = this.#seen + 1;
    const found = new Map<Watcher, StoreEvent[]>();
    if (this.#singles.size > 0 || this.#ranges.size > 0) {
      for (let r = first; r <= store.revision; r++) {
        for (const change of store.changesAt(r)) this.#match(change, r, found);
      }
    }
    this.#seen = store.revision;
    for (const [watcher, events] of found) this.#deliverNew(watcher, events, first);
    for (const outlet of this.#outlets) this.#maybeProgress(outlet);
  }

  /** Everything was replaced: watchers go on from the new history, those of a future revision still wait for it. */
  restored(): void {
    for (const outlet of this.#outlets) {
      for (const watcher of outlet.watchers) {
        if (!watcher.synced) continue;
        this.#unsync(watcher);
        watcher.next = Math.max(watcher.next, this.#seen + 1);
      }
    }
    this.#seen = this.#store().revision;
    for (const outlet of this.#outlets) {
      for (const watcher of outlet.watchers) {
        if (watcher.next > this.#seen) this.#sync(watcher);
        else outlet.lagging.add(watcher);
      }
      this.#feedSoon(outlet);
    }
  }

  #match(change: Change, revision: number, found: Map<Watcher, StoreEvent[]>): void {
    const { name } = change;
    for (const watcher of this.#singles.get(name) ?? []) addEvent(found, watcher, change, revision);
    for (const watcher of this.#ranges) {
      if (inRange(watcher.options.range, name)) addEvent(found, watcher, change, revision);
    }
  }

  #deliverNew(watcher: Watcher, events: readonly StoreEvent[], first: number): void {
    if (watcher.closed) return;
    const { outlet } = watcher;
    if (outlet.blocked) {
      this.#unsync(watcher);
      watcher.next = Math.max(watcher.next, first);
      outlet.lagging.add(watcher);
      return;
    }
    this.#deliver(watcher, events, this.#seen);
  }

  #deliver(watcher: Watcher, events: readonly StoreEvent[], revision: number): void {
    const { outlet } = watcher;
    watcher.busy = true;
    if (outlet.sink.deliver(watcher, events, revision)) return;
    outlet.blocked = true;
    void this.#resumeWhenDrained(outlet);
  }

  async #resumeWhenDrained(outlet: Outlet): Promise<void> {
    await outlet.sink.drained();
    outlet.blocked = false;
    this.#feedSoon(outlet);
  }

  #sync(watcher: Watcher): void {
    watcher.synced = true;
    const { range } = watcher.options;
    if (!range.single) {
      this.#ranges.add(watcher);
      return;
    }
    const same = this.#singles.get(range.start);
    if (same) same.add(watcher);
    else this.#singles.set(range.start, new Set([watcher]));
  }

  #unsync(watcher: Watcher): void {
    if (!watcher.synced) return;
    watcher.synced = false;
    const { range } = watcher.options;
    this.#ranges.delete(watcher);
    const same = range.single ? this.#singles.get(range.start) : undefined;
    same?.delete(watcher);
    if (same?.size === 0) this.#singles.delete(range.start);
  }

  #feedSoon(outlet: Outlet): void {
    if (outlet.feeding || outlet.closed) return;
    outlet.feeding = true;
    this.#clock.soon(() => {
      outlet.feeding = false;
      if (outlet.closed || outlet.blocked) return;
      for (const watcher of outlet.lagging) {
        this.#feed(watcher);
        if (outlet.blocked) return;
      }
      if (outlet.lagging.size > 0) this.#feedSoon(outlet);
      else this.#maybeProgress(outlet);
    });
  }

  /** One slice of what a lagging watcher has missed. */
  #feed(watcher: Watcher): void {
    const store = this.#store();
    const { outlet } = watcher;
    if (watcher.next < store.compactRevision) {
      // told before it goes: without it the outlet may be up to date, and says so, which was not true of this one
      outlet.sink.compacted(watcher, store.compactRevision);
      this.cancel(watcher);
      return;
    }
    const events: StoreEvent[] = [];
    const until = Math.min(this.#seen, watcher.next + feedCommitsMax - 1);
    let bytes = 0;
    for (; watcher.next <= until && bytes < feedBytesMax; watcher.next++) {
      for (const change of store.changesAt(watcher.next)) {
        if (!watcher.wants(change) || !inRange(watcher.options.range, change.name)) continue;
        const { event } = change;
        events.push(event);
        bytes += eventBytes(event);
      }
    }
    const revision = watcher.next - 1;
    if (watcher.next > this.#seen) {
      outlet.lagging.delete(watcher);
      this.#sync(watcher);
    }
    if (events.length > 0) this.#deliver(watcher, events, revision);
  }

  #maybeProgress(outlet: Outlet): void {
    if (!outlet.progressWanted || outlet.blocked || outlet.lagging.size > 0) return;
    for (const watcher of outlet.watchers) if (watcher.next > this.#seen + 1) return;
    outlet.progressWanted = false;
    outlet.sink.progress(this.#seen);
  }
}

function addEvent(found: Map<Watcher, StoreEvent[]>, watcher: Watcher, change: Change, revision: number): void {
  // a start in the future gets nothing older (etcd 20221)
  if (revision < watcher.next || !watcher.wants(change)) return;
  const events = found.get(watcher);
  if (events) events.push(change.event);
  else found.set(watcher, [change.event]);
}
