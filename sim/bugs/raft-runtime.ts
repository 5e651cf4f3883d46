import type { Bug } from './bug.ts';

/** Mistakes around the algorithm: log, snapshot files, reads, what a restart brings back. */
export const runtimeBugs: readonly Bug[] = [
  {
    name: 'done-before-fdatasync',
    what: 'the log reports a write as durable before its fdatasync has ended',
    edits: [
      {
        file: 'raft/runtime/wal/wal.ts',
        find: 'if (sync) await this.#sync();',
        replace: 'if (sync) void this.#sync().catch(() => {});',
      },
    ],
  },
  {
    name: 'last-of-group-decides-sync',
    what: 'of writes that go out together only the last says whether there is an fsync',
    edits: [
      {
        file: 'raft/runtime/wal/wal.ts',
        find: 'sync ||= queued.sync;',
        replace: 'sync = queued.sync;',
      },
    ],
  },
  {
    name: 'failed-fsync-ignored',
    what: 'a failed fsync is taken for one that succeeded',
    edits: [
      {
        file: 'raft/runtime/wal/wal.ts',
        find: "throw new DiskError('fdatasync', this.#currentFile, error);",
        replace: 'void error;',
      },
    ],
  },
  {
    name: 'short-write-ignored',
    what: 'a write that wrote less than asked is taken for a whole one',
    edits: [
      {
        file: 'raft/runtime/wal/wal.ts',
        find: 'rest = dropBytes(rest, written);',
        replace: 'rest = dropBytes(rest, Infinity);',
      },
    ],
  },
  {
    name: 'vote-lost-on-restart',
    what: 'the vote of the term is not read back after a restart',
    edits: [
      {
        file: 'raft/runtime/log-window.ts',
        find: 'this.#storage.setHardState(hardState);',
        replace: "this.#storage.setHardState({ ...hardState, vote: '' });",
      },
    ],
  },
  {
    name: 'torn-tail-not-cut',
    what: 'a torn tail of the log is left where it is, and written over',
    edits: [
      {
        file: 'raft/runtime/wal/open-wal.ts',
        find: '      await truncateTail(disk, segment.file, scan.end);\n',
        replace: '      void truncateTail;\n',
      },
    ],
  },
  {
    name: 'damage-taken-for-torn-tail',
    what: 'damage in the middle of the log is cut off like a torn tail instead of refused',
    edits: [
      {
        file: 'raft/runtime/wal/segment-scan.ts',
        find: '      refuseUnlessTorn(file, bytes, at, salt, record);\n',
        replace: '      void refuseUnlessTorn;\n',
      },
    ],
  },
  {
    name: 'checksum-not-checked',
    what: 'a record of the log is read without looking at its checksum',
    edits: [
      {
        file: 'raft/runtime/wal/record.ts',
        find: "if (recordCrc(bytes, at, length, salt) !== bytes.readUInt32LE(at + 12)) return 'bad checksum';",
        replace: '',
      },
    ],
  },
  {
    name: 'overwritten-entries-come-back',
    what: 'a restart reads entries back that a later leader had overwritten',
    edits: [
      {
        file: 'raft/runtime/wal/replay.ts',
        find: '      this.#entries.length = position;\n      this.#entries.push(entry);',
        replace: '      if (position === this.#entries.length) this.#entries.push(entry);',
      },
    ],
  },
  {
    name: 'log-cut-before-state-durable',
    what: 'the log is cut behind what the state machine has applied, not behind what it has on disk',
    edits: [
      {
        file: 'raft/runtime/log-cutter.ts',
        find: 'const index = Math.min(durable, this.#applier.applied);',
        replace: 'const index = Math.max(durable, this.#applier.applied);',
      },
    ],
  },
  {
    name: 'snapshot-file-not-synced',
    what: 'the log leads to a snapshot file that was never synced: after a crash the two disagree',
    etcd: 'PR 11888',
    edits: [
      {
        file: 'raft/runtime/snapshot-store.ts',
        find: "if (this.#fsync) await inDiskWords('fsync', temporary, () => handle!.sync());",
        replace: '',
      },
    ],
  },
  {
    name: 'snapshot-name-not-synced',
    what: 'the name of a received snapshot file is not synced, so a crash takes the file away',
    edits: [
      {
        file: 'raft/runtime/snapshot-store.ts',
        find: 'if (this.#fsync) await syncDir(this.#disk, this.#dir);',
        replace: '',
      },
    ],
  },
  {
    name: 'snapshot-not-in-log',
    what: 'a received snapshot replaces the state, but the log is not told to begin behind it',
    etcd: 'PR 11888',
    edits: [
      {
        file: 'raft/runtime/member.ts',
        find: "const mark = snapshot && logStart && { kind: 'reset' as const, ...snapshot, logStart };",
        replace: 'const mark = snapshot && logStart && undefined;',
      },
    ],
  },
  {
    name: 'read-id-used-twice',
    what: 'ReadIndex requests carry the same id, so a late answer to an old one serves a new one',
    etcd: '20418',
    edits: [
      {
        file: 'raft/runtime/read-barrier.ts',
        find: '`${this.#contextPrefix}-${++this.#counter}`',
        replace: '`${this.#contextPrefix}-${this.#counter}`',
      },
    ],
  },
  {
    name: 'read-joins-running-round',
    what: 'a read joins a ReadIndex round that was asked before it came',
    edits: [
      {
        file: 'raft/runtime/read-barrier.ts',
        find: 'this.#collecting.push({ deadlineMs',
        replace: '(this.#round?.waiters ?? this.#collecting).push({ deadlineMs',
      },
    ],
  },
  {
    name: 'read-before-applied',
    what: 'a confirmed read is served before the member has applied up to its index',
    edits: [
      {
        file: 'raft/runtime/read-barrier.ts',
        find: 'this.#confirmed.push({ index, waiters: round.waiters });',
        replace: 'this.#confirmed.push({ index: index > 0 ? 0 : index, waiters: round.waiters });',
      },
    ],
  },
  {
    name: 'configuration-lost-on-restart',
    what: 'a restarted member goes on with the configuration of its last cut log, not with the changes since',
    edits: [
      {
        file: 'raft/runtime/member.ts',
        find: 'for (const { change } of recovered.appliedChanges) raw.applyConfChange(change);',
        replace: 'void recovered.appliedChanges;',
      },
    ],
  },
  {
    name: 'applied-again-after-restart',
    what: 'after a restart entries are applied from the start of the log, whatever the state holds already',
    etcd: '14685',
    edits: [
      {
        file: 'raft/runtime/recover.ts',
        find: 'if (durable >= mark.index) return durable;',
        replace: 'if (durable >= mark.index) return mark.index;',
      },
      {
        file: 'store/etcd/store-machine.ts',
        find: '      if (entry.index <= state.appliedIndex) continue;\n',
        replace: '',
      },
      {
        file: 'store/etcd/sessions.ts',
        find: 'if (sequence <= session.low || session.above.has(sequence)) return false;',
        replace: 'if (index > session.last && (sequence <= session.low || session.above.has(sequence))) return false;',
      },
    ],
  },
  {
    name: 'lost-read-never-asked-again',
    what: 'a read whose answer was lost is never asked again',
    edits: [
      {
        file: 'raft/runtime/read-barrier.ts',
        find: '} else if (nowMs - this.#round.askedAtMs >= this.#retryMs) this.ask();',
        replace: '}',
      },
      {
        file: 'raft/runtime/read-barrier.ts',
        find: '    this.#round.waiters = this.#expire(this.#round.waiters, nowMs);\n',
        replace: '',
      },
      {
        file: 'raft/runtime/member.ts',
        find: 'this.#reads.ask();',
        replace: 'void 0;',
      },
    ],
  },
  {
    name: 'wrong-term-at-log-start',
    what: 'the log that was cut says a wrong term of the entry in front of it',
    edits: [
      {
        file: 'raft/runtime/log-cutter.ts',
        find: 'const logStart = { index: start, term: window.term(start) };',
        replace: 'const logStart = { index: start, term: window.term(index) };',
      },
    ],
  },
  {
    name: 'segment-name-not-synced',
    what: 'the name of a new log segment is not synced, so a crash takes the segment away',
    edits: [
      {
        file: 'raft/runtime/wal/segment-files.ts',
        find: '    if (fsync) await syncDir(disk, dir);\n    return handle;',
        replace: '    return handle;',
      },
    ],
  },
  {
    name: 'new-segment-repeats-old-vote',
    what: 'a new log segment repeats the term and vote of when the process started',
    edits: [
      {
        file: 'raft/runtime/wal/wal.ts',
        find: 'if (hardState !== undefined) this.#head.hardState = hardState;',
        replace: 'void hardState;',
      },
    ],
  },
  {
    name: 'segment-removed-too-early',
    what: 'a log segment is removed though it holds entries behind the cut',
    edits: [
      {
        file: 'raft/runtime/wal/wal.ts',
        find: 'this.#segments.length > 1 && this.#segments[1]!.firstIndex <= index + 1',
        replace: 'this.#segments.length > 1 && this.#segments[0]!.firstIndex <= index + 1',
      },
    ],
  },
  {
    name: 'cut-overtakes-snapshot',
    what: 'the log is cut at the old state while a received snapshot is on its way into it',
    edits: [
      {
        file: 'raft/runtime/log-cutter.ts',
        find: 'this.#cutting || this.#pauses > 0 || !due',
        replace: 'this.#cutting || !due',
      },
    ],
  },
  {
    name: 'restores-overlap',
    what: 'a second snapshot is restored while the first still is',
    edits: [
      {
        file: 'raft/runtime/member.ts',
        find: '      await before;\n',
        replace: '',
      },
    ],
  },
];
