import type { Bug } from './bug.ts';

const machine = 'store/etcd/store-machine.ts';
const mvcc = 'store/mvcc/mvcc-store.ts';

/** Mistakes in revisions, compaction and leases. */
export const mvccBugs: readonly Bug[] = [
  {
    name: 'expired-lease-revoked-by-old-leader',
    what: 'a leader that was deposed while it slept revokes a lease that has been renewed since',
    etcd: 'PR 17425',
    edits: [
      {
        file: 'store/etcd/lessor.ts',
        find: '      await this.#options.confirm();\n      if (this.#options.leadingTerm() !== term) return;\n',
        replace: '',
      },
      {
        file: 'store/etcd/apply.ts',
        find: 'const stale = expiry !== undefined && (expiry.term !== term || lease?.renewals !== expiry.renewals);',
        replace: 'const stale = expiry !== undefined && (lease === undefined || term === 0);',
      },
    ],
  },
  {
    name: 'expiry-by-local-clock',
    what: 'each member asks its own clock whether a lease has expired when it applies the revocation',
    edits: [
      {
        file: 'store/etcd/apply.ts',
        find: 'const stale = expiry !== undefined && (expiry.term !== term || lease?.renewals !== expiry.renewals);',
        replace: 'const stale = expiry !== undefined && lease !== undefined && observer.isCurrent(id);',
      },
      {
        file: machine,
        find: '      leaseEnded: (id) => this.#listener.leaseEnded(id),\n      alarmChanged',
        replace: `      leaseEnded: (id) => this.#listener.leaseEnded(id),
      isCurrent: (id) => this.#listener.isCurrent(id),
      alarmChanged`,
      },
      {
        file: 'store/etcd/open-member.ts',
        find: '      leaseEnded: (id) => this.#lessor.ended(id),\n',
        replace: `      leaseEnded: (id) => this.#lessor.ended(id),
      isCurrent: (id) => this.#lessor.remainingS(id) !== undefined,
`,
      },
    ],
  },
  {
    name: 'leases-not-extended-by-new-leader',
    what: 'a new leader takes over the expiry times that it guessed as a follower, without adding its election',
    edits: [
      {
        file: 'store/etcd/apply.ts',
        find: '    const lease = state.mvcc.leaseRenew(command.id);\n    observer.leaseStarted(lease);',
        replace: '    const lease = state.mvcc.leaseRenew(command.id);\n    void observer;',
      },
    ],
  },
  {
    name: 'keep-alive-after-revoke',
    what: 'a keep-alive that meets the revocation of its lease is answered as a success',
    etcd: '20271',
    edits: [
      {
        file: 'store/etcd/lease-service.ts',
        find: "  try {\n    return withHeader(context, await propose(context, call, { leaseRenew: { id } }, 'user'));",
        replace: `  const before = context.machine.state.mvcc.leases.get(id);
  try {
    return withHeader(context, await propose(context, call, { leaseRenew: { id } }, 'user'));`,
      },
      {
        file: 'store/etcd/lease-service.ts',
        find: 'return { header: headerOf(context), ID: id, TTL: 0 };',
        replace: 'return { header: headerOf(context), ID: id, TTL: before?.ttl ?? 0 };',
      },
    ],
  },
  {
    name: 'keys-survive-their-lease',
    what: 'a renewed lease forgets its keys: they survive it',
    edits: [
      {
        file: mvcc,
        find: 'const renewed: Lease = { ...lease, renewals: lease.renewals + 1 };',
        replace: 'const renewed: Lease = { ...lease, renewals: lease.renewals + 1, keys: new Set() };',
      },
    ],
  },
  {
    name: 'key-keeps-its-old-lease',
    what: 'a key that was put again without its lease is still deleted with it',
    edits: [
      {
        file: mvcc,
        find: 'if (leaseBefore !== 0n && leaseBefore !== lease) this.#leases.get(leaseBefore)?.keys.delete(name);',
        replace: 'void leaseBefore;',
      },
    ],
  },
  {
    name: 'txn-range-differs',
    what: 'whether a Txn may read at a revision depends on how far the local clean-up after a compaction is',
    etcd: 'PR 21432',
    edits: [
      {
        file: mvcc,
        find: 'return store.#compactRevision;',
        replace: 'return Math.min(store.#compactRevision, store.#sweepNext - 1);',
      },
    ],
  },
  {
    name: 'txn-half-applied',
    what: 'a Txn that fails in its middle leaves its first changes behind',
    edits: [
      {
        file: 'store/mvcc/write-txn.ts',
        find: '    this.#check(plan);\n    const responses',
        replace: '    const responses',
      },
    ],
  },
  {
    name: 'revision-falls-after-compaction',
    what: 'after a restart the revision is that of the newest record left by a compaction',
    etcd: '17780',
    edits: [
      {
        file: 'store/etcd/store-state.ts',
        find: 'mvcc.beginLoad({ ...meta, leases });',
        replace: `let newest = 1;
  for await (const batch of backend.entries(recordRange)) {
    for (const { key, value } of batch) newest = Math.max(newest, parseRecord(key, value).modRevision);
  }
  mvcc.beginLoad({ ...meta, revision: newest, leases });`,
      },
      {
        file: mvcc,
        find: 'log.modRevision(position) >= this.#compactRevision) return;',
        replace: 'log.modRevision(position) > this.#compactRevision) return;',
      },
    ],
  },
  {
    name: 'compaction-drops-its-own-revision',
    what: 'the events of the compaction revision itself are missing for a watch that begins there',
    etcd: '19179',
    edits: [
      {
        file: mvcc,
        find: 'this.#history.dropBefore(Math.min(this.#sweepNext, this.#compactRevision));',
        replace: 'this.#history.dropBefore(this.#sweepNext);',
      },
    ],
  },
  {
    name: 'compaction-drops-delete',
    what: 'a deletion at the compaction revision is thrown away with what it deleted',
    etcd: '19179',
    edits: [
      {
        file: mvcc,
        find: 'log.modRevision(position) >= this.#compactRevision) return;',
        replace: 'log.modRevision(position) > this.#compactRevision) return;',
      },
    ],
  },
  {
    name: 'compaction-drops-newest',
    what: 'a compaction removes the value that was in force at its revision',
    edits: [
      {
        file: mvcc,
        find: 'if (log.version(position) !== 0 || log.modRevision(position) >=',
        replace:
          'if (this.#index.newest(this.#index.find(log.name(position))) === position || log.modRevision(position) >=',
      },
    ],
  },
  {
    name: 'reads-below-compaction',
    what: 'a read at a compacted revision is answered with what is left',
    edits: [
      {
        file: 'store/mvcc/write-txn.ts',
        find: "  if (revision < base.compactRevision) throw new MvccError('compacted');\n",
        replace: '',
      },
    ],
  },
];
