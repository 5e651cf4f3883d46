import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { scanLevelLog } from './log-scan.ts';
import { tableFault } from './table-scan.ts';

export interface FileFault {
  readonly file: string;
  readonly offset: number;
  readonly what: string;
}

export interface LevelFilesReport {
  readonly files: number;
  readonly bytes: number;
  readonly faults: readonly FileFault[];
  /** logs that end within a record, as after a crash: LevelDB reads them up to there */
  readonly torn: readonly FileFault[];
}

const isTable = (name: string): boolean => /\.(ldb|sst)$/.test(name);
const isLog = (name: string): boolean => /\.log$|^MANIFEST-/.test(name);

/**
 * Every checksum of the files of a LevelDB database, without LevelDB: opening one changes it, and LevelDB drops what it finds
 * damaged in a log without a word. Reads one file at a time.
 */
export function checkLevelFiles(directory: string): LevelFilesReport {
  const names = readdirSync(directory).filter((name) => isTable(name) || isLog(name));
  const faults: FileFault[] = [];
  const torn: FileFault[] = [];
  let bytes = 0;
  for (const name of names.sort()) {
    const file = join(directory, name);
    const content = readFileSync(file);
    bytes += content.length;
    if (isTable(name)) {
      const fault = tableFault(content);
      if (fault !== undefined) faults.push({ file, ...fault });
      continue;
    }
    const { fault, atEnd } = scanLevelLog(content);
    if (fault === undefined) continue;
    (atEnd && name.endsWith('.log') ? torn : faults).push({ file, ...fault });
  }
  return { files: names.length, bytes, faults, torn };
}
