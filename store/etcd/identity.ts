import { createHash } from 'node:crypto';

function firstEightBytes(...parts: (string | Buffer)[]): string {
  const hash = createHash('sha1');
  for (const part of parts) hash.update(part);
  return hash.digest('hex').slice(0, 16);
}

/** As etcd derives it: from the peer URLs and the cluster's token. 16 hex digits. */
export const memberIdOf = (peerUrls: readonly string[], token: string): string =>
  firstEightBytes([...peerUrls].sort().join(''), token);

/** As etcd derives it: from the ids of the first members. 16 hex digits. */
export const clusterIdOf = (memberIds: readonly string[]): string =>
  firstEightBytes(...[...memberIds].sort().map((id) => Buffer.from(id, 'hex')));

export const idToBigint = (id: string): bigint => (id === '' ? 0n : BigInt(`0x${id}`));
export const idToHex = (id: bigint): string => BigInt.asUintN(64, id).toString(16).padStart(16, '0');
