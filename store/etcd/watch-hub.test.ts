import t from 'tap';
import { systemClock } from '../../base/clock.ts';
import { sleep } from '../../base/clock.ts';
import { keyBytes, keyName, keyRange } from '../mvcc/key-name.ts';
import { MvccStore } from '../mvcc/mvcc-store.ts';
import type { StoreEvent } from '../mvcc/types.ts';
import { WatchHub } from './watch-hub.ts';
import type { Watcher, WatchOutlet } from './watch-hub.ts';

const b = keyBytes;
const noSink = { putRecord() {}, dropRecord() {}, putLease() {}, dropLease() {} };

/** writes down what it is given; takes nothing more while `full` */
class Recorder implements WatchOutlet {
  readonly seen: string[] = [];
  full = false;
  #drain = (): void => {};
  deliver(_watcher: Watcher, events: readonly StoreEvent[], revision: number): boolean {
    const list = events.map((e) => `${e.type ? '-' : '+'}${keyName(e.kv.key)}@${e.kv.modRevision}`);
    this.seen.push(`${list.join(' ')} to ${revision}`);
    return !this.full;
  }
  compacted(_watcher: Watcher, compactRevision: number): void {
    this.seen.push(`compacted ${compactRevision}`);
  }
  progress(revision: number): void {
    this.seen.push(`progress ${revision}`);
  }
  drained(): Promise<void> {
    return new Promise((resolve) => (this.#drain = resolve));
  }
  drain(): void {
    this.full = false;
    this.#drain();
  }
  take(): string[] {
    return this.seen.splice(0);
  }
}

function make() {
  const store = new MvccStore(noSink);
  const hub = new WatchHub(() => store, systemClock);
  const recorder = new Recorder();
  const outlet = hub.open(recorder);
  const put = (...keys: string[]): void => {
    for (const key of keys) store.put({ key: b(key), value: b('v') });
    hub.notify();
  };
  const watch = (key: string, end = '', startRevision = 0, more = {}): Watcher =>
    hub.watch(outlet, {
      range: keyRange(b(key), b(end)),
      startRevision,
      prevKv: false,
      noPut: false,
      noDelete: false,
      ...more,
    });
  return { store, hub, recorder, outlet, put, watch };
}

void t.test('a watcher gets what matches, once, in order, each revision whole', async (t) => {
  const { store, hub, recorder, put, watch } = make();
  watch('a', 'c');
  put('a', 'x', 'b');
  t.same(recorder.take(), ['+a@2 +b@4 to 4']);
  store.txn({
    compare: [],
    success: [{ requestPut: { key: b('a'), value: b('1') } }, { requestDeleteRange: { key: b('b') } }],
    failure: [],
  });
  hub.notify();
  t.same(recorder.take(), ['+a@5 -b@5 to 5']);
  const single = watch('x', '', 0, { noDelete: true });
  put('x', 'a');
  t.same(recorder.take().sort(), ['+a@7 to 7', '+x@6 to 7']);
  hub.cancel(single);
  put('x');
  await sleep(5);
  t.same(recorder.take(), []);
});

void t.test('a start in the past catches up, and goes on without a gap', async (t) => {
  const { recorder, put, watch } = make();
  put('a', 'b', 'a');
  watch('a', '', 1);
  put('a');
  await sleep(5);
  put('a');
  t.same(recorder.take(), ['+a@2 +a@4 +a@5 to 5', '+a@6 to 6']);
});

void t.test('a start in the future gets nothing older (etcd 20221)', (t) => {
  const { recorder, hub, put, watch } = make();
  watch('a', '', 5);
  put('a', 'a');
  hub.restored();
  put('a', 'a');
  t.same(recorder.take(), ['+a@5 to 5']);
  t.end();
});

void t.test(
  'a watcher whose start is compacted is refused before progress is told that does not hold for it',
  async (t) => {
    const { store, hub, recorder, outlet, put, watch } = make();
    put('a', 'a', 'a');
    store.compact(3);
    watch('a', '', 1);
    hub.requestProgress(outlet);
    await sleep(5);
    t.same(recorder.take(), ['compacted 3', 'progress 4']);
    t.end();
  },
);

void t.test('a compacted start is refused; one at the compaction revision is not', async (t) => {
  const { store, recorder, put, watch } = make();
  put('a', 'a', 'a');
  store.compact(3);
  watch('a', '', 2);
  watch('a', '', 3);
  await sleep(5);
  t.same(recorder.take(), ['compacted 3', '+a@3 +a@4 to 4']);
});

void t.test('a full outlet is left alone, and catches up from the history; others go on', async (t) => {
  const { hub, recorder, put, watch } = make();
  const other = new Recorder();
  hub.watch(hub.open(other), watch('a', 'z').options);
  recorder.full = true;
  put('a');
  put('b');
  put('c', 'd');
  t.same(recorder.take(), ['+a@2 to 2']);
  t.equal(other.take().length, 3);
  t.equal(hub.laggingCount, 1);
  recorder.drain();
  await sleep(5);
  t.same(recorder.take(), ['+b@3 +c@4 +d@5 to 5']);
  t.equal(hub.laggingCount, 0);
  put('e');
  t.same(recorder.take(), ['+e@6 to 6']);
});

void t.test('progress comes after all events up to its revision (etcd 15220)', async (t) => {
  const { hub, recorder, outlet, put, watch } = make();
  put('a', 'a');
  watch('a', '', 1);
  hub.requestProgress(outlet);
  t.same(recorder.take(), [], 'not before the watcher has caught up');
  await sleep(5);
  t.same(recorder.take(), ['+a@2 +a@3 to 3', 'progress 3']);
  hub.requestProgress(outlet);
  t.same(recorder.take(), ['progress 3']);
  recorder.full = true;
  put('a');
  hub.requestProgress(outlet);
  t.same(recorder.take(), ['+a@4 to 4'], 'nor while its transport is full');
  recorder.drain();
  await sleep(5);
  t.same(recorder.take(), ['progress 4']);
});

void t.test('a closed outlet leaves nothing behind', (t) => {
  const { hub, recorder, outlet, put, watch } = make();
  watch('a');
  watch('a', 'z');
  hub.close(outlet);
  put('a');
  t.same([recorder.take(), hub.watcherCount], [[], 0]);
  t.end();
});
