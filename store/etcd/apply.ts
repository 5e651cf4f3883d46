import type { AlarmRequest, TxnRequest } from '../../proto/etcd-types.ts';
import type { Lease } from '../mvcc/types.ts';
import { applyAuth, checkAccess } from './auth/apply-auth.ts';
import type { AuthEvent } from './auth/apply-auth.ts';
import { alarmKind, isRaised } from './alarms.ts';
import type { Command, LeaseRevoke, Publish, SignedCommand } from './command.ts';
import { etcdError } from './errors.ts';
import { idToHex } from './identity.ts';
import type { StoreState } from './store-state.ts';

/** What the applier tells besides what the store itself records. */
export interface ApplyObserver {
  leaseStarted(lease: Lease): void;
  leaseEnded(id: bigint): void;
  alarmChanged(name: string, active: boolean): void;
  memberChanged(id: string): void;
  auth(event: AuthEvent): void;
}

export interface ApplyContext {
  readonly state: StoreState;
  readonly observer: ApplyObserver;
  /** of the log entry */
  readonly term: number;
  readonly index: number;
}

const alarmAction = { get: 0, activate: 1, deactivate: 2 } as const;

const outOfSpace = (state: StoreState): boolean => isRaised(state, alarmKind.noSpace);

const corrupt = (state: StoreState): boolean => isRaised(state, alarmKind.corrupt);
/** what nobody may do while members may differ */
const refusedWhenCorrupt: ReadonlySet<keyof Command> = new Set([
  'put',
  'deleteRange',
  'txn',
  'compact',
  'leaseGrant',
  'leaseRevoke',
]);

export const putsSomething = (t: TxnRequest): boolean =>
  [...t.success, ...t.failure].some(
    (op) => op.requestPut !== undefined || (op.requestTxn !== undefined && putsSomething(op.requestTxn)),
  );

function revoke({ state, observer, term }: ApplyContext, { id, expiry }: LeaseRevoke): object {
  const lease = state.mvcc.leases.get(id);
  const stale = expiry !== undefined && (expiry.term !== term || lease?.renewals !== expiry.renewals);
  if (!stale) {
    state.mvcc.leaseRevoke(id);
    observer.leaseEnded(id);
  }
  return { header: { revision: state.mvcc.revision } };
}

function changeAlarm({ state, observer }: ApplyContext, { action, alarm, memberID }: AlarmRequest): object {
  const header = { revision: state.mvcc.revision };
  const active = action === alarmAction.activate;
  const name = `${idToHex(memberID)}/${alarm}`;
  const known = state.alarms.has(name);
  // there is no alarm of no kind, and none that was not raised ends
  if (active ? alarm === alarmKind.none : !known) return { header };
  if (active) state.alarms.add(name);
  else state.alarms.delete(name);
  if (active !== known) observer.alarmChanged(name, active);
  return { header, alarms: [{ memberID, alarm }] };
}

function publish({ state, observer }: ApplyContext, p: Publish): object {
  const known = state.members.get(p.id);
  if (known === undefined) return {}; // removed meanwhile
  // where its peers find it only a change of the membership says
  state.members.set(p.id, { ...known, name: p.name, clientUrls: p.clientUrls });
  observer.memberChanged(p.id);
  return {};
}

type Appliers = { [K in keyof Command]: (context: ApplyContext, command: NonNullable<Command[K]>) => object };
const appliers: Appliers = {
  put: ({ state }, command) => {
    if (outOfSpace(state)) throw etcdError('no-space');
    return state.mvcc.put(command);
  },
  deleteRange: ({ state }, command) => state.mvcc.deleteRange(command),
  txn: ({ state }, command) => {
    if (outOfSpace(state) && putsSomething(command)) throw etcdError('no-space');
    return state.mvcc.txn(command);
  },
  compact: ({ state }, command) => {
    state.mvcc.compact(command.revision);
    return { header: { revision: state.mvcc.revision } };
  },
  leaseGrant: ({ state, observer }, command) => {
    if (outOfSpace(state)) throw etcdError('no-space');
    const lease = state.mvcc.leaseGrant(command.ID, command.TTL);
    observer.leaseStarted(lease);
    return { header: { revision: state.mvcc.revision }, ID: lease.id, TTL: lease.ttl };
  },
  leaseRevoke: revoke,
  leaseRenew: ({ state, observer }, command) => {
    const lease = state.mvcc.leaseRenew(command.id);
    observer.leaseStarted(lease);
    return { header: { revision: state.mvcc.revision }, ID: lease.id, TTL: lease.ttl };
  },
  alarm: changeAlarm,
  publish,
  auth: applyAuth,
};
const names = Object.keys(appliers) as (keyof Command)[];

/** Deterministic: the state, the term and the command decide. Throws what the client is to be told; nothing changed then. */
export function applyCommand(context: ApplyContext, command: SignedCommand): object {
  if (context.state.auth.enabled) checkAccess(context.state, command);
  for (const name of names) {
    const body = command[name];
    if (body === undefined) continue;
    if (refusedWhenCorrupt.has(name) && corrupt(context.state)) throw etcdError('corrupt');
    return (appliers[name] as (c: ApplyContext, b: object) => object)(context, body);
  }
  return {}; // of a newer program: no effect here, and the same on every member of this version
}
