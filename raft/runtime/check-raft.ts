import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { messageOf } from '../../base/message-of.ts';
import { silentLog } from '../../base/log.ts';
import type { Log } from '../../base/log.ts';
import type { SnapshotMeta } from '../core/types.ts';
import { CorruptFileError } from './disk-error.ts';
import { readOfflineLog, readOnlyDisk } from './offline-log.ts';
import type { OfflineLog } from './offline-log.ts';
import { SnapshotStore } from './snapshot-store.ts';
import { decodeJson } from './wal/payload.ts';
import type { WalMetadata } from './wal/payload.ts';
import { decodeSegmentHeader, readRecord, recordType, segmentHeaderBytes } from './wal/record.ts';
import { listSegments } from './wal/segment-files.ts';

/** Something that is not as it should be. */
export interface RaftFault {
  readonly file: string;
  readonly offset: number | undefined;
  readonly what: string;
}

export interface SnapshotFile {
  readonly file: string;
  readonly meta: SnapshotMeta;
  readonly bytes: number;
}

export interface RaftReport {
  /** undefined: the log cannot be read */
  readonly metadata: WalMetadata | undefined;
  readonly log: OfflineLog | undefined;
  readonly segments: number;
  readonly snapshots: readonly SnapshotFile[];
  readonly faults: readonly RaftFault[];
  /** what a crash leaves, and the next start repairs */
  readonly notes: readonly string[];
}

/** Looks into a snapshot's image; throws where it is not what the state machine writes. */
export type CheckImage = (chunks: AsyncIterable<Uint8Array>) => Promise<void>;

function faultOf(place: string, error: unknown): RaftFault {
  if (error instanceof CorruptFileError) {
    const what = error.message
      .replace(/^.* is corrupt at byte \d+: /, '')
      .replace(/\. The member does not start.*$/s, '');
    return { file: error.file, offset: error.offset, what };
  }
  return { file: place, offset: undefined, what: messageOf(error) };
}

/** Whose log it says that it is. */
async function metadataOf(dir: string): Promise<WalMetadata> {
  const [first] = await listSegments(readOnlyDisk, dir);
  if (first === undefined) throw new Error('there is no log');
  const bytes = await readOnlyDisk.readFile(first.file);
  const header = decodeSegmentHeader(bytes);
  if (header === undefined) throw new CorruptFileError(first.file, 0, 'the segment header is damaged');
  const record = readRecord(bytes, segmentHeaderBytes, header.salt);
  const metadata =
    typeof record === 'string' || record.type !== recordType.metadata ? undefined : decodeJson(record.payload);
  if (metadata === undefined)
    throw new CorruptFileError(first.file, segmentHeaderBytes, 'the log does not say whose it is');
  return metadata as WalMetadata;
}

/** What the records, each sound by itself, must be together. */
function* orderFaults(
  { hardState, mark, entries, lastIndex, lastTerm }: OfflineLog,
  dir: string,
): Generator<RaftFault> {
  const fault = (what: string): RaftFault => ({ file: dir, offset: undefined, what });
  let { index, term } = mark.logStart;
  for (const entry of entries) {
    if (entry.index !== index + 1) yield fault(`entry ${entry.index} follows entry ${index}`);
    if (entry.term < term) yield fault(`entry ${entry.index} is of term ${entry.term}, the one before it of ${term}`);
    ({ index, term } = entry);
  }
  if (hardState.term < lastTerm) {
    yield fault(`the member is at term ${hardState.term}, but its log has entries of term ${lastTerm}`);
  }
  if (hardState.commit > lastIndex) {
    yield fault(`${hardState.commit} entries are said to be committed, but the log ends at ${lastIndex}`);
  }
  if (mark.logStart.index > mark.index)
    yield fault(`the log begins behind ${mark.logStart.index}, its mark is ${mark.index}`);
}

async function checkSnapshots(dir: string, checkImage: CheckImage): Promise<Pick<RaftReport, 'snapshots' | 'faults'>> {
  const snapshots: SnapshotFile[] = [];
  const faults: RaftFault[] = [];
  if (!existsSync(dir)) return { snapshots, faults };
  const store = await SnapshotStore.open(dir, false, silentLog, readOnlyDisk);
  for (const index of await store.indexes()) {
    const file = store.file(index);
    try {
      const { meta, chunks } = await store.load(index);
      if (meta.index !== index) faults.push({ file, offset: 0, what: `it is of index ${meta.index}` });
      let bytes = 0;
      await checkImage(
        (async function* () {
          for await (const chunk of chunks) {
            bytes += chunk.length;
            yield chunk;
          }
        })(),
      );
      snapshots.push({ file, meta, bytes });
    } catch (error) {
      faults.push(faultOf(file, error));
    }
  }
  return { snapshots, faults };
}

/** Reads all of a member's log and snapshot files; changes nothing. `dataDir` holds `wal` and `snap`. */
export async function checkRaft(dataDir: string, checkImage: CheckImage): Promise<RaftReport> {
  const dir = join(dataDir, 'wal');
  const notes: string[] = [];
  const log: Log = {
    ...silentLog,
    warn: (fields, message) => void notes.push(`${message} (${Object.values(fields).join(', ')})`),
    child: () => log,
  };
  const { snapshots, faults } = await checkSnapshots(join(dataDir, 'snap'), checkImage);
  let segments = 0;
  try {
    segments = (await listSegments(readOnlyDisk, dir)).length;
    const metadata = await metadataOf(dir);
    const offline = await readOfflineLog(dataDir, metadata, log);
    const inOrder = [...orderFaults(offline, dir)];
    const missing = offline.mark.kind === 'reset' && !snapshots.some(({ meta }) => meta.index === offline.mark.index);
    return {
      metadata,
      log: offline,
      segments,
      snapshots,
      faults: [...faults, ...inOrder],
      notes: missing
        ? [...notes, `the snapshot file of index ${offline.mark.index}, from which the log goes on, is gone`]
        : notes,
    };
  } catch (error) {
    return {
      metadata: undefined,
      log: undefined,
      segments,
      snapshots,
      faults: [...faults, faultOf(dir, error)],
      notes,
    };
  }
}
