import t from 'tap';
import { systemClock } from '../../base/clock.ts';
import type { Clock } from '../../base/clock.ts';
import type { GrpcError } from '../../grpc/server.ts';
import { RaftUnavailableError } from '../../raft/runtime/types.ts';
import type { NodeStatus, RaftNode } from '../../raft/runtime/types.ts';
import { entryCodec } from './command.ts';
import { pendingCommandsMax, Proposer } from './proposer.ts';

/** time that the test moves */
class ManualClock implements Clock {
  ms = 0;
  readonly #ticks: (() => void)[] = [];
  nowMs = (): number => this.ms;
  monotonicMs = (): number => this.ms;
  after = (): (() => void) => () => {};
  every(_periodMs: number, action: () => void): () => void {
    this.#ticks.push(action);
    return () => {};
  }
  soon = (action: () => void): void => systemClock.soon(action);
  pass(ms: number): void {
    this.ms += ms;
    for (const tick of this.#ticks) tick();
  }
}

function make() {
  const clock = new ManualClock();
  const proposed: { sequence: number; commands: number }[] = [];
  const node = {
    leader: 'a',
    leaderChanges: 0,
    /** of this member */
    leads: { role: 'follower', term: 1 } as Pick<NodeStatus, 'role' | 'term'>,
    get standing() {
      return node.leads;
    },
    listener: (_status: NodeStatus): void => {},
    status: () => ({ leader: node.leader, leaderChanges: node.leaderChanges, ...node.leads }) as NodeStatus,
    onLeaderChange(listener: (status: NodeStatus) => void) {
      node.listener = listener;
      return () => {};
    },
    propose(data: Uint8Array) {
      if (node.leader === '') throw new RaftUnavailableError('no-leader', 'no leader');
      const { sequence, commands } = entryCodec.decode(data);
      proposed.push({ sequence, commands: commands.length });
    },
    change(leader: string) {
      node.leader = leader;
      node.leaderChanges++;
      node.listener(node.status());
    },
  };
  const proposer = new Proposer({ session: 5n, maxRequestBytes: 1000, timeoutMs: 7000, clock });
  proposer.start(node as unknown as RaftNode);
  return { clock, node, proposer, proposed };
}
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
const put = { put: { key: new Uint8Array([1]) } };
const failure = (action: Promise<unknown>): Promise<string> =>
  action.then(
    () => 'ok',
    (error: GrpcError) => error.message,
  );

void t.test('what comes in one turn shares an entry; each caller gets its own outcome', async (t) => {
  const { proposer, proposed } = make();
  const [first, second] = [proposer.submit(put), failure(proposer.submit(put))];
  await turn();
  const third = proposer.submit(put);
  await turn();
  t.same(proposed, [
    { sequence: 1, commands: 2 },
    { sequence: 2, commands: 1 },
  ]);
  proposer.applied(6n, 1, []);
  proposer.applied(5n, 1, [{ result: { first: true } }, { error: new Error('second') }]);
  t.same(await first, { first: true });
  t.equal(await second, 'second');
  proposer.applied(5n, 2, [{ result: { third: true } }]);
  t.same(await third, { third: true });
  t.equal(proposer.pendingCommands, 0);
});

void t.test('a change of leader repeats what has no outcome, under the same number', async (t) => {
  const { proposer, proposed, node } = make();
  node.leader = '';
  const waiting = proposer.submit(put);
  await turn();
  t.same(proposed, [], 'no leader yet');
  node.change('b');
  node.change('c');
  t.same(
    proposed.map((p) => p.sequence),
    [1, 1],
  );
  proposer.applied(5n, 1, [{ result: { once: true } }]);
  proposer.applied(5n, 1, [{ result: { twice: true } }]);
  node.change('a');
  t.same(await waiting, { once: true });
  t.equal(proposed.length, 2);
});

void t.test('a leader whose disk is slow does not repeat what is in its log already', async (t) => {
  const { proposer, proposed, node, clock } = make();
  node.leads = { role: 'leader', term: 2 };
  const waiting = failure(proposer.submit(put));
  await turn();
  clock.pass(2000);
  clock.pass(2000);
  t.equal(proposed.length, 1, 'it is slow, not lost');
  node.leads = { role: 'leader', term: 4 };
  clock.pass(250);
  t.equal(proposed.length, 2, 'in another term it may be gone');
  node.leads = { role: 'follower', term: 5 };
  clock.pass(2000);
  t.equal(proposed.length, 3);
  proposer.stop();
  await waiting;
});

void t.test('nobody waits for ever, and the error says why', async (t) => {
  const { proposer, proposed, node, clock } = make();
  const late = failure(proposer.submit(put));
  await turn();
  clock.pass(2000);
  t.equal(proposed.length, 2, 'repeated once in a while');
  clock.pass(6000);
  t.equal(await late, 'etcdserver: request timed out');
  const changed = failure(proposer.submit(put));
  await turn();
  node.change('b');
  clock.pass(8000);
  t.equal(await changed, 'etcdserver: request timed out, possibly due to previous leader failure');
  node.leader = '';
  const alone = failure(proposer.submit(put));
  await turn();
  clock.pass(8000);
  t.equal(await alone, 'etcdserver: request timed out, possibly due to connection lost');
  const stopped = failure(proposer.submit(put));
  proposer.stop();
  t.equal(await stopped, 'etcdserver: server stopped');
  t.equal(await failure(proposer.submit(put)), 'etcdserver: server stopped');
});

void t.test('bounds: size of a request, number of those waiting', async (t) => {
  const { proposer } = make();
  t.equal(await failure(proposer.submit({ put: { value: new Uint8Array(2000) } })), 'etcdserver: request is too large');
  const waiting = Array.from({ length: pendingCommandsMax }, () => failure(proposer.submit(put)));
  t.equal(await failure(proposer.submit(put)), 'etcdserver: too many requests');
  proposer.stop();
  t.same(new Set(await Promise.all(waiting)), new Set(['etcdserver: server stopped']));
});
