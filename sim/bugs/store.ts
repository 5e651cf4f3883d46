import type { Bug } from './bug.ts';

const machine = 'store/etcd/store-machine.ts';
const proposer = 'store/etcd/proposer.ts';

/** Mistakes in how proposals become state, and state becomes durable. */
export const storeBugs: readonly Bug[] = [
  {
    name: 'applied-index-not-atomic',
    what: 'the applied index is written before the data it describes, not with it',
    etcd: '13766',
    edits: [
      {
        file: 'store/backend/write-behind.ts',
        find: 'await this.#backend.write(group.ops);',
        replace: `await this.#backend.write(group.ops.splice(-1));
        await this.#backend.write(group.ops);`,
      },
    ],
  },
  {
    name: 'durable-index-too-high',
    what: 'what was written while a sync ran is taken for synced',
    edits: [
      {
        file: 'store/backend/write-behind.ts',
        find: '    if (until <= this.#durable) return;\n    this.#durable = until;\n    this.#options.onDurable(until);',
        replace: `    if (until > this.#written) return;
    this.#durable = this.#written;
    this.#options.onDurable(this.#written);`,
      },
    ],
  },
  {
    name: 'durable-when-written',
    what: 'the state counts as durable when it is written, without a sync',
    edits: [
      {
        file: 'store/backend/write-behind.ts',
        find: '      await this.#backend.sync();\n    } catch',
        replace: '      await Promise.resolve();\n    } catch',
      },
    ],
  },
  {
    name: 'delete-lost-in-buffer',
    what: 'a deletion that joins a waiting batch of the write buffer is lost',
    etcd: '17230',
    edits: [
      {
        file: 'store/backend/write-behind.ts',
        find: 'for (const op of more.ops) group.ops.push(op);',
        replace: 'for (const op of more.ops) if (op.value !== undefined) group.ops.push(op);',
      },
    ],
  },
  {
    name: 'tombstone-not-stored',
    what: 'the deletion of a key does not reach the backend: after a restart the key is back',
    etcd: '17230',
    edits: [
      {
        file: machine,
        find: 'putRecord: (record) => stage(recordKey(record), recordValue(record)),',
        replace: 'putRecord: (record) => record.version > 0 && stage(recordKey(record), recordValue(record)),',
      },
    ],
  },
  {
    name: 'session-forgotten-on-restart',
    what: 'which proposals were applied is not stored: one proposed twice is applied twice after a restart',
    edits: [
      {
        file: 'store/etcd/store-state.ts',
        find: 'sessions.load(nameOfKey(key), parseJson<SessionRecord>(value)),',
        replace: 'void [nameOfKey(key), parseJson<SessionRecord>(value)],',
      },
    ],
  },
  {
    name: 'repeated-under-a-new-number',
    what: 'a proposal that may have been lost is proposed again under another number',
    edits: [
      {
        file: proposer,
        find: '      this.#node?.propose(entry.bytes);\n',
        replace: `      let { bytes } = entry;
      if (entry.proposedAtMs > 0) {
        const sequence = ++this.#sequence;
        bytes = entryCodec.encode({ ...entryCodec.decode(bytes), sequence });
        this.#pending.set(sequence, entry);
      }
      this.#node?.propose(bytes);
`,
      },
      {
        file: proposer,
        find: 'for (const entry of this.#pending.values()) if (which(entry)) this.#propose(entry);',
        replace: 'for (const entry of new Set(this.#pending.values())) if (which(entry)) this.#propose(entry);',
      },
    ],
  },
  {
    name: 'no-deduplication',
    what: 'a proposal that reached the log twice is applied twice',
    edits: [
      {
        file: 'store/etcd/sessions.ts',
        find: '    if (sequence <= session.low || session.above.has(sequence)) return false;\n',
        replace: '',
      },
    ],
  },
  {
    name: 'given-up-answered-as-done',
    what: 'a proposal that was given up is answered as if it had been applied',
    edits: [
      {
        file: proposer,
        find: 'for (const waiter of entry.waiters) waiter.reject(error);',
        replace: 'for (const waiter of entry.waiters) waiter.resolve({ header: { revision: this.#sequence }, error });',
      },
    ],
  },
  {
    name: 'answered-before-committed',
    what: 'a write is answered when it was handed to Raft, not when it was applied',
    edits: [
      {
        file: proposer,
        find: '      entry.proposedAtMs = this.#clock.monotonicMs();\n',
        replace: `      entry.proposedAtMs = this.#clock.monotonicMs();
      for (const waiter of entry.waiters) waiter.resolve({ header: { revision: 0 } });
`,
      },
    ],
  },
  {
    name: 'lost-proposal-forgotten',
    what: 'a proposal that was lost with its leader is neither repeated nor given up: its client hangs',
    edits: [
      {
        file: proposer,
        find: "if (status.leader !== '') this.#repeat(() => true);",
        replace: '',
      },
      {
        file: proposer,
        find: 'this.#clock.every(sweepEveryMs, () => this.#sweep())',
        replace: 'this.#clock.every(sweepEveryMs, () => void this.#sweep)',
      },
    ],
  },
  {
    name: 'snapshot-labelled-too-new',
    what: 'a snapshot says it holds what was applied while it was being opened, and does not',
    edits: [
      {
        file: machine,
        find: 'const index = value === undefined ? 0 : parseJson<number>(value);',
        replace: 'const index = value === undefined ? 0 : this.#state.appliedIndex;',
      },
      {
        file: machine,
        find: '    await this.#writer.flush();\n    const snapshot',
        replace: '    const snapshot',
      },
    ],
  },
  {
    name: 'snapshot-without-sessions',
    what: 'a restored snapshot lacks the record of which proposals were applied',
    edits: [
      {
        file: machine,
        find: 'yield own === undefined ? batch : batch.filter((entry) => entry !== own);',
        replace: 'yield batch.filter((entry) => entry !== own && entry.key[0] !== 0x73);',
      },
    ],
  },
  {
    name: 'snapshot-without-leases',
    what: 'a restored snapshot lacks the leases',
    edits: [
      {
        file: machine,
        find: 'yield own === undefined ? batch : batch.filter((entry) => entry !== own);',
        replace: 'yield batch.filter((entry) => entry !== own && entry.key[0] !== 0x6c);',
      },
    ],
  },
];
