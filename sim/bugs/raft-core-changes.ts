import type { Bug } from './bug.ts';

/** Mistakes in what Raft has besides: reads, changes of the configuration, snapshots, flow control, transfer. */
export const extensionBugs: readonly Bug[] = [
  {
    name: 'read-without-quorum',
    what: 'a leader answers a ReadIndex without asking whether it still leads',
    edits: [
      {
        file: 'raft/core/read-index.ts',
        find: 'if (raft.leadsByLease) {',
        replace: "if (raft.role === 'leader') {",
      },
    ],
  },
  {
    name: 'read-before-first-commit',
    what: 'a new leader answers reads by a commit index that may lag (section 8)',
    edits: [
      {
        file: 'raft/core/read-index.ts',
        find: 'if (raft.hasCommittedInTerm) return startRead',
        replace: 'if (raft.term > 0) return startRead',
      },
    ],
  },
  {
    name: 'joint-commit-one-half',
    what: 'in a joint configuration the new majority alone commits',
    simulation: 'core',
    edits: [
      {
        file: 'raft/core/quorum/joint.ts',
        find: 'return Math.min(majorityIndex(voters.incoming, acked), majorityIndex(voters.outgoing, acked));',
        replace: 'return majorityIndex(voters.incoming, acked);',
      },
    ],
  },
  {
    name: 'joint-vote-one-half',
    what: 'in a joint configuration the new majority alone elects',
    simulation: 'core',
    edits: [
      {
        file: 'raft/core/quorum/joint.ts',
        find: 'const results = [majorityVote(voters.incoming, votes), majorityVote(voters.outgoing, votes)];',
        replace: 'const results = [majorityVote(voters.incoming, votes)];',
      },
    ],
  },
  {
    name: 'two-voters-at-once',
    what: 'several voters change in one step, without a joint configuration',
    simulation: 'core',
    edits: [
      {
        file: 'raft/core/conf-change.ts',
        find: "if (change.transition !== 'auto' || change.changes.length > 1) {",
        replace: "if (change.transition === 'joint-explicit') {",
      },
      {
        file: 'raft/core/conf-change.ts',
        find: 'if (added + removed > 1)',
        replace: 'if (added + removed > 99)',
      },
    ],
  },
  {
    name: 'overlapping-conf-changes',
    what: 'a configuration change is proposed while another is not applied yet',
    simulation: 'core',
    edits: [
      {
        file: 'raft/core/proposing.ts',
        find: "  if (raft.pendingConfIndex > raft.log.applied) return 'change-pending';\n",
        replace: '',
      },
    ],
  },
  {
    name: 'campaign-with-unapplied-conf',
    what: 'a member campaigns though a committed configuration change is not applied',
    edits: [
      {
        file: 'raft/core/election.ts',
        find: 'return raft.log.someUnapplied(',
        replace: "return raft.id === '' && raft.log.someUnapplied(",
      },
    ],
  },
  {
    name: 'learners-count',
    what: 'the acknowledgement of a learner counts towards commitment',
    edits: [
      {
        file: 'raft/core/progress/tracker.ts',
        find: 'return jointIndex(this.configuration, (id) => this.progress.get(id)?.match ?? 0);',
        replace: `const learner = Math.max(0, ...[...this.configuration.learners].map((id) => this.progress.get(id)?.match ?? 0));
    const { incoming } = this.configuration;
    const last = [...incoming].sort((a, b) => (this.progress.get(a)?.match ?? 0) - (this.progress.get(b)?.match ?? 0))[0];
    const acked = (id) => Math.max(this.progress.get(id)?.match ?? 0, id === last ? learner : 0);
    return jointIndex(this.configuration, acked);`,
      },
    ],
  },
  {
    name: 'half-is-a-majority',
    what: 'in a group of an even size one half commits',
    edits: [
      {
        file: 'raft/core/quorum/majority.ts',
        find: 'return sorted[Math.floor(sorted.length / 2)]!;',
        replace: 'return sorted[Math.floor((sorted.length - 1) / 2)]!;',
      },
    ],
  },
  {
    name: 'snapshot-drops-tail',
    what: 'a snapshot of entries that the follower has already throws away the acknowledged ones behind it',
    simulation: 'core',
    edits: [
      {
        file: 'raft/core/follower.ts',
        find: 'if (raft.log.matchTerm(snapshot.index, snapshot.term)) {',
        replace: 'if (snapshot.index === raft.log.committed) {',
      },
    ],
  },
  {
    name: 'snapshot-over-newer-state',
    what: 'an old snapshot replaces a state that is newer',
    simulation: 'core',
    edits: [
      {
        file: 'raft/core/follower.ts',
        find: '  if (snapshot.index <= raft.log.committed) return false;\n  if (raft.log.matchTerm(snapshot.index, snapshot.term)) {',
        replace: '  if (snapshot.index === raft.log.committed) {',
      },
    ],
  },
  {
    name: 'transfer-never-ends',
    what: 'a leader that hands over to a member that lags never tells it to campaign, and refuses writes for ever',
    edits: [
      {
        file: 'raft/core/leader.ts',
        find: '    abortTransfer(raft);\n  }',
        replace: '  }',
      },
      {
        file: 'raft/core/transfer.ts',
        find: '  if (peer !== raft.leadTransferee) return;',
        replace: "  if (peer !== '') return;",
      },
    ],
  },
  {
    name: 'inflights-leak',
    what: 'acknowledged appends are not taken out of the window: replication to a follower stops',
    edits: [
      {
        file: 'raft/core/leader.ts',
        find: "if (progress.state === 'replicate') progress.inflights.freeTo(index);",
        replace: "if (progress.state === 'replicate') void index;",
      },
    ],
  },
  {
    name: 'probe-never-resumes',
    what: 'a lost append to a follower that is probed is never repeated',
    edits: [
      {
        file: 'raft/core/leader.ts',
        find: '  progress.resume();\n  if (progress.match < raft.log.lastIndex',
        replace: '  if (progress.match < raft.log.lastIndex',
      },
    ],
  },
];
