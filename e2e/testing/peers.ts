import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

/** where `npm run peers` puts what Debian does not have */
const peersFolder = process.env['KUORUM_PEERS'] ?? '/opt/kuorum-peers/bin';

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/**
 * The path of a real program that Kuorum is compared with: in PATH, or else where `npm run peers` installs
 * (tools/install-peers.sh). `etcd` and `etcdctl` are the system's own, `etcd-3.7` and the like those of a release line.
 * Undefined: not here, and what needs it is skipped by name (see `lacking`).
 */
export function findPeer(name: string): string | undefined {
  const folders = [...(process.env['PATH'] ?? '').split(delimiter).filter((folder) => folder !== ''), peersFolder];
  return folders.map((folder) => join(folder, name)).find(isProgram);
}

/** The option `skip` of a test that needs all of these: false, or what it lacks. */
export function lacking(...names: readonly string[]): false | string {
  const absent = names.filter((name) => findPeer(name) === undefined);
  return absent.length > 0 && `${absent.join(' and ')} not installed`;
}
