import { createHash } from 'node:crypto';

function firstEightBytes(...parts: (string | Buffer)[]): string {
  const hash = createHash('sha1');
  for (const part of parts) hash.update(part);
  return hash.digest('hex').slice(0, 16);
}

/** As etcd derives it: from the peer URLs and the cluster's token. 16 hex digits. */
export const memberIdOf = (peerUrls: readonly string[], token: string): string =>
  firstEightBytes([...peerUrls].sort().join(''), token);

/** Of a member that is added later: the time tells it from one with the same URLs that was removed. `nowMs`: since 1970. */
export const newMemberId = (peerUrls: readonly string[], nowMs: number): string =>
  firstEightBytes([...peerUrls].sort().join(''), String(Math.floor(nowMs / 1000)));

/** As etcd derives it: from the ids of the first members. 16 hex digits. */
export const clusterIdOf = (memberIds: readonly string[]): string =>
  firstEightBytes(...[...memberIds].sort().map((id) => Buffer.from(id, 'hex')));

/** Of a cluster made of a backup: another than any other's, also where it has the same members. 16 hex digits. */
export const idOfRestored = (clusterId: string, sha256: string, salt: string): string =>
  firstEightBytes(clusterId, 'restored', sha256, salt);

export const idToBigint = (id: string): bigint => (id === '' ? 0n : BigInt(`0x${id}`));
export const idToHex = (id: bigint): string => BigInt.asUintN(64, id).toString(16).padStart(16, '0');
