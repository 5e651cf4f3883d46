import { openRaftNode } from '../../raft/runtime/node.ts';
import type { EtcdMemberOptions } from './member-options.ts';
import { openMember } from './open-member.ts';
import type { EtcdMember } from './open-member.ts';

export type { EtcdMemberOptions } from './member-options.ts';
export type { EtcdMember } from './open-member.ts';
export type { MemberDescription } from './describe.ts';
export { etcdVersion } from './version.ts';

/** A member of a store cluster in this process: Raft, the store, and the etcd v3 API on the client URLs. */
export const startEtcdMember = (options: EtcdMemberOptions): Promise<EtcdMember> => openMember(options, openRaftNode);
