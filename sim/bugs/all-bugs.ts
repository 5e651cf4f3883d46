import type { Bug } from './bug.ts';
import { extensionBugs } from './raft-core-changes.ts';
import { coreBugs } from './raft-core.ts';
import { runtimeBugs } from './raft-runtime.ts';
import { mvccBugs } from './store-mvcc.ts';
import { watchBugs } from './store-watch.ts';
import { storeBugs } from './store.ts';

export const bugGroups: readonly { readonly title: string; readonly bugs: readonly Bug[] }[] = [
  { title: 'Elections, log and commitment (raft/core)', bugs: coreBugs },
  { title: 'Reads, configuration changes, snapshots, flow (raft/core)', bugs: extensionBugs },
  { title: 'Write-ahead log, snapshot files, restart (raft/runtime)', bugs: runtimeBugs },
  { title: 'From proposal to durable state (store)', bugs: storeBugs },
  { title: 'Revisions, compaction, leases (store)', bugs: mvccBugs },
  { title: 'Watches (store)', bugs: watchBugs },
];

export const allBugs: readonly Bug[] = bugGroups.flatMap(({ bugs }) => bugs);
