import t from 'tap';
import { sleep, systemClock } from '../../base/clock.ts';
import type { UnaryHandler } from '../../grpc/server.ts';
import { kvMethods } from './kv-service.ts';
import type { MemberContext } from './service.ts';

/** Just enough of a member to compact on: one whose clean-up does not come to an end. */
function make() {
  const members = new Map();
  const auth = { enabled: false };
  const machine = { stopped: false, state: { mvcc: { revision: 9, compactPending: true }, members, auth } };
  const proposer = { submit: () => Promise.resolve({ header: { revision: 9 } }) };
  const node = { status: () => ({ term: 1, leader: 'a' }), standing: { term: 1, leader: 'a', role: 'leader' } };
  const context = { machine, proposer, node, clock: systemClock, clusterId: 1n, memberId: 1n };
  const methods = kvMethods(context as unknown as MemberContext);
  const compact = methods.find(({ path }) => path.endsWith('/Compact'))!.handle as UnaryHandler<object, object>;
  const call = { metadata: () => undefined } as unknown as Parameters<typeof compact>[1];
  const waiting = { over: false };
  const done = Promise.resolve(compact({ revision: 3, physical: true }, call)).then(() => (waiting.over = true));
  return { machine, waiting, done };
}

const ends: Record<string, (machine: ReturnType<typeof make>['machine']) => void> = {
  'the clean-up is done': (machine) => (machine.state.mvcc.compactPending = false),
  'a snapshot replaces the store': (machine) =>
    (machine.state = { ...machine.state, mvcc: { revision: 9, compactPending: false } }),
  'the member stops': (machine) => (machine.stopped = true),
};
for (const [name, end] of Object.entries(ends)) {
  void t.test(`a physical compaction waits until ${name}`, async (t) => {
    const { machine, waiting, done } = make();
    await sleep(20);
    t.notOk(waiting.over);
    end(machine);
    await done;
    t.ok(waiting.over);
  });
}
