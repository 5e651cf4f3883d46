import type { Method } from '../../grpc/server.ts';
import { authMethods } from './auth/auth-service.ts';
import { guarded } from './auth/guard.ts';
import { clusterMethods } from './cluster-service.ts';
import { describeMethods } from './describe.ts';
import { electionMethods } from './election-service.ts';
import { healthMethods } from './health-service.ts';
import { kvMethods } from './kv-service.ts';
import { leaseMethods } from './lease-service.ts';
import { LocalCalls } from './local-calls.ts';
import { lockMethods } from './lock-service.ts';
import { maintenanceMethods } from './maintenance-service.ts';
import { reflectionMethods } from './reflection-service.ts';
import type { MemberContext } from './service.ts';
import { snapshotMethods } from './snapshot-service.ts';
import { watchMethods } from './watch-service.ts';

const services = [
  kvMethods,
  watchMethods,
  leaseMethods,
  clusterMethods,
  maintenanceMethods,
  snapshotMethods,
  authMethods,
  healthMethods,
  describeMethods,
];

/** Everything that is served on the client port. */
export function clientMethods(context: MemberContext): Method[] {
  const basic = guarded(context, services);
  const calls = new LocalCalls(basic);
  const composed = guarded(context, [() => lockMethods(context, calls), () => electionMethods(context, calls)]);
  const all = [...basic, ...composed];
  return context.counts.counting([...all, ...guarded(context, [() => reflectionMethods(all)])]);
}
