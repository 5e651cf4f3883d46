import type { Bug } from './bug.ts';

/** Mistakes in elections, log and commitment. */
export const coreBugs: readonly Bug[] = [
  {
    name: 'commit-old-term',
    what: 'a leader commits entries of earlier terms by counting replicas (figure 8 of the paper)',
    edits: [
      {
        file: 'raft/core/log/raft-log.ts',
        find: 'if (index <= this.committed || !this.matchTerm(index, term)) return false;',
        replace: 'if (index <= this.committed) return false;',
      },
    ],
  },
  {
    name: 'vote-twice',
    what: 'a member that voted grants a second vote in the same term',
    edits: [
      {
        file: 'raft/core/election.ts',
        find: "(raft.vote === '' && raft.leader === '')",
        replace: "raft.leader === ''",
      },
    ],
  },
  {
    name: 'vote-without-log-check',
    what: 'a vote is granted to a candidate whose log is behind (section 5.4.1)',
    edits: [
      {
        file: 'raft/core/election.ts',
        find: 'raft.log.isUpToDate(message.index ?? 0, message.logTerm ?? 0)',
        replace: 'raft.term >= 0',
      },
    ],
  },
  {
    name: 'log-length-before-term',
    what: 'logs are compared by length only, not by their last term first',
    edits: [
      {
        file: 'raft/core/log/raft-log.ts',
        find: 'lastTerm > this.lastTerm || (lastTerm === this.lastTerm && lastIndex >= this.lastIndex)',
        replace: 'lastIndex >= this.lastIndex',
      },
    ],
  },
  {
    name: 'vote-not-synced',
    what: 'a new term or vote alone is written without fsync',
    edits: [
      {
        file: 'raft/core/raw-node.ts',
        find: `        hardState.term !== before.term ||
        hardState.vote !== before.vote,`,
        replace: '        false,',
      },
    ],
  },
  {
    name: 'vote-before-disk',
    what: 'a vote leaves before it is on disk',
    edits: [
      {
        file: 'raft/core/outbox.ts',
        find: "new Set(['app-resp', 'vote', 'vote-resp'])",
        replace: "new Set(['app-resp'])",
      },
    ],
  },
  {
    name: 'ack-before-fsync',
    what: 'a follower acknowledges entries before they are on its disk',
    edits: [
      {
        file: 'raft/core/outbox.ts',
        find: "new Set(['app-resp', 'vote', 'vote-resp'])",
        replace: "new Set(['vote', 'vote-resp'])",
      },
    ],
  },
  {
    name: 'leader-acks-before-fsync',
    what: 'a leader counts itself, applies and answers before its own fsync: alone, it is the quorum',
    etcd: '14370',
    edits: [
      {
        file: 'raft/core/leader-log.ts',
        find: '  raft.broadcastPending = true;\n  return true;\n}\n\n/** Entries handed out',
        replace: `  raft.broadcastPending = true;
  if (raft.tracker.progress.get(raft.id)?.maybeUpdate(raft.log.lastIndex)) maybeCommit(raft);
  return true;
}

/** Entries handed out`,
      },
      {
        file: 'raft/core/log/raft-log.ts',
        find: 'return this.#handedOut < Math.min(this.committed, this.stableIndex);',
        replace: 'return this.#handedOut < this.committed;',
      },
      {
        file: 'raft/core/log/raft-log.ts',
        find: 'const end = Math.min(this.committed, this.stableIndex) + 1;',
        replace: 'const end = this.committed + 1;',
      },
    ],
  },
  {
    name: 'candidacy-before-disk',
    what: 'a candidate asks for votes before the log that it boasts of is on its disk',
    edits: [
      {
        file: 'raft/core/outbox.ts',
        find: "new Set(['app-resp', 'vote', 'vote-resp'])",
        replace: "new Set(['app-resp', 'vote-resp'])",
      },
    ],
  },
  {
    name: 'applied-before-own-disk',
    what: 'committed entries are applied before they are in the own log on disk',
    edits: [
      {
        file: 'raft/core/log/raft-log.ts',
        find: 'return this.#handedOut < Math.min(this.committed, this.stableIndex);',
        replace: 'return this.#handedOut < this.committed;',
      },
      {
        file: 'raft/core/log/raft-log.ts',
        find: 'const end = Math.min(this.committed, this.stableIndex) + 1;',
        replace: 'const end = this.committed + 1;',
      },
    ],
  },
  {
    name: 'no-truncation',
    what: 'a follower keeps its own entries where they conflict with the leader',
    edits: [
      {
        file: 'raft/core/log/raft-log.ts',
        find: 'entries.findIndex((entry) => !this.matchTerm(entry.index, entry.term))',
        replace: 'entries.findIndex((entry) => entry.index > this.lastIndex)',
      },
    ],
  },
  {
    name: 'truncates-on-every-append',
    what: 'an old append cuts off what a newer one brought (section 5.3: only a conflict may)',
    edits: [
      {
        file: 'raft/core/log/raft-log.ts',
        find: 'entries.findIndex((entry) => !this.matchTerm(entry.index, entry.term))',
        replace: 'entries.findIndex((entry) => entry.index > this.committed)',
      },
    ],
  },
  {
    name: 'append-without-match',
    what: 'a follower appends without looking whether the entry before is the same (section 5.3)',
    edits: [
      {
        file: 'raft/core/log/raft-log.ts',
        find: 'if (!this.matchTerm(prevIndex, prevTerm)) return undefined;',
        replace: 'if (prevIndex > this.lastIndex) return undefined;',
      },
    ],
  },
  {
    name: 'aba-acknowledgement',
    what: 'an fsync of entries that were overwritten meanwhile counts for those that took their place (A-B-A)',
    simulation: 'core',
    edits: [
      {
        file: 'raft/core/log/unstable.ts',
        find: 'for (const write of this.#writes) write.validTo = Math.min(write.validTo, index - 1);',
        replace: 'void index;',
      },
    ],
  },
  {
    name: 'old-acknowledgement-counts',
    what: 'a leader counts an acknowledgement that was given in an earlier term',
    simulation: 'core',
    maxSeeds: 1000,
    edits: [
      {
        file: 'raft/core/step.ts',
        find: 'if (message.term < raft.term) {',
        replace: "if (message.term < raft.term && (message.type !== 'app-resp' || message.index === 0)) {",
      },
    ],
  },
  {
    name: 'commit-by-refused-append',
    what: 'a follower believes the commit index of an append that does not fit its log',
    edits: [
      {
        file: 'raft/core/follower.ts',
        find: '  const lastNew = log.maybeAppend(',
        replace: '  log.commitTo(Math.min(commit, log.lastIndex));\n  const lastNew = log.maybeAppend(',
      },
    ],
  },
  {
    name: 'heartbeat-commit-uncapped',
    what: 'heartbeats carry the commit index whatever the follower holds',
    edits: [
      {
        file: 'raft/core/sending.ts',
        find: 'const commit = Math.min(progress.match, raft.log.committed);',
        replace: 'const commit = raft.log.committed;',
      },
    ],
  },
  {
    name: 'refused-vote-commits-blindly',
    what: 'a refused candidate believes the commit index of the refusal without comparing logs',
    edits: [
      {
        file: 'raft/core/election.ts',
        find: 'raft.log.matchTerm(commit, commitTerm)',
        replace: 'commit <= raft.log.lastIndex',
      },
    ],
  },
  {
    name: 'pre-vote-binds',
    what: 'a granted pre-vote is taken for a vote',
    edits: [
      {
        file: 'raft/core/election.ts',
        find: '  if (isPreVote) return;\n  raft.timer.elapsed = 0;',
        replace: '  raft.timer.elapsed = 0;',
      },
    ],
  },
  {
    name: 'pre-vote-bumps-term',
    what: 'a pre-vote makes others take its term: a partitioned member disturbs the rest',
    edits: [
      {
        file: 'raft/core/step.ts',
        find: '  if (isPreVote) return true;\n',
        replace: '',
      },
    ],
  },
];
