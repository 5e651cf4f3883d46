import { join } from 'node:path';
import type { LogIndex } from '../../core/types.ts';
import { DiskError } from '../disk-error.ts';
import type { Disk, DiskFile } from '../disk.ts';

/** `0000000000000002-0000000000000065.wal`: sequence, and the index the first entry in it was expected to have. */
export interface SegmentName {
  readonly file: string;
  readonly sequence: number;
  readonly firstIndex: LogIndex;
}

const hex16 = (value: number): string => value.toString(16).padStart(16, '0');

export const segmentFile = (dir: string, sequence: number, firstIndex: LogIndex): string =>
  join(dir, `${hex16(sequence)}-${hex16(firstIndex)}.wal`);

/** In order of their sequence. Unfinished `.tmp` files are removed. */
export async function listSegments(disk: Disk, dir: string): Promise<SegmentName[]> {
  const segments: SegmentName[] = [];
  for (const name of await disk.readdir(dir)) {
    const match = /^([0-9a-f]{16})-([0-9a-f]{16})\.wal$/.exec(name);
    const file = join(dir, name);
    if (match) segments.push({ file, sequence: parseInt(match[1]!, 16), firstIndex: parseInt(match[2]!, 16) });
    else if (name.endsWith('.tmp')) await disk.unlink(file);
  }
  return segments.sort((a, b) => a.sequence - b.sequence);
}

/** Makes names that were created, renamed or removed in `dir` durable. */
export async function syncDir(disk: Disk, dir: string): Promise<void> {
  try {
    await disk.syncDir(dir);
  } catch (error) {
    throw new DiskError('fsync', dir, error);
  }
}

/** The file appears under its name only when `content` is durable. Returns it opened for writing. */
export async function createDurably(
  disk: Disk,
  dir: string,
  file: string,
  content: Buffer,
  fsync: boolean,
): Promise<DiskFile> {
  const temporary = `${file}.tmp`;
  let operation = 'creation';
  try {
    const handle = await disk.open(temporary, 'w');
    try {
      operation = 'write';
      await handle.appendFile(content);
      operation = 'fsync';
      if (fsync) await handle.sync();
      operation = 'rename';
      await disk.rename(temporary, file);
    } catch (error) {
      await handle.close();
      throw error;
    }
    if (fsync) await syncDir(disk, dir);
    return handle;
  } catch (error) {
    throw error instanceof DiskError ? error : new DiskError(operation, file, error);
  }
}
