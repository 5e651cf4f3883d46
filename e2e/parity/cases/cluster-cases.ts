import { group } from '../parity-case.ts';
import type { ParityCase } from '../parity-case.ts';
import type { Session } from '../session.ts';

/** URLs are each server's own: of the members only who they are, and whether they learn. */
async function members(s: Session, method: string, request: object): Promise<void> {
  const answer = await s.client.call(method, request);
  if ('end' in answer) {
    s.note(`${method} → ${s.show(answer)}`);
    return;
  }
  const { members: list, member } = answer.message as { members: Listed[]; member?: Listed };
  const shown = list.map(({ ID, name, clientURLs, isLearner }) =>
    [
      ID === s.identity.memberId ? 'this' : 'other',
      name,
      `${clientURLs.length} URLs`,
      isLearner ? 'learner' : 'voter',
    ].join(' '),
  );
  s.note(`${method} → ${shown.sort().join('; ')}${member ? `; added: ${member.isLearner ? 'learner' : 'voter'}` : ''}`);
}
interface Listed {
  readonly ID: bigint;
  readonly name: string;
  readonly clientURLs: readonly string[];
  readonly isLearner: boolean;
}

const unknown = 12_345n;

const cluster = group('cluster', [
  [
    'the list, linearizable and not',
    async (s) => {
      await members(s, 'Cluster/MemberList', {});
      await members(s, 'Cluster/MemberList', { linearizable: true });
    },
  ],
  [
    'a member that is not there',
    async (s) => {
      await s.call('Cluster/MemberRemove', { ID: unknown });
      await s.call('Cluster/MemberUpdate', { ID: unknown, peerURLs: ['http://127.0.0.1:1'] });
      await s.call('Cluster/MemberPromote', { ID: unknown });
    },
  ],
  [
    'adding with bad URLs',
    async (s) => {
      await s.call('Cluster/MemberAdd', { peerURLs: [] });
      await s.call('Cluster/MemberAdd', { peerURLs: [''] });
      await s.call('Cluster/MemberAdd', { peerURLs: ['nonsense'] });
      await s.call('Cluster/MemberAdd', { peerURLs: ['127.0.0.1:2380'] });
      await s.call('Cluster/MemberAdd', { peerURLs: ['http://127.0.0.1'] });
      await s.call('Cluster/MemberAdd', { peerURLs: ['ftp://127.0.0.1:2380'] });
      await s.call('Cluster/MemberAdd', { peerURLs: ['http://127.0.0.1:2380/path'] });
    },
  ],
  [
    'adding with bad URLs, as a learner',
    async (s) => {
      await s.call('Cluster/MemberAdd', { peerURLs: [], isLearner: true });
      await s.call('Cluster/MemberAdd', { peerURLs: ['nonsense'], isLearner: true });
    },
  ],
  [
    'promoting a voter',
    async (s) => {
      await s.call('Cluster/MemberPromote', { ID: s.identity.memberId });
    },
  ],
  [
    'a learner: added, asked to be promoted, another refused, removed',
    async (s) => {
      const added = await s.quietly<{ member: { ID: bigint } }>('Cluster/MemberAdd', {
        peerURLs: ['http://127.0.0.1:9'],
        isLearner: true,
      });
      await members(s, 'Cluster/MemberList', {});
      await s.call('Cluster/MemberPromote', { ID: added.member.ID });
      await s.call('Cluster/MemberAdd', { peerURLs: ['http://127.0.0.1:10'], isLearner: true });
      await s.call('Maintenance/MoveLeader', { targetID: added.member.ID });
      await members(s, 'Cluster/MemberRemove', { ID: added.member.ID });
      await s.call('Cluster/MemberRemove', { ID: added.member.ID });
    },
  ],
]);

const alarm = { none: 0, noSpace: 1, corrupt: 2 } as const;
const action = { get: 0, activate: 1, deactivate: 2 } as const;

const maintenance = group('maintenance', [
  [
    'status',
    async (s) => {
      const answer = await s.client.call('Maintenance/Status', {});
      const status = ('message' in answer ? answer.message : {}) as Record<string, unknown>;
      const { version, storageVersion, dbSizeQuota, downgradeInfo, leader, errors, isLearner } = status;
      s.note(
        `version ${/^3\.\d+\.\d+$/.test(String(version))}, storage ${/^3\.\d+\.\d+$/.test(String(storageVersion))}`,
      );
      s.note(
        `quota ${String(dbSizeQuota)}, downgrade ${JSON.stringify(downgradeInfo)}, errors ${JSON.stringify(errors)}`,
      );
      s.note(`leads itself ${leader === s.identity.memberId}, learner ${String(isLearner)}`);
      for (const field of ['dbSize', 'dbSizeInUse', 'raftIndex', 'raftAppliedIndex', 'raftTerm']) {
        s.note(`${field} above 0: ${Number(status[field]) > 0}`);
      }
    },
    { since: '3.6' },
  ],
  [
    'hash of each revision',
    async (s) => {
      await s.putAll('a', 'b');
      await s.compact(1);
      await s.call('Maintenance/HashKV', {});
      await s.call('Maintenance/HashKV', { revision: s.at(2) });
      await s.call('Maintenance/HashKV', { revision: s.at(3) });
    },
    { since: '3.6' },
  ],
  [
    'hash of what is compacted',
    async (s) => {
      await s.putAll('a', 'b', 'c');
      await s.compact(1, true);
      await s.compact(2, true);
      await s.call('Maintenance/HashKV', { revision: s.at(2) });
      await s.call('Maintenance/HashKV', {});
    },
    { since: '3.6', differs: '`HashKV` of the revision of a compaction' },
  ],
  [
    'hash of everything',
    async (s) => {
      await s.call('Maintenance/Hash', {});
    },
  ],
  [
    'defragment',
    async (s) => {
      await s.putAll('a');
      await s.call('Maintenance/Defragment', {});
      await s.range({ key: 'a' });
    },
  ],
  [
    'moving the leader to one that is not there',
    async (s) => {
      await s.call('Maintenance/MoveLeader', { targetID: unknown });
      await s.call('Maintenance/MoveLeader', {});
    },
  ],
  [
    'moving the leader to itself',
    async (s) => {
      await s.call('Maintenance/MoveLeader', { targetID: s.identity.memberId });
    },
  ],
]);

const alarms = group('alarm', [
  [
    'none',
    async (s) => {
      await s.call('Maintenance/Alarm', { action: action.get });
      await s.call('Maintenance/Alarm', { action: action.get, alarm: alarm.noSpace });
      await s.call('Maintenance/Alarm', { action: action.deactivate, alarm: alarm.noSpace });
      await s.call('Maintenance/Alarm', { action: action.deactivate });
    },
  ],
  [
    'no space: what is refused, and that it ends',
    async (s) => {
      const memberID = s.identity.memberId;
      await s.put('a', '1');
      await s.grant({ ID: 7n, TTL: 1000 });
      await s.call('Maintenance/Alarm', { action: action.activate, memberID, alarm: alarm.noSpace });
      await s.call('Maintenance/Alarm', { action: action.activate, memberID, alarm: alarm.noSpace });
      await s.call('Maintenance/Alarm', { action: action.get });
      await s.call('Maintenance/Alarm', { action: action.get, alarm: alarm.corrupt });
      await s.put('a', '2');
      await s.grant({ ID: 8n, TTL: 1000 });
      await s.txn({ success: [{ requestPut: { key: 'b' } }] });
      await s.txn({ success: [{ requestRange: { key: 'a' } }] });
      await s.txn({ success: [{ requestDeleteRange: { key: 'a' } }] });
      await s.del('b');
      await s.range({ key: 'a' });
      await s.call('Lease/LeaseRevoke', { ID: 7n });
      await s.compact(1);
      await s.call('Maintenance/Alarm', { action: action.deactivate, memberID, alarm: alarm.noSpace });
      await s.call('Maintenance/Alarm', { action: action.deactivate, memberID, alarm: alarm.noSpace });
      await s.put('a', '3');
    },
  ],
  [
    'of another member',
    async (s) => {
      await s.call('Maintenance/Alarm', { action: action.activate, memberID: unknown, alarm: alarm.noSpace });
      await s.put('a', '1');
      await s.call('Maintenance/Alarm', { action: action.deactivate, memberID: unknown, alarm: alarm.noSpace });
      await s.put('a', '1');
    },
  ],
  [
    'of a member without id, ended without id',
    async (s) => {
      await s.call('Maintenance/Alarm', { action: action.activate, alarm: alarm.noSpace });
      await s.call('Maintenance/Alarm', { action: action.get });
      await s.call('Maintenance/Alarm', { action: action.deactivate, alarm: alarm.noSpace });
      await s.call('Maintenance/Alarm', { action: action.get });
    },
  ],
  [
    'corrupt: what is refused, and that it ends',
    async (s) => {
      const memberID = s.identity.memberId;
      await s.put('a', '1');
      await s.grant({ ID: 7n, TTL: 1000 });
      await s.call('Maintenance/Alarm', { action: action.activate, memberID, alarm: alarm.corrupt });
      await s.put('a', '2');
      await s.range({ key: 'a' });
      await s.range({ key: 'a', serializable: true });
      await s.del('a');
      await s.txn({ success: [{ requestRange: { key: 'a' } }] });
      await s.grant({ ID: 8n, TTL: 1000 });
      await s.call('Lease/LeaseRevoke', { ID: 7n });
      await s.compact(1);
      await s.call('Maintenance/Alarm', { action: action.get });
      await s.call('Maintenance/Alarm', { action: action.deactivate, memberID, alarm: alarm.corrupt });
      await s.put('a', '3');
    },
  ],
  [
    'ended without id or kind',
    async (s) => {
      const memberID = s.identity.memberId;
      await s.call('Maintenance/Alarm', { action: action.activate, memberID, alarm: alarm.noSpace });
      await s.call('Maintenance/Alarm', { action: action.deactivate });
      await s.call('Maintenance/Alarm', { action: action.get });
      await s.call('Maintenance/Alarm', { action: action.deactivate, alarm: alarm.noSpace });
      await s.call('Maintenance/Alarm', { action: action.get });
      await s.call('Maintenance/Alarm', { action: action.deactivate, memberID });
      await s.call('Maintenance/Alarm', { action: action.get });
      await s.call('Maintenance/Alarm', { action: action.deactivate, memberID, alarm: alarm.noSpace });
      await s.call('Maintenance/Alarm', { action: action.get });
    },
  ],
  [
    // an action that is none is not asked for: etcd dies of it
    'a kind that is none',
    async (s) => {
      await s.call('Maintenance/Alarm', { action: action.activate, memberID: s.identity.memberId, alarm: 0 });
      await s.call('Maintenance/Alarm', { action: action.get });
      await s.call('Maintenance/Alarm', { action: action.deactivate, memberID: s.identity.memberId, alarm: 0 });
      await s.call('Maintenance/Alarm', { action: action.get });
    },
  ],
]);

/** etcd 3.4 answers alarms without a header */
const headed = alarms.map((one): ParityCase => ({ ...one, since: '3.6' }));

export const clusterCases = [...cluster, ...maintenance, ...headed];
