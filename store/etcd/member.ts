import { serveGrpcJs } from '../../grpc/grpc-js-server.ts';
import type { GrpcServerOptions } from '../../grpc/server.ts';
import type { Backend } from '../backend/backend.ts';
import { checkDataVersion, stampDataVersion } from './data-version.ts';
import { forceNewCluster } from './force-new-cluster.ts';
import type { EtcdMemberOptions } from './member-options.ts';
import { systemMemberPlatform } from './member-platform.ts';
import type { MemberPlatform } from './member-platform.ts';
import { openMember } from './open-member.ts';
import type { EtcdMember } from './open-member.ts';
import { holdsMember } from './survivor.ts';

export type { EtcdMemberOptions } from './member-options.ts';
export type { EtcdMember } from './open-member.ts';
export { forceNewCluster } from './force-new-cluster.ts';
export { bestSurvivor, holdsMember, readSurvivor } from './survivor.ts';
export type { Survivor } from './survivor.ts';
export type { MemberDescription } from './describe.ts';
export { etcdVersion } from './version.ts';

/** Says what version writes the directory, once nobody else has it and before anything is written. */
async function openStamped(dataDir: string, openBackend: () => Promise<Backend>): Promise<Backend> {
  const backend = await openBackend();
  try {
    await stampDataVersion(dataDir);
    return backend;
  } catch (error) {
    await backend.close();
    throw error;
  }
}

/**
 * A member of a store cluster in this process: Raft, the store, and the etcd v3 API on the client URLs. A `platform` of
 * its own is for fault injection.
 */
export async function startEtcdMember(
  options: EtcdMemberOptions,
  platform: MemberPlatform = systemMemberPlatform,
): Promise<EtcdMember> {
  const { dataDir, forceNewCluster: alone = false, log } = options;
  checkDataVersion(dataDir);
  if (alone && holdsMember(dataDir)) await forceNewCluster(dataDir, log);
  const stamping: MemberPlatform = {
    ...platform,
    openBackend: (dir) => openStamped(dataDir, () => platform.openBackend(dir)),
  };
  const overGrpcJs = { ...stamping, serve: serveGrpcJs, serveHttp: (http: GrpcServerOptions) => platform.serve(http) };
  return openMember(options, options.grpcServer === 'grpc-js' ? overGrpcJs : stamping);
}
