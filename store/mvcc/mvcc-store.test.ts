import t from 'tap';
import { keyBytes, keyName } from './key-name.ts';
import { MvccStore } from './mvcc-store.ts';
import type { LoadedRecord } from './mvcc-store.ts';
import { MvccError } from './types.ts';
import type { Compare, RequestOp, StoredValue, StoreSink } from './types.ts';

const b = (text: string): Uint8Array => keyBytes(text);
const zero = new Uint8Array([0]);

class Kept implements StoreSink {
  readonly records = new Map<string, StoredValue>();
  putRecord(record: StoredValue): void {
    this.records.set(`${record.modRevision}/${record.sub}`, record);
  }
  dropRecord(record: StoredValue): void {
    this.records.delete(`${record.modRevision}/${record.sub}`);
  }
  putLease(): void {}
  dropLease(): void {}
}

function make(): { store: MvccStore; kept: Kept } {
  const kept = new Kept();
  return { store: new MvccStore(kept), kept };
}
const put = (store: MvccStore, key: string, value: string, lease = 0n) =>
  store.put({ key: b(key), value: b(value), lease });
const del = (store: MvccStore, key: string, rangeEnd?: string) =>
  store.deleteRange({ key: b(key), rangeEnd: rangeEnd === undefined ? undefined : b(rangeEnd) });
const all = (store: MvccStore, revision = 0) => {
  const { kvs } = store.range({ key: zero, rangeEnd: zero, revision });
  return kvs.map(
    (kv) => `${keyName(kv.key)}=${keyName(kv.value)}@${kv.createRevision}/${kv.modRevision}/${kv.version}`,
  );
};
function kindOf(action: () => unknown): string {
  try {
    action();
  } catch (error) {
    if (error instanceof MvccError) return error.kind;
    throw error;
  }
  return 'ok';
}
function settle(store: MvccStore): void {
  while (store.compactPending) store.compactStep(2);
}
/** the example drawn in key-index.ts */
function example(): { store: MvccStore; kept: Kept } {
  const made = make();
  const { store } = made;
  put(store, 'x', 'a'); // 2
  put(store, 'x', 'b'); // 3
  put(store, 'y', 'c'); // 4
  del(store, 'x'); // 5
  put(store, 'y', 'd'); // 6
  put(store, 'z', 'e'); // 7
  put(store, 'x', 'f'); // 8
  return made;
}

void t.test('put, delete and put again make generations that can each be read', (t) => {
  const { store } = example();
  t.same(all(store, 2), ['x=a@2/2/1']);
  t.same(all(store, 4), ['x=b@2/3/2', 'y=c@4/4/1']);
  t.same(all(store, 5), ['y=c@4/4/1']);
  t.same(all(store), ['x=f@8/8/1', 'y=d@4/6/2', 'z=e@7/7/1']);
  t.equal(
    kindOf(() => all(store, 9)),
    'future-revision',
  );
  t.equal(store.range({ key: b('x'), revision: 5 }).count, 0);
  t.end();
});

void t.test('deleting what is not there makes no revision', (t) => {
  const { store } = example();
  t.match(del(store, 'nothing'), { deleted: 0, header: { revision: 8 } });
  t.match(del(store, 'a', 'zz'), { deleted: 3, header: { revision: 9 } });
  t.match(del(store, 'a', 'zz'), { deleted: 0, header: { revision: 9 } });
  t.end();
});

void t.test('range: bounds, limit, sort, filters, count and more', (t) => {
  const { store } = make();
  for (const [key, value] of [
    ['a', '3'],
    ['b', '1'],
    ['c', '2'],
    ['d', '0'],
  ] as const)
    put(store, key, value);
  put(store, 'b', '9');
  const table: Record<string, [object, string, number, boolean]> = {
    'one key': [{ key: b('a') }, 'a', 1, false],
    'half open': [{ key: b('a'), rangeEnd: b('c') }, 'ab', 2, false],
    'from key on': [{ key: b('b'), rangeEnd: zero }, 'bcd', 3, false],
    'end before start': [{ key: b('c'), rangeEnd: b('a') }, '', 0, false],
    limit: [{ key: zero, rangeEnd: zero, limit: 2 }, 'ab', 4, true],
    'limit that just fits': [{ key: zero, rangeEnd: zero, limit: 4 }, 'abcd', 4, false],
    'limit at a revision': [{ key: zero, rangeEnd: zero, limit: 1, revision: 3 }, 'a', 2, true],
    'count only': [{ key: zero, rangeEnd: zero, countOnly: true, limit: 1 }, '', 4, false],
    'by value descending': [{ key: zero, rangeEnd: zero, sortTarget: 4, sortOrder: 2, limit: 2 }, 'ba', 4, true],
    'by mod revision, no order given': [{ key: zero, rangeEnd: zero, sortTarget: 3 }, 'acdb', 4, false],
    'by version descending': [{ key: zero, rangeEnd: zero, sortTarget: 1, sortOrder: 2, limit: 1 }, 'b', 4, true],
    'by key descending': [{ key: zero, rangeEnd: zero, sortOrder: 2 }, 'dcba', 4, false],
    'min mod revision': [{ key: zero, rangeEnd: zero, minModRevision: 4 }, 'bcd', 4, false],
    'max mod revision': [{ key: zero, rangeEnd: zero, maxModRevision: 4 }, 'ac', 4, false],
    'create revisions': [{ key: zero, rangeEnd: zero, minCreateRevision: 3, maxCreateRevision: 4 }, 'bc', 4, false],
    'filter and limit': [{ key: zero, rangeEnd: zero, minModRevision: 4, limit: 2 }, 'bc', 4, true],
  };
  for (const [name, [request, keys, count, more]] of Object.entries(table)) {
    const result = store.range(request as { key: Uint8Array });
    t.equal(result.kvs.map((kv) => keyName(kv.key)).join(''), keys, `${name}: keys`);
    t.same([result.count, result.more], [count, more], `${name}: count and more`);
  }
  t.same(store.range({ key: b('b'), keysOnly: true }).kvs[0]?.value.length, 0, 'keys only');
  t.same(store.range({ key: b('b') }).kvs[0]?.value.length, 1, 'keys only left the store alone');
  t.end();
});

void t.test('put: previous value, ignored value, ignored lease', (t) => {
  const { store } = make();
  store.leaseGrant(7n, 10);
  put(store, 'k', 'v', 7n);
  t.equal(keyName(store.put({ key: b('k'), value: b('w'), prevKv: true, ignoreLease: true }).prevKv!.value), 'v');
  t.match(store.range({ key: b('k') }).kvs[0], { lease: 7n, version: 2 });
  store.put({ key: b('k'), value: b(''), ignoreValue: true });
  t.match(store.range({ key: b('k') }).kvs[0], { lease: 0n, value: b('w'), version: 3 });
  t.equal(
    kindOf(() => store.put({ key: b('none'), value: b(''), ignoreValue: true })),
    'key-not-found',
  );
  t.equal(
    kindOf(() => put(store, 'k', 'v', 8n)),
    'lease-not-found',
  );
  t.equal(store.revision, 4);
  t.end();
});

void t.test('txn: comparisons with each target', (t) => {
  const { store } = make();
  store.leaseGrant(7n, 10);
  put(store, 'k', 'b', 7n); // 2
  put(store, 'k', 'b', 7n); // 3
  put(store, 'm', 'c'); // 4
  const key = b('k');
  const table: Record<string, [Compare, boolean]> = {
    'version equal': [{ key, target: 0, result: 0, version: 2 }, true],
    'create less': [{ key, target: 1, result: 2, createRevision: 3 }, true],
    'mod greater': [{ key, target: 2, result: 1, modRevision: 3 }, false],
    'value not equal': [{ key, target: 3, result: 3, value: b('b') }, false],
    'lease equal': [{ key, target: 4, result: 0, lease: 7n }, true],
    'absent key: mod revision 0': [{ key: b('no'), target: 2, result: 0, modRevision: 0 }, true],
    'absent key: create revision greater 0': [{ key: b('no'), target: 1, result: 1, createRevision: 0 }, false],
    'absent key: a value never compares': [{ key: b('no'), target: 3, result: 3, value: b('x') }, false],
    'range: each must hold': [{ key: zero, rangeEnd: zero, target: 2, result: 1, modRevision: 2 }, true],
    'range: one does not': [{ key: zero, rangeEnd: zero, target: 2, result: 1, modRevision: 3 }, false],
    'empty range: like an absent key': [{ key: b('x'), rangeEnd: b('z'), target: 0, result: 0, version: 0 }, true],
  };
  for (const [name, [compare, holds]] of Object.entries(table)) {
    t.equal(store.txn({ compare: [compare], success: [], failure: [] }).succeeded, holds, name);
  }
  t.equal(store.revision, 4, 'no operation, no revision');
  t.end();
});

void t.test('txn: one revision, in order, its reads see its writes', (t) => {
  const { store } = make();
  put(store, 'a', '1'); // 2
  const range: RequestOp = { requestRange: { key: zero, rangeEnd: zero } };
  const result = store.txn({
    compare: [],
    success: [
      range,
      { requestPut: { key: b('b'), value: b('2'), prevKv: true } },
      range,
      { requestRange: { key: zero, rangeEnd: zero, revision: 2 } },
      { requestDeleteRange: { key: b('a') } },
      { requestTxn: { compare: [{ key: b('b'), target: 0, result: 0, version: 0 }], success: [range], failure: [] } },
    ],
    failure: [],
  });
  t.match(result, { succeeded: true, header: { revision: 3 } });
  const counts = result.responses.map((r) => r.responseRange?.kvs.length);
  t.same(counts, [1, undefined, 2, 1, undefined, undefined]);
  t.same(
    result.responses.map((r) => r.responseRange?.header.revision),
    [2, undefined, 3, 3, undefined, undefined],
  );
  t.match(result.responses[5]?.responseTxn, { succeeded: true, header: { revision: 0 } }, 'nested: decided beforehand');
  t.equal(result.responses[5]?.responseTxn?.responses[0]?.responseRange?.kvs.length, 1);
  t.same(
    store.commitAt(3)?.events.map((e) => [e.type, keyName(e.kv.key), e.kv.sub]),
    [
      [0, 'b', 0],
      [1, 'a', 1],
    ],
  );
  t.end();
});

void t.test('txn: what fails changes nothing', (t) => {
  const { store } = example();
  const first: RequestOp = { requestPut: { key: b('q'), value: b('1') } };
  const bad: Record<string, [RequestOp, string]> = {
    'a lease that is not there': [{ requestPut: { key: b('r'), value: b(''), lease: 5n } }, 'lease-not-found'],
    'no value to keep': [{ requestPut: { key: b('r'), value: b(''), ignoreValue: true } }, 'key-not-found'],
    'a future revision': [{ requestRange: { key: b('r'), revision: 99 } }, 'future-revision'],
  };
  for (const [name, [op, kind]] of Object.entries(bad)) {
    const nested: RequestOp = { requestTxn: { compare: [], success: [op], failure: [] } };
    t.equal(
      kindOf(() => store.txn({ compare: [], success: [first, op], failure: [] })),
      kind,
      name,
    );
    t.equal(
      kindOf(() => store.txn({ compare: [], success: [first, nested], failure: [] })),
      kind,
      `${name}, nested`,
    );
  }
  t.same([store.revision, store.range({ key: b('q') }).count], [8, 0]);
  t.end();
});

void t.test('compact: at, above and below; what is read stays the same', (t) => {
  for (let at = 2; at <= 8; at++) {
    const { store, kept } = example();
    const before = Array.from({ length: 9 - at }, (_, i) => all(store, at + i));
    store.compact(at);
    t.same(
      Array.from({ length: 9 - at }, (_, i) => all(store, at + i)),
      before,
      `at ${at}, before the clean-up`,
    );
    settle(store);
    t.same(
      Array.from({ length: 9 - at }, (_, i) => all(store, at + i)),
      before,
      `at ${at}, after it`,
    );
    t.equal(
      kindOf(() => all(store, at - 1)),
      'compacted',
    );
    t.equal(
      kindOf(() => store.compact(at)),
      'compacted',
    );
    t.equal(
      kindOf(() => store.compact(9)),
      'future-revision',
    );
    const reloaded = reload(store, kept);
    t.same(reloaded.hash(), store.hash(), `at ${at}: loaded again, the same hash`);
    t.same(all(reloaded), all(store));
    t.equal(reloaded.sizeBytes, store.sizeBytes);
  }
  t.end();
});

function reload(store: MvccStore, kept: Kept): MvccStore {
  const records: LoadedRecord[] = [...kept.records.values()];
  const loaded = new MvccStore(kept);
  const { revision, compactRevision } = store;
  loaded.beginLoad({ revision, compactRevision, leases: [...store.leases.values()] });
  for (const record of records.sort((x, y) => x.modRevision - y.modRevision || x.sub - y.sub))
    loaded.loadRecord(record);
  loaded.endLoad();
  return loaded;
}

void t.test('compact at a deletion keeps its event for watchers that begin there (etcd 19179)', (t) => {
  const { store, kept } = example();
  store.compact(5);
  settle(store);
  t.match(store.commitAt(5)?.events, [{ type: 1, kv: { modRevision: 5 }, prevKv: undefined }]);
  t.ok(kept.records.has('5/0'), 'the tombstone is still kept');
  t.equal(store.commitAt(4), undefined);
  t.match(reload(store, kept).commitAt(5)?.events, [{ type: 1, kv: { modRevision: 5 }, prevKv: undefined }]);
  store.compact(6);
  settle(store);
  t.notOk(kept.records.has('5/0'), 'until the next compaction');
  t.end();
});

void t.test('the revision does not go down when the newest records are compacted away (etcd 17780)', (t) => {
  const { store, kept } = make();
  put(store, 'a', '1');
  del(store, 'a'); // 3
  put(store, 'b', '1');
  del(store, 'b'); // 5
  store.compact(5);
  settle(store);
  const again = reload(store, kept);
  t.equal(again.revision, 5);
  t.equal(put(again, 'c', '1').header.revision, 6);
  t.end();
});

void t.test(
  'data whose compaction revision has no records, as of an etcd that was compacted at a deletion, is loaded',
  (t) => {
    const compacted = (revision: number, records: readonly LoadedRecord[]): MvccStore => {
      const { store } = make();
      store.beginLoad({ revision, compactRevision: 5, leases: [] });
      for (const record of records) store.loadRecord(record);
      store.endLoad();
      return store;
    };
    const record = (modRevision: number): LoadedRecord => {
      return { key: b('k'), value: b('v'), createRevision: 3, modRevision, version: 1, lease: 0n, sub: 0 };
    };
    for (const records of [[], [record(3)]]) {
      const store = compacted(5, records);
      t.same(store.commitAt(5)?.events, []);
      t.equal(put(store, 'x', '1').header.revision, 6);
      t.equal(store.commitAt(6)?.events.length, 1);
    }
    const later = compacted(6, [record(3), record(6)]);
    t.same(later.commitAt(5)?.events, []);
    t.equal(later.commitAt(6)?.events.length, 1);
    t.throws(() => compacted(7, [record(3), record(7)]), /without a gap/, 'but nothing else may be missing');
    t.throws(() => compacted(7, [record(3)]), /each revision since the compaction/);
    t.end();
  },
);

void t.test('leases: keys go with their lease, in one revision, and change it with each put', (t) => {
  const { store, kept } = make();
  store.leaseGrant(1n, 60);
  store.leaseGrant(2n, 60);
  t.equal(
    kindOf(() => store.leaseGrant(2n, 60)),
    'lease-exists',
  );
  t.equal(
    kindOf(() => store.leaseGrant(3n, 9_000_000_001)),
    'lease-ttl-too-large',
  );
  for (const key of ['c', 'a', 'b', 'd', 'e']) put(store, key, key, 1n); // 2 to 6
  put(store, 'b', 'b', 2n); // 7
  put(store, 'd', 'd'); // 8
  del(store, 'e'); // 9
  t.same([...store.leases.get(1n)!.keys].sort(), ['a', 'c']);
  t.same([...reload(store, kept).leases.get(1n)!.keys].sort(), ['a', 'c']);
  store.leaseRevoke(1n);
  t.same(
    store.commitAt(10)?.events.map((e) => [e.type, keyName(e.kv.key)]),
    [
      [1, 'a'],
      [1, 'c'],
    ],
  );
  t.equal(
    kindOf(() => store.leaseRevoke(1n)),
    'lease-not-found',
  );
  t.equal(
    kindOf(() => store.leaseRenew(1n)),
    'lease-not-found',
    'no keep-alive after a revoke (etcd 20271)',
  );
  t.equal(store.leaseRenew(2n).renewals, 1);
  t.equal(store.revision, 10);
  store.leaseGrant(9n, 60);
  store.leaseRevoke(9n);
  t.equal(store.revision, 10, 'a lease without keys leaves the revision alone');
  t.end();
});

void t.test('hash: of a revision it stays the same as the store goes on, and differs with any difference', (t) => {
  const { store } = example();
  const at8 = store.hash();
  put(store, 'q', '1');
  del(store, 'x');
  t.same(store.hash(8), at8);
  t.not(store.hash().hash, at8.hash);
  t.not(store.hash(7).hash, at8.hash);
  const other = make().store;
  put(other, 'x', 'A');
  t.not(other.hash().hash, store.hash(2).hash);
  t.end();
});

void t.test('a count over 100,000 keys looks at chunks, not at keys', (t) => {
  const { store } = make();
  for (let i = 0; i < 100_000; i++) put(store, `/registry/pods/ns-${i % 100}/${i}`, 'v');
  const start = performance.now();
  for (let i = 0; i < 200; i++) store.range({ key: b('/registry/pods/'), rangeEnd: b('/registry/pods0'), limit: 10 });
  t.ok(performance.now() - start < 500, 'a paged list with its count takes well under 3 ms');
  t.equal(
    store.range({ key: b('/registry/pods/ns-7/'), rangeEnd: b('/registry/pods/ns-70'), countOnly: true }).count,
    1000,
  );
  t.end();
});
