import type { Bug } from './bug.ts';

const hub = 'store/etcd/watch-hub.ts';

/** Mistakes in what watches are told. */
export const watchBugs: readonly Bug[] = [
  {
    name: 'watch-skips-compacted',
    what: 'a watch that lags behind a compaction goes on as if nothing were missing',
    edits: [
      {
        file: hub,
        find: 'if (watcher.next < store.compactRevision) {',
        replace: 'if (watcher.next < 0) {',
      },
    ],
  },
  {
    name: 'watch-skips-snapshot',
    what: 'a watch misses the events that a restored snapshot brought',
    etcd: 'PR 17612',
    edits: [
      {
        file: hub,
        find: '        if (watcher.next > this.#seen) this.#sync(watcher);\n        else outlet.lagging.add(watcher);',
        replace: '        outlet.lagging.delete(watcher);\n        this.#sync(watcher);',
      },
    ],
  },
  {
    name: 'watch-repeats-after-snapshot',
    what: 'after a restored snapshot a watch goes back to where it began',
    etcd: '15271',
    edits: [
      {
        file: hub,
        find: 'watcher.next = Math.max(watcher.next, this.#seen + 1);',
        replace: 'void this.#seen;',
      },
    ],
  },
  {
    name: 'watch-goes-back',
    what: 'a watch that fell behind goes on from where it began: it goes back in time',
    etcd: '15271',
    edits: [
      {
        file: hub,
        find: 'watcher.next = Math.max(watcher.next, first);',
        replace: 'void first;',
      },
    ],
  },
  {
    name: 'slow-watch-loses-events',
    what: 'what comes while a slow watch is blocked is not delivered afterwards',
    edits: [
      {
        file: hub,
        find: 'watcher.next = Math.max(watcher.next, first);',
        replace: 'watcher.next = Math.max(watcher.next, first + 1);',
      },
    ],
  },
  {
    name: 'future-watch-gets-old-events',
    what: 'a watch from a revision still to come gets the events before it',
    etcd: '20221',
    edits: [
      {
        file: hub,
        find: 'if (revision < watcher.next || !watcher.wants(change)) return;',
        replace: 'if (!watcher.wants(change)) return;',
      },
    ],
  },
  {
    name: 'progress-ahead-of-events',
    what: 'progress is announced before the events up to it have been sent',
    etcd: '15220',
    edits: [
      {
        file: hub,
        find: 'if (!outlet.progressWanted || outlet.blocked || outlet.lagging.size > 0) return;',
        replace: 'if (!outlet.progressWanted) return;',
      },
    ],
  },
  {
    name: 'revision-split',
    what: 'the events of one revision reach a watch in several responses',
    edits: [
      {
        file: 'store/etcd/watch-service.ts',
        find: 'const parts = fragment ? fragments(events, this.#context.limits.maxRequestBytes) : [events];',
        replace: 'const parts = fragment ? [events] : fragments(events, 1);',
      },
      {
        file: 'store/etcd/watch-service.ts',
        find: 'prevKv, fragment: more });',
        replace: 'prevKv, fragment: more && fragment });',
      },
    ],
  },
  {
    name: 'previous-value-wrong',
    what: 'the event of a deletion carries no previous value',
    edits: [
      {
        file: 'store/mvcc/history.ts',
        find: 'const before = kv.modRevision === this.#forgotten ? noPosition',
        replace: 'const before = kv.modRevision === this.#forgotten || kv.version === 0 ? noPosition',
      },
    ],
  },
  {
    name: 'previous-value-after-restart',
    what: 'after a restart events have the previous value of another revision',
    edits: [
      {
        file: 'store/mvcc/mvcc-store.ts',
        find: 'this.#history.forgetPrevious(meta.compactRevision);',
        replace: 'this.#history.forgetPrevious(meta.compactRevision + 1);',
      },
    ],
  },
];
