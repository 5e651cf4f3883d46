import t from 'tap';
import { seededRandom } from '../../base/random.ts';
import type { Random } from '../../base/random.ts';
import { keyBytes, keyName } from './key-name.ts';
import { MvccStore } from './mvcc-store.ts';
import { MvccError } from './types.ts';

/** The naive model: a whole map for each revision. */
type Value = { value: string; create: number; mod: number; version: number; lease: bigint };
class Model {
  states: Map<string, Value>[] = [new Map(), new Map()];
  get revision(): number {
    return this.states.length - 1;
  }
  change(action: (state: Map<string, Value>, revision: number) => void): void {
    const next = new Map(this.states[this.revision]);
    action(next, this.revision + 1);
    this.states.push(next);
  }
  list(from: string, to: string, revision: number): string[] {
    return [...this.states[revision]!.entries()]
      .filter(([key]) => key >= from && key < to)
      .sort(([x], [y]) => (x < y ? -1 : 1))
      .map(([key, v]) => `${key}=${v.value}@${v.create}/${v.mod}/${v.version}/${v.lease}`);
  }
}

const tiny = { slotsMin: 2, slotsMax: 8, bytesMin: 16, bytesMax: 64 };
const noSink = { putRecord() {}, dropRecord() {}, putLease() {}, dropLease() {} };
const putInto = (key: string, value: string, lease: bigint) => (state: Map<string, Value>, mod: number) => {
  const old = state.get(key);
  state.set(key, { value, create: old?.create ?? mod, mod, version: (old?.version ?? 0) + 1, lease });
};

function list(store: MvccStore, from: string, to: string, revision: number): string[] {
  const { kvs, count } = store.range({ key: keyBytes(from), rangeEnd: keyBytes(to), revision });
  if (count !== kvs.length) throw new Error('count differs');
  return kvs.map(
    (kv) => `${keyName(kv.key)}=${keyName(kv.value)}@${kv.createRevision}/${kv.modRevision}/${kv.version}/${kv.lease}`,
  );
}

function step(random: Random, store: MvccStore, model: Model): void {
  const key = `k${String(random.below(40)).padStart(2, '0')}`;
  const end = `k${String(random.below(40)).padStart(2, '0')}`;
  const value = String(random.below(1000));
  const lease = BigInt(random.below(3));
  const kind = random.below(10);
  if (kind < 5) {
    store.put({ key: keyBytes(key), value: keyBytes(value), lease });
    model.change(putInto(key, value, lease));
  } else if (kind < 7) {
    const hit = model.list(key, end, model.revision).length > 0;
    store.deleteRange({ key: keyBytes(key), rangeEnd: keyBytes(end) });
    if (hit) model.change((state) => [...state.keys()].forEach((k) => k >= key && k < end && state.delete(k)));
  } else if (kind < 9) {
    const other = `x${random.below(5)}`;
    store.txn({
      compare: [],
      success: [
        { requestPut: { key: keyBytes(key), value: keyBytes(value) } },
        { requestPut: { key: keyBytes(other), value: keyBytes(value) } },
      ],
      failure: [],
    });
    model.change((state, mod) => {
      putInto(key, value, 0n)(state, mod);
      putInto(other, value, 0n)(state, mod);
    });
  } else if (random.below(4) === 0) {
    const at = store.revision - random.below(5);
    if (at > store.compactRevision) store.compact(at);
  }
  if (store.compactPending) store.compactStep(3);
}

void t.test('the store agrees with a naive model at every revision that can be read', (t) => {
  for (let seed = 1; seed <= 20; seed++) {
    const random = seededRandom(seed);
    // every other one with segments so small that they settle, get sparse and are repacked all the time
    const store = new MvccStore(noSink, seed % 2 === 0 ? tiny : undefined);
    const model = new Model();
    store.leaseGrant(1n, 9);
    store.leaseGrant(2n, 9);
    for (let i = 0; i < 400; i++) {
      step(random, store, model);
      const revision = Math.max(1, store.compactRevision) + random.below(store.revision);
      const at = Math.min(revision, store.revision);
      t.ok(store.revision === model.revision, `seed ${seed}: revisions`);
      const from = `k${random.below(40)}`;
      for (const [a, z] of [
        ['a', 'z'],
        [from, 'l'],
      ] as const) {
        const [is, should] = [list(store, a, z, at), model.list(a, z, at)];
        if (is.join() !== should.join()) t.same(is, should, `seed ${seed}, step ${i}, revision ${at}`);
      }
      if (store.compactRevision > 1) {
        t.throws(() => store.range({ key: keyBytes('a'), revision: store.compactRevision - 1 }), MvccError);
      }
    }
    t.pass(`seed ${seed}: ${model.revision} revisions`);
  }
  t.end();
});
