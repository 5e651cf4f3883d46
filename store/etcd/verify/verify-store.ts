import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { checkLevelFiles } from '../../backend/level-check/check-level-files.ts';
import { LevelBackend } from '../../backend/level-backend.ts';
import type { Backend } from '../../backend/backend.ts';
import type { Identity } from '../claim.ts';
import { identityKey, metaKey, parseJson, parseLease, prefixes, recordKey, removedKey } from '../records.ts';
import { loadState } from '../store-state.ts';
import type { MetaRecord, StoreState } from '../store-state.ts';
import { noSink } from '../survivor.ts';
import { Faults } from './fault.ts';
import type { Fault } from './fault.ts';
import { RecordCheck } from './record-check.ts';
import { copyStore } from './store-copy.ts';

export interface StoreReport {
  readonly lines: readonly string[];
  readonly faults: readonly Fault[];
  readonly identity: Identity | undefined;
  /** undefined: it cannot be loaded */
  readonly state: StoreState | undefined;
}

const leaseKeyBytes = 9;

async function checkRecords(directory: string, backend: Backend): Promise<{ records: number; faults: Fault[] }> {
  const value = await backend.get(metaKey);
  const meta = value === undefined ? { revision: 1, compactRevision: -1 } : parseJson<MetaRecord>(value);
  const check = new RecordCheck(directory, meta);
  const faults = new Faults();
  const leases = new Set<bigint>();
  const first = recordKey({ modRevision: 0, sub: 0 });
  const behind = new Uint8Array([first[0]! + 1]);
  for await (const batch of backend.entries({ gte: first.subarray(0, 1), lt: behind })) {
    for (const { key, value: bytes } of batch) check.add(key, bytes);
  }
  const lease = prefixes.lease.charCodeAt(0);
  for await (const batch of backend.entries({ gte: new Uint8Array([lease]), lt: new Uint8Array([lease + 1]) })) {
    for (const entry of batch) {
      if (entry.key.length === leaseKeyBytes) leases.add(parseLease(entry.key, entry.value).id);
      else faults.add({ file: directory, what: `a lease's key has ${entry.key.length} bytes` });
    }
  }
  return { records: check.records, faults: [...faults.list(directory), ...check.finish(leases)] };
}

async function checkContent(directory: string, backend: Backend): Promise<StoreReport> {
  const found = await backend.get(identityKey);
  const identity = found && parseJson<Identity>(found);
  const removed = (await backend.get(removedKey)) !== undefined;
  const { records, faults } = await checkRecords(directory, backend);
  let state: StoreState | undefined;
  try {
    state = await loadState(backend, noSink);
  } catch (error) {
    const what = `it cannot be loaded: ${(error as Error).message}`;
    return { lines: [], faults: faults.length > 0 ? faults : [{ file: directory, what }], identity, state };
  }
  const { mvcc, appliedIndex, members } = state;
  const compacted = mvcc.compactRevision > 0 ? `compacted at ${mvcc.compactRevision}, ` : '';
  const lines = [
    ...(removed ? ['the member knows that it was removed from its cluster'] : []),
    `store: revision ${mvcc.revision}, ${compacted}${mvcc.keyCount} keys in ${records} records, ${mvcc.leases.size} leases, ` +
      `${members.size} members; entries up to ${appliedIndex} applied`,
  ];
  const nobody = identity === undefined ? [{ file: directory, what: 'it does not say whose it is' }] : [];
  return { lines, faults: [...nobody, ...faults], identity, state };
}

/** The database in use, by the file `current`. */
function databaseOf(directory: string): string {
  const current = join(directory, 'current');
  const name = existsSync(current) ? readFileSync(current, 'utf8').trim() : 'db-1';
  return join(directory, name);
}

/** Reads all of a store that no process has open, and changes nothing in it. */
export async function verifyStore(directory: string): Promise<StoreReport> {
  const database = databaseOf(directory);
  if (!existsSync(join(database, 'CURRENT'))) {
    return {
      lines: [],
      faults: [{ file: database, what: 'there is no database' }],
      identity: undefined,
      state: undefined,
    };
  }
  const files = checkLevelFiles(database);
  const torn = files.torn.map(({ file, offset, what }) => `${file} at byte ${offset}: ${what}, as after a crash`);
  const lines = [`store: ${files.files} files, ${files.bytes} bytes, every checksum read`, ...torn];
  // what LevelDB would make of them is of no interest
  if (files.faults.length > 0) return { lines, faults: files.faults, identity: undefined, state: undefined };
  const copy = copyStore(directory);
  try {
    const backend = await LevelBackend.open(copy.directory);
    try {
      const content = await checkContent(directory, backend);
      return { ...content, lines: [...lines, ...content.lines] };
    } finally {
      await backend.close();
    }
  } catch (error) {
    const what = (error as Error).message.replaceAll(copy.directory, directory);
    return { lines, faults: [{ file: directory, what }], identity: undefined, state: undefined };
  } finally {
    copy.remove();
  }
}
