import type { ConfState, Entry, EntryType, HardState, LogIndex, NodeId, Term } from '../../core/types.ts';
import { recordHeaderBytes } from './record.ts';

/** Who wrote the log; the first record of every segment. */
export interface WalMetadata {
  readonly nodeId: NodeId;
  readonly clusterId: string;
}

/**
 * Where the log starts. `boot`: the state at `index` is the empty one. `cut`: the state machine held everything up to
 * `index` durably when this was written. `reset`: the state at `index` is in the snapshot file of that index, and
 * whatever the log held before is void.
 */
export interface SnapshotMark {
  readonly kind: 'boot' | 'cut' | 'reset';
  readonly index: LogIndex;
  readonly term: Term;
  readonly confState: ConfState;
  /** the entry before the first one kept; ≤ index: some are kept for slow followers */
  readonly logStart: { readonly index: LogIndex; readonly term: Term };
}

/** Entries of one record stay below this, unless one entry alone is larger. */
const entriesRecordBytesMax = 4 * 1024 * 1024;
const entryHeaderBytes = 1 + 8 + 8 + 4;
const entryTypes: readonly EntryType[] = ['normal', 'conf-change'];
const twoTo32 = 0x1_0000_0000;

function writeU64(out: Buffer, value: number, at: number): void {
  out.writeUInt32LE(value % twoTo32, at);
  out.writeUInt32LE(Math.floor(value / twoTo32), at + 4);
}

const readU64 = (from: Buffer, at: number): number => from.readUInt32LE(at) + from.readUInt32LE(at + 4) * twoTo32;

/** Records of `entries`, each with room for its header in front. */
export function encodeEntries(entries: readonly Entry[]): Buffer[] {
  const records: Buffer[] = [];
  for (let from = 0; from < entries.length;) {
    let to = from;
    let size = 0;
    do size += entryHeaderBytes + entries[to++]!.data.length;
    while (to < entries.length && size + entries[to]!.data.length < entriesRecordBytesMax);
    const record = Buffer.allocUnsafe(recordHeaderBytes + size);
    let at = recordHeaderBytes;
    for (; from < to; from++) {
      const entry = entries[from]!;
      record[at] = entryTypes.indexOf(entry.type);
      writeU64(record, entry.term, at + 1);
      writeU64(record, entry.index, at + 9);
      record.writeUInt32LE(entry.data.length, at + 17);
      record.set(entry.data, at + entryHeaderBytes);
      at += entryHeaderBytes + entry.data.length;
    }
    records.push(record);
  }
  return records;
}

/** Copies the data, so that a few entries do not keep a whole segment in memory. undefined: malformed. */
export function decodeEntries(payload: Buffer): Entry[] | undefined {
  const entries: Entry[] = [];
  let at = 0;
  while (at < payload.length) {
    if (at + entryHeaderBytes > payload.length) return undefined;
    const type = entryTypes[payload[at]!];
    const end = at + entryHeaderBytes + payload.readUInt32LE(at + 17);
    if (type === undefined || end > payload.length) return undefined;
    const data = Uint8Array.prototype.slice.call(payload, at + entryHeaderBytes, end);
    entries.push({ type, term: readU64(payload, at + 1), index: readU64(payload, at + 9), data });
    at = end;
  }
  return entries;
}

export function encodeHardState(state: HardState): Buffer {
  const record = Buffer.allocUnsafe(recordHeaderBytes + 16 + Buffer.byteLength(state.vote));
  writeU64(record, state.term, recordHeaderBytes);
  writeU64(record, state.commit, recordHeaderBytes + 8);
  record.write(state.vote, recordHeaderBytes + 16);
  return record;
}

export function decodeHardState(payload: Buffer): HardState | undefined {
  if (payload.length < 16) return undefined;
  return { term: readU64(payload, 0), commit: readU64(payload, 8), vote: payload.toString('utf8', 16) };
}

/** Metadata and marks are rare; JSON keeps them readable for people. */
export function encodeJson(value: WalMetadata | SnapshotMark): Buffer {
  return Buffer.concat([Buffer.alloc(recordHeaderBytes), Buffer.from(JSON.stringify(value))]);
}

/** undefined: not JSON */
export function decodeJson(payload: Buffer): unknown {
  try {
    return JSON.parse(payload.toString('utf8'));
  } catch {
    return undefined;
  }
}
