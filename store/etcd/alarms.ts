import type { AlarmMember } from '../../proto/etcd-types.ts';
import { idToBigint } from './identity.ts';
import type { StoreState } from './store-state.ts';

/** etcd's AlarmType */
export const alarmKind = { none: 0, noSpace: 1, corrupt: 2 } as const;
export const alarmNames: Readonly<Record<number, string>> = { 1: 'NOSPACE', 2: 'CORRUPT' };

export function alarmsOf(state: Pick<StoreState, 'alarms'>, kind = alarmKind.none as number): AlarmMember[] {
  return [...state.alarms]
    .map((name) => name.split('/'))
    .map(([id, alarm]) => ({ memberID: idToBigint(id ?? ''), alarm: Number(alarm) }))
    .filter((found) => kind === alarmKind.none || found.alarm === kind);
}

/** Asked for each command that is applied: alarms are rare, and a look at an empty set costs nothing. */
export const isRaised = ({ alarms }: Pick<StoreState, 'alarms'>, kind: number): boolean =>
  alarms.size > 0 && [...alarms].some((name) => name.endsWith(`/${kind}`));
