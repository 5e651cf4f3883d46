import { copyFileSync, existsSync, linkSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

export interface StoreCopy {
  readonly directory: string;
  remove(): void;
}

const isTable = (name: string): boolean => /\.(ldb|sst)$/.test(name);
/** of the process that has the database open, and what LevelDB tells people */
const isLeftOut = (name: string): boolean => name === 'LOCK' || name.startsWith('LOG');

const prefix = '.verify-';

function place(store: string): string {
  const beside = dirname(store);
  try {
    // what a run that was killed has left; there is none beside this one, as the directory is locked
    for (const name of readdirSync(beside).filter((found) => found.startsWith(prefix))) {
      rmSync(join(beside, name), { recursive: true, force: true });
    }
    // on the same file system, so that tables need not be copied
    return mkdtempSync(join(beside, prefix));
  } catch {
    return mkdtempSync(join(tmpdir(), 'kuorum-verify-'));
  }
}

function bring(from: string, to: string, link: boolean): void {
  try {
    if (link) return linkSync(from, to);
  } catch {
    // another file system: copied below
  }
  copyFileSync(from, to);
}

/** Something like the store that may be opened: opening one changes it. Tables, which never change, are shared. */
export function copyStore(store: string): StoreCopy {
  const directory = place(store);
  const remove = (): void => rmSync(directory, { recursive: true, force: true });
  try {
    for (const database of readdirSync(store)) {
      const from = join(store, database);
      if (database === 'current') copyFileSync(from, join(directory, database));
      if (!/^db-\d+$/.test(database) || !existsSync(join(from, 'CURRENT'))) continue;
      const to = join(directory, database);
      mkdirSync(to);
      for (const name of readdirSync(from)) {
        if (!isLeftOut(name)) bring(join(from, name), join(to, name), isTable(name));
      }
    }
    return { directory, remove };
  } catch (error) {
    remove();
    throw error;
  }
}
