import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { kindOfDirectory, verifyDirectory } from '../../store/etcd/verify/verify-directory.ts';
import type { VerifyReport } from '../../store/etcd/verify/verify-directory.ts';
import { faultText } from '../../store/etcd/verify/fault.ts';
import type { Fault } from '../../store/etcd/verify/fault.ts';
import type { StoreState } from '../../store/etcd/store-state.ts';
import { CliError } from '../cli-error.ts';
import { colors as pc } from '../colors.ts';
import { findState } from '../cluster/state.ts';
import { inWords } from './snapshot-actions.ts';

const say = (line: string): void => void process.stdout.write(`${line}\n`);

interface Place {
  readonly name: string;
  readonly directory: string;
}

/** The replicas of a local cluster that have data, or the directory itself. */
function placesIn(directory: string): Place[] {
  const layout = findState(directory);
  if (layout === undefined) return [{ name: directory, directory }];
  return layout.replicas.filter(({ dir }) => existsSync(dir)).map(({ name, dir }) => ({ name, directory: dir }));
}

/** Members that hold the same revisions must hold the same values. */
function differences(loaded: readonly { place: Place; state: StoreState }[]): Fault[] {
  const [first, ...others] = loaded;
  if (first === undefined) return [];
  return others.flatMap(({ place, state }) => {
    if (state.mvcc.compactRevision !== first.state.mvcc.compactRevision) return []; // hashes cannot be compared
    const revision = Math.min(state.mvcc.revision, first.state.mvcc.revision);
    if (revision < 2 || state.mvcc.hash(revision).hash === first.state.mvcc.hash(revision).hash) return [];
    return [{ file: place.directory, what: `its values at revision ${revision} are not those of ${first.place.name}` }];
  });
}

function show(name: string, { lines, faults }: VerifyReport): void {
  say(pc.bold(name));
  for (const line of lines) say(`  ${line}`);
  for (const fault of faults) say(`  ${pc.red('damaged')}: ${faultText(fault)}`);
  if (faults.length === 0) say(`  ${pc.green('sound')}`);
}

/** Prints what was found in each part; throws a CliError where something is not as it should be. */
export async function verify(directory: string): Promise<void> {
  const places = placesIn(directory);
  const loaded: { place: Place; state: StoreState }[] = [];
  let faults = 0;
  for (const place of places) {
    const kind = kindOfDirectory(place.directory);
    if (kind === undefined) {
      const looked = join(place.directory, '{store,raft,wal,current}');
      throw new CliError(`${place.directory} holds neither a cluster nor a member's data, log or store (no ${looked})`);
    }
    const report = await inWords(() => verifyDirectory(place.directory, kind));
    show(place.name, report);
    faults += report.faults.length;
    if (report.state !== undefined) loaded.push({ place, state: report.state });
  }
  if (places.length === 0) throw new CliError(`no replica of the cluster in ${directory} has data`);
  const different = differences(loaded);
  for (const fault of different) say(`${pc.red('damaged')}: ${faultText(fault)}`);
  faults += different.length;
  if (faults > 0) throw new CliError(`${faults === 1 ? 'a fault was' : `${faults} faults were`} found in ${directory}`);
}
