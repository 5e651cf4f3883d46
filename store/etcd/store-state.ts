import type { AuthMeta } from '../auth/auth-store.ts';
import { AuthStore } from '../auth/auth-store.ts';
import type { Backend } from '../backend/backend.ts';
import { MvccStore } from '../mvcc/mvcc-store.ts';
import type { Lease, StoreSink } from '../mvcc/types.ts';
import { authKey, parseAuthRole, parseAuthUser } from './auth/auth-records.ts';
import { indexKey, metaKey, nameOfKey, parseJson, parseLease, parseRecord, prefixes, recordRange } from './records.ts';
import { Sessions } from './sessions.ts';
import type { SessionRecord } from './sessions.ts';

export interface MemberRecord {
  readonly name: string;
  readonly peerUrls: readonly string[];
  readonly clientUrls: readonly string[];
  /** absent: a voter */
  readonly learner?: boolean;
}

/** Everything that is replicated. */
export interface StoreState {
  readonly mvcc: MvccStore;
  readonly sessions: Sessions;
  /** by id, 16 hex digits */
  readonly members: Map<string, MemberRecord>;
  /** ids of former members; they never come back */
  readonly removed: Set<string>;
  /** `<member id>/<alarm>` */
  readonly alarms: Set<string>;
  readonly auth: AuthStore;
  appliedIndex: number;
}

export interface MetaRecord {
  readonly revision: number;
  readonly compactRevision: number;
}

/** all but the values: a few entries, which must be known before the first value is */
const smallRanges = [{ lt: recordRange.gte }, { gte: recordRange.lt }];

/** Reads all that a backend holds into memory. Nothing may be written to it meanwhile. */
export async function loadState(backend: Pick<Backend, 'entries' | 'get'>, sink: StoreSink): Promise<StoreState> {
  const sessions = new Sessions();
  const members = new Map<string, MemberRecord>();
  const removed = new Set<string>();
  const alarms = new Set<string>();
  const auth = new AuthStore();
  const leases: Pick<Lease, 'id' | 'ttl' | 'renewals'>[] = [];
  let index = 0;
  let meta: MetaRecord = { revision: 1, compactRevision: -1 };
  const parsers: Record<string, (key: Uint8Array, value: Uint8Array) => void> = {
    [prefixes.lease]: (key, value) => leases.push(parseLease(key, value)),
    [prefixes.member]: (key, value) => members.set(nameOfKey(key), parseJson<MemberRecord>(value)),
    [prefixes.removed]: (key) => removed.add(nameOfKey(key)),
    [prefixes.alarm]: (key) => alarms.add(nameOfKey(key)),
    [prefixes.session]: (key, value) => sessions.load(nameOfKey(key), parseJson<SessionRecord>(value)),
    [prefixes.authUser]: (_, value) => auth.load(parseAuthUser(value)),
    [prefixes.authRole]: (_, value) => auth.load(parseAuthRole(value)),
    [prefixes.meta]: (key, value) => {
      if (Buffer.compare(key, indexKey) === 0) index = parseJson<number>(value);
      else if (Buffer.compare(key, metaKey) === 0) meta = parseJson<MetaRecord>(value);
      else if (Buffer.compare(key, authKey) === 0) auth.load({ kind: 'meta', value: parseJson<AuthMeta>(value) });
    },
  };
  for (const range of smallRanges) {
    for await (const batch of backend.entries(range)) {
      for (const { key, value } of batch) parsers[String.fromCharCode(key[0] ?? 0)]?.(key, value);
    }
  }
  const mvcc = new MvccStore(sink);
  mvcc.beginLoad({ ...meta, leases });
  for await (const batch of backend.entries(recordRange)) {
    for (const { key, value } of batch) mvcc.loadRecord(parseRecord(key, value));
  }
  mvcc.endLoad();
  return { mvcc, sessions, members, removed, alarms, auth, appliedIndex: index };
}
