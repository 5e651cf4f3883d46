import t from 'tap';
import { keyBytes as b } from '../mvcc/key-name.ts';
import type { StoredValue, StoreEvent } from '../mvcc/types.ts';
import { etcd } from './command.ts';
import { watchAnswerCodec, WatchResponseEncoder } from './watch-response.ts';

const codec = etcd.codec('etcdserverpb.WatchResponse');
const header = { clusterId: 2n ** 63n, memberId: 7n, revision: 9, raftTerm: 3 };
const kv = (key: string, modRevision: number): StoredValue => ({
  key: b(key),
  value: b('v'.repeat(300)),
  createRevision: 2,
  modRevision,
  version: 1,
  lease: 0n,
  sub: 0,
  hash: 1,
});
const put: StoreEvent = { type: 0, kv: kv('a', 8), prevKv: kv('a', 5) };
const gone: StoreEvent = {
  type: 1,
  kv: { ...kv('b', 9), value: b(''), version: 0, createRevision: 0 },
  prevKv: undefined,
};

void t.test('a delivery is byte for byte what the codec makes of the whole, for each watcher', (t) => {
  const encoder = new WatchResponseEncoder();
  for (const watchId of [0, 1, 300, 9_999, 10_000, 2 ** 40]) {
    for (const prevKv of [false, true]) {
      for (const fragment of [false, true]) {
        const events = [put, gone];
        const shown = prevKv ? events : events.map(({ type, kv }) => ({ type, kv }));
        const made = watchAnswerCodec.encode(encoder.encode({ header, watchId, events, prevKv, fragment }));
        const whole = codec.encode({ header, watchId, events: shown, fragment });
        t.equal(Buffer.compare(made, whole), 0, `${watchId} ${prevKv} ${fragment}`);
      }
    }
  }
  t.end();
});

void t.test('the header follows revision and term', (t) => {
  const encoder = new WatchResponseEncoder();
  const delivery = { watchId: 1, events: [put], prevKv: false, fragment: false };
  for (const [revision, raftTerm] of [
    [9, 3],
    [9, 3],
    [10, 3],
    [10, 4],
    [9, 3],
  ] as const) {
    const made = watchAnswerCodec.encode(encoder.encode({ ...delivery, header: { ...header, revision, raftTerm } }));
    t.match(codec.decode(made), { header: { revision, raftTerm }, watchId: 1 });
  }
  t.end();
});

void t.test('other answers are encoded as they are', (t) => {
  const created = { header, watchId: 4, created: true };
  t.same(watchAnswerCodec.encode(created), codec.encode(created));
  t.match(watchAnswerCodec.decode(watchAnswerCodec.encode(created)), { watchId: 4, created: true });
  t.end();
});
