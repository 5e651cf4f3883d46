import { existsSync, lstatSync, mkdirSync, readlinkSync, realpathSync, symlinkSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { CliError } from '../cli-error.ts';

/**
 * Gives the log a place of its own. `<data-dir>/raft/wal` then leads there, so that whatever works on a data directory
 * (recovery, verification, a start without the flag) finds the log too. A log that is in the way is never passed by:
 * a member that forgets it would forget its votes.
 */
export function placeLog(dataDir: string, walDir: string): void {
  const inside = join(dataDir, 'raft', 'wal');
  const wanted = resolve(walDir);
  mkdirSync(wanted, { recursive: true, mode: 0o700 });
  mkdirSync(join(dataDir, 'raft'), { recursive: true, mode: 0o700 });
  const found = lstatSync(inside, { throwIfNoEntry: false });
  if (found === undefined) {
    symlinkSync(wanted, inside);
    return;
  }
  if (!found.isSymbolicLink()) {
    throw new CliError(`--wal-dir: ${inside} holds a log: move its files to ${wanted} and remove that folder first`);
  }
  const target = existsSync(inside) ? realpathSync(inside) : readlinkSync(inside);
  if (target !== realpathSync(wanted)) {
    throw new CliError(`--wal-dir ${wanted} is not where the log of ${dataDir} is, which is ${target}`);
  }
}
