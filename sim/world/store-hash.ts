import { createHash } from 'node:crypto';
import { authHash } from '../../store/etcd/auth/auth-records.ts';
import type { StoreMachine } from '../../store/etcd/store-machine.ts';
import type { StoreState } from './types.ts';

const byName = ([a]: readonly [unknown, ...unknown[]], [b]: readonly [unknown, ...unknown[]]): number =>
  String(a) < String(b) ? -1 : 1;

/** All that members must hold alike once they have applied the same entries. */
export function storeStateOf({ state }: StoreMachine): StoreState {
  const { mvcc, members, alarms, auth, appliedIndex } = state;
  const leases = [...mvcc.leases.values()].map(({ id, ttl, keys }) => [String(id), ttl, [...keys].sort()] as const);
  const content = JSON.stringify([
    mvcc.hash().hash,
    leases.sort(byName),
    [...members].sort(byName),
    [...alarms].sort(),
    authHash(auth),
  ]);
  return {
    revision: mvcc.revision,
    compactRevision: mvcc.compactRevision,
    appliedIndex,
    hash: createHash('sha1').update(content).digest('hex'),
  };
}
