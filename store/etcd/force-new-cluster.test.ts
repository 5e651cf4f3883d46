import { cp } from 'node:fs/promises';
import { join } from 'node:path';
import t from 'tap';
import { silentLog } from '../../base/log.ts';
import type { RangeResponse } from '../../proto/etcd-types.ts';
import { entriesForNewCluster } from './force-new-cluster.ts';
import { bestSurvivor, forceNewCluster, readSurvivor } from './member.ts';
import type { Survivor } from './member.ts';
import { decodeConfChange } from '../../raft/core/conf-change-codec.ts';
import { bytes, text } from './test-client.ts';
import { eventually, grow, idOf, refusal, start } from './test-membership.ts';
import type { Changed } from './test-membership.ts';

t.setTimeout(120_000); // busy machines are slow

const none = { voters: [], votersOutgoing: [], learners: [], learnersNext: [], autoLeave: false };

function survivor(memberId: string, confState: Partial<Survivor['confState']>, last: [number, number], commit = 0) {
  const [lastIndex, lastTerm] = last;
  const full = { ...none, ...confState };
  const log = { lastIndex, lastTerm, hardState: { term: lastTerm, vote: '', commit }, confState: full };
  return { dataDir: memberId, memberId, confState: full, members: new Map(), commit, log } as unknown as Survivor;
}

const steps = (of: Survivor): string[] =>
  entriesForNewCluster(of, 9, 1n).map(({ index, term, data }) => {
    const changes = decodeConfChange(data).changes.map(({ type, id }) => `${type} ${id}`);
    return `${index}@${term} ${changes.join() || 'leave joint'}`;
  });

void t.test('entriesForNewCluster: what is appended so that one member is left', (t) => {
  t.same(steps(survivor('a', { voters: ['a', 'b', 'c'] }, [5, 2])), ['6@9 remove b', '7@9 remove c']);
  t.same(steps(survivor('a', { voters: ['a'] }, [5, 2])), [], 'nothing where it is alone');
  t.same(steps(survivor('l', { voters: ['a', 'b'], learners: ['l'] }, [5, 2])), [
    '6@9 add-voter l',
    '7@9 remove a',
    '8@9 remove b',
  ]);
  t.same(steps(survivor('a', { voters: ['a', 'b'], votersOutgoing: ['a', 'c'] }, [5, 2])), [
    '6@9 leave joint',
    '7@9 remove b',
    '8@9 remove c',
  ]);
  t.throws(() => steps(survivor('x', { voters: ['a'] }, [5, 2])), /not among the members that its own log names/);
  t.end();
});

void t.test('bestSurvivor: the latest term decides, then the length', (t) => {
  const a = survivor('a', {}, [90, 2]);
  const b = survivor('b', {}, [80, 3]);
  const c = survivor('c', {}, [81, 3]);
  t.equal(bestSurvivor([a, b, c])?.memberId, 'c');
  t.equal(bestSurvivor([]), undefined);
  t.end();
});

void t.test('a quorum is lost: one survivor goes on alone with all it holds, and others join it', async (t) => {
  const { cluster, client } = await start(t, 3);
  for (let i = 0; i < 20; i++) await client(0).call('KV/Put', { key: bytes(`k${i}`), value: bytes(`${i}`) });
  await cluster.settled();
  const leader = await cluster.leader();
  const left = (leader + 1) % 3;
  const back = (leader + 2) % 3;
  await Promise.all([0, 1, 2].map((i) => cluster.stopMember(i)));
  const { dataDir } = cluster.optionsOf(left);

  const found = await readSurvivor(dataDir, silentLog);
  t.equal(found.lastRevision, 21);
  t.equal(found.commitRevision <= 21, true);
  t.equal(found.confState.voters.length, 3);
  await cp(dataDir, join(dataDir, '..', 'copy'), { recursive: true });
  t.match(await readSurvivor(join(dataDir, '..', 'copy'), silentLog), { lastRevision: 21 }, 'reading changed nothing');

  await forceNewCluster(dataDir, silentLog);
  const after = await readSurvivor(dataDir, silentLog);
  t.same(after.confState.voters, [found.memberId]);
  t.equal(after.commit, after.log.lastIndex, 'all of the log counts as committed');
  await forceNewCluster(dataDir, silentLog);
  t.equal((await readSurvivor(dataDir, silentLog)).log.lastIndex, after.log.lastIndex, 'once is enough');

  const member = await cluster.startMember(left);
  t.equal(member.id, found.memberId);
  t.equal(member.clusterId, found.clusterId, 'it is the same cluster, as with etcd');
  await cluster.leader();
  const { kvs } = await client(left).call<RangeResponse>('KV/Range', { key: bytes('k19') });
  t.equal(text(kvs[0]?.value), '19');
  const { members } = await client(left).call<Changed>('Cluster/MemberList', { linearizable: true });
  t.same(
    members.map(({ ID }) => ID),
    [idOf(cluster, left)],
  );

  await t.test('an old member comes back with its disk: it is told that it was removed', async (t) => {
    const old = await cluster.startMember(back);
    t.match((await old.failed).message, /permanently removed from the cluster/);
    await cluster.stopMember(back);
  });

  await t.test('new members join, and there are three again', async (t) => {
    await grow(cluster, client(left));
    const last = await grow(cluster, client(left));
    await eventually('it takes writes', async () => {
      return (await refusal(client(last).call('KV/Put', { key: bytes('new') }))) === 'accepted';
    });
    const described = await cluster.settled();
    t.equal(described.length, 3);
    t.equal(new Set(described.map(({ hash }) => hash)).size, 1);
  });
});

void t.test('--force-new-cluster does it at the start, and nothing where it is alone', async (t) => {
  const { cluster, client } = await start(t, 3);
  await client(0).call('KV/Put', { key: bytes('k'), value: bytes('1') });
  await cluster.settled();
  await Promise.all([0, 1, 2].map((i) => cluster.stopMember(i)));
  cluster.change(1, { forceNewCluster: true });
  for (const _ of [1, 2]) {
    const member = await cluster.startMember(1);
    await cluster.leader();
    t.same(member.status().confState.voters, [member.id]);
    t.equal((await client(1).call<RangeResponse>('KV/Range', { key: bytes('k') })).kvs.length, 1);
    await cluster.stopMember(1);
  }
});
