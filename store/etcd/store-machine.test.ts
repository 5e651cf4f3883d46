import t from 'tap';
import { systemClock } from '../../base/clock.ts';
import { silentLog } from '../../base/log.ts';
import type { AppliedEntry } from '../../raft/runtime/types.ts';
import type { BackendSnapshot, WriteOp } from '../backend/backend.ts';
import { MemoryBackend } from '../backend/memory-backend.ts';
import { keyBytes, keyName } from '../mvcc/key-name.ts';
import { commandCodec, entryCodec } from './command.ts';
import type { LooseCommand } from './command.ts';
import { StoreMachine } from './store-machine.ts';
import type { MachineListener, Outcome } from './store-machine.ts';

const b = keyBytes;
const zero = new Uint8Array(1);

async function open(backend = new MemoryBackend()) {
  const outcomes: Outcome[] = [];
  const listener: MachineListener = {
    applied: (_session, _sequence, list) => void outcomes.push(...list),
    batchDone() {},
    leaseStarted() {},
    leaseEnded() {},
    restored() {},
    membersChanged() {},
    durable() {},
    failed() {},
  };
  const initialMembers = new Map([['00000000000000a1', { name: 'a', peerUrls: ['http://x'], clientUrls: [] }]]);
  const machine = await StoreMachine.open({ backend, listener, clock: systemClock, log: silentLog, initialMembers });
  const apply = (index: number, command: LooseCommand, term = 1): Outcome | undefined => {
    const commands = [commandCodec.encode(command)];
    const data = entryCodec.encode({ session: 5n, sequence: index, commands });
    outcomes.length = 0;
    void machine.apply([{ index, term, data }]);
    return outcomes[0];
  };
  return { machine, backend, apply };
}
const put = (key: string, lease = 0n): LooseCommand => ({ put: { key: b(key), value: b('v'), lease } });
const keys = (machine: StoreMachine): string =>
  machine.state.mvcc
    .range({ key: zero, rangeEnd: zero })
    .kvs.map((kv) => keyName(kv.key))
    .join('');

void t.test('what was applied is there after opening again, and is not applied twice (etcd 14685)', async (t) => {
  const { machine, backend, apply } = await open();
  apply(1, put('a'));
  apply(2, { leaseGrant: { ID: 7n, TTL: 60 } });
  apply(3, put('b', 7n));
  apply(4, { leaseRenew: { id: 7n } });
  apply(5, { publish: { id: '00000000000000a1', name: 'a', clientUrls: ['http://c'] } });
  const hash = machine.state.mvcc.hash();
  await machine.stop();
  const again = await open(backend);
  t.equal(again.machine.durableIndex, 5);
  t.same(again.machine.state.mvcc.hash(), hash);
  t.match(again.machine.state.mvcc.leases.get(7n), { ttl: 60, renewals: 1, keys: new Set(['b']) });
  t.match(again.machine.state.members.get('00000000000000a1'), { clientUrls: ['http://c'] });
  t.equal(again.apply(4, put('z')), undefined, 'an old index is passed over');
  t.match(again.apply(6, put('c')), { result: { header: { revision: 4 } } });
  t.equal(keys(again.machine), 'abc');
  await again.machine.stop();
});

/**
 * Found by simulation: an image may hold records that a compaction has not cleaned up yet. Where the receiver forgot them in
 * memory only, they came back when all newer ones of their key were gone.
 */
void t.test('what a restored image had left to clean up is cleaned up on the disk too', async (t) => {
  class NotCleanedUp extends MemoryBackend {
    override write(ops: readonly WriteOp[]): Promise<void> {
      return super.write(ops.filter(({ value }) => value !== undefined));
    }
  }
  const sender = await open(new NotCleanedUp());
  sender.apply(1, put('a'));
  sender.apply(2, put('a'));
  sender.apply(3, { compact: { revision: 3 } });
  const { chunks } = await sender.machine.openSnapshot();
  const { machine, backend, apply } = await open();
  await machine.restore({ index: 3, term: 1, confState: {} as never }, chunks);
  apply(4, { deleteRange: { key: b('a') } });
  apply(5, put('z'));
  apply(6, { compact: { revision: 5 } });
  while (machine.state.mvcc.compactPending) await new Promise((resolve) => setImmediate(resolve));
  t.equal(keys(machine), 'z');
  const hash = machine.state.mvcc.hash();
  await machine.stop();
  const again = await open(backend);
  t.equal(keys(again.machine), 'z', 'the deleted key stays deleted');
  t.same(again.machine.state.mvcc.hash(), hash);
  await again.machine.stop();
  await sender.machine.stop();
});

void t.test('an entry that was proposed twice is applied once', async (t) => {
  const { machine, backend } = await open();
  const data = entryCodec.encode({ session: 9n, sequence: 1, commands: [commandCodec.encode(put('a'))] });
  void machine.apply([
    { index: 1, term: 1, data },
    { index: 2, term: 2, data },
  ]);
  t.same([machine.state.mvcc.revision, machine.state.appliedIndex], [2, 2]);
  await machine.stop();
  const again = await open(backend);
  void again.machine.apply([{ index: 3, term: 3, data }]);
  t.equal(again.machine.state.mvcc.revision, 2, 'nor after a restart');
  await again.machine.stop();
});

void t.test('a session is written once a batch, however many of its entries that holds', async (t) => {
  class Counting extends MemoryBackend {
    sessions = 0;
    override write(ops: readonly WriteOp[]): Promise<void> {
      this.sessions += ops.filter(({ key }) => key[0] === 's'.charCodeAt(0)).length;
      return super.write(ops);
    }
  }
  const backend = new Counting();
  const { machine } = await open(backend);
  const entry = (index: number): AppliedEntry => {
    const data = entryCodec.encode({ session: 9n, sequence: index + 5, commands: [commandCodec.encode(put('a'))] });
    return { index, term: 1, data };
  };
  void machine.apply([1, 2, 3, 4].map(entry));
  await machine.stop();
  t.same([backend.sessions, machine.state.mvcc.revision], [1, 5]);
});

void t.test(
  'only the leader of the term may revoke for expiry, and only what was not renewed (etcd PR 17425)',
  async (t) => {
    const { machine, apply } = await open();
    apply(1, { leaseGrant: { ID: 7n, TTL: 60 } }, 3);
    apply(2, { leaseRevoke: { id: 7n, expiry: { term: 3, renewals: 0 } } }, 4);
    t.ok(machine.state.mvcc.leases.has(7n), 'proposed in term 3, appended in term 4');
    apply(3, { leaseRenew: { id: 7n } }, 4);
    apply(4, { leaseRevoke: { id: 7n, expiry: { term: 4, renewals: 0 } } }, 4);
    t.ok(machine.state.mvcc.leases.has(7n), 'renewed meanwhile');
    apply(5, { leaseRevoke: { id: 7n, expiry: { term: 4, renewals: 1 } } }, 4);
    t.notOk(machine.state.mvcc.leases.has(7n));
    t.match(apply(6, { leaseRenew: { id: 7n } }, 4), { error: { kind: 'lease-not-found' } });
    await machine.stop();
  },
);

void t.test('a full store refuses puts on every member, and takes deletes', async (t) => {
  const { machine, apply } = await open();
  apply(1, put('a'));
  apply(2, { alarm: { action: 1, memberID: 5n, alarm: 1 } });
  t.match(apply(3, put('b')), { error: { message: 'etcdserver: mvcc: database space exceeded' } });
  t.match(apply(4, { txn: { success: [{ requestPut: { key: b('b') } }] } }), { error: {} });
  t.match(apply(5, { deleteRange: { key: b('a') } }), { result: { deleted: 1 } });
  t.match(apply(6, { alarm: { action: 2, memberID: 5n, alarm: 1 } }), { result: { alarms: [{ alarm: 1 }] } });
  t.match(apply(7, put('b')), { result: {} });
  await machine.stop();
});

void t.test('a snapshot is what was applied when it was opened, and makes another member the same', async (t) => {
  const { machine, apply } = await open();
  for (let i = 1; i <= 9; i++) apply(i, put(String(i)));
  apply(10, { compact: { revision: 4 } });
  const { index, chunks } = await machine.openSnapshot();
  apply(11, put('x'));
  t.equal(index, 10);
  const other = await open();
  other.apply(1, put('other'));
  const meta = { index, term: 1, confState: {} as never };
  async function* broken(): AsyncIterable<Uint8Array> {
    yield await Promise.resolve(new Uint8Array(Buffer.from('KUORUM-STORE\x00\x01\x00')));
  }
  await t.rejects(other.machine.restore(meta, broken()), /damaged/);
  t.equal(keys(other.machine), 'other', 'a broken snapshot changes nothing');
  await other.machine.restore(meta, chunks);
  t.equal(keys(other.machine), '123456789');
  t.equal(other.machine.durableIndex, 10);
  other.apply(11, put('x'));
  t.same(other.machine.state.mvcc.hash(), machine.state.mvcc.hash());
  await machine.stop();
  await other.machine.stop();
});

void t.test('a snapshot whose last entries were none for the store is taken at the index it stands for', async (t) => {
  const { machine, apply } = await open();
  apply(1, put('a'));
  const { chunks } = await machine.openSnapshot();
  const backend = new MemoryBackend();
  const other = await open(backend);
  await other.machine.restore({ index: 3, term: 2, confState: {} as never }, chunks);
  t.same([other.machine.state.appliedIndex, other.machine.durableIndex], [3, 3]);
  await machine.stop();
  await other.machine.stop();
  const again = await open(backend);
  t.same([again.machine.durableIndex, keys(again.machine)], [3, 'a'], 'also after a restart');
  await again.machine.stop();
});

void t.test('a snapshot that holds more than it stands for is refused before anything is replaced', async (t) => {
  const { machine, apply } = await open();
  for (let i = 1; i <= 5; i++) apply(i, put(String(i)));
  const { chunks } = await machine.openSnapshot();
  const backend = new MemoryBackend();
  const other = await open(backend);
  other.apply(1, put('other'));
  const meta = { index: 4, term: 1, confState: {} as never };
  await t.rejects(other.machine.restore(meta, chunks), /the snapshot of index 4 holds a store applied up to 5/);
  await machine.stop();
  await other.machine.stop();
  const again = await open(backend);
  t.equal(keys(again.machine), 'other');
  await again.machine.stop();
});

void t.test('a snapshot that nobody reads is let go of', async (t) => {
  const held = { count: 0 };
  class Counting extends MemoryBackend {
    override snapshot(): BackendSnapshot {
      const snapshot = super.snapshot();
      held.count++;
      return { ...snapshot, close: () => Promise.resolve(void held.count--) };
    }
  }
  const { machine } = await open(new Counting());
  const { chunks } = await machine.openSnapshot();
  t.equal(held.count, 1);
  await chunks[Symbol.asyncIterator]().return?.();
  t.equal(held.count, 0);
  await machine.stop();
});

void t.test('the applied index is never ahead of, nor behind, the data it describes (etcd 13766)', async (t) => {
  class Spy extends MemoryBackend {
    readonly states: string[] = [];
    override async write(ops: readonly WriteOp[]): Promise<void> {
      await super.write(ops);
      const copy = new MemoryBackend();
      const all: WriteOp[] = [];
      for await (const batch of this.entries()) all.push(...batch);
      await copy.write(all);
      const { machine } = await open(copy);
      this.states.push(`${machine.state.appliedIndex}:${keys(machine)}`);
      await machine.stop();
    }
  }
  const backend = new Spy();
  const { machine, apply } = await open(backend);
  for (let i = 1; i <= 9; i++) {
    apply(i, put(String(i)));
    if (i % 2 === 0) await machine.sync();
  }
  await machine.stop();
  t.ok(backend.states.length > 1);
  for (const state of backend.states) {
    const [index, found] = state.split(':');
    t.equal(found, '123456789'.slice(0, Number(index)), `after a crash at ${index}`);
  }
});
