import { systemClock } from '../../base/clock.ts';
import type { Clock } from '../../base/clock.ts';
import { systemRandom } from '../../base/random.ts';
import type { Random } from '../../base/random.ts';
import { serveLean } from '../../grpc/lean/lean-server.ts';
import type { GrpcServer, GrpcServerOptions } from '../../grpc/server.ts';
import { openRaftNode } from '../../raft/runtime/node.ts';
import type { RaftNode, RaftNodeOptions, TlsFiles } from '../../raft/runtime/types.ts';
import type { Backend } from '../backend/backend.ts';
import type { PasswordHasher } from './auth/passwords.ts';
import { callPeerOver } from './call-peer.ts';
import { LevelBackend } from '../backend/level-backend.ts';
import type { CallPeer } from './peer-service.ts';

/** Everything of the world outside that a member touches; a simulation gives its own. */
export interface MemberPlatform {
  readonly clock: Clock;
  readonly random: Random;
  openRaft(options: RaftNodeOptions): Promise<RaftNode>;
  openBackend(dir: string): Promise<Backend>;
  /** how members ask each other beside Raft; absent: they do not, so none joins a cluster that runs */
  callPeer?(tls: TlsFiles | undefined): CallPeer;
  /** default: bcrypt */
  readonly passwords?: PasswordHasher;
  /** the client port */
  serve(options: GrpcServerOptions): Promise<GrpcServer>;
  /** ports of plain HTTP alone; default: `serve` */
  serveHttp?(options: GrpcServerOptions): Promise<GrpcServer>;
}

export const systemMemberPlatform: MemberPlatform = {
  clock: systemClock,
  random: systemRandom,
  openRaft: (options) => openRaftNode(options),
  openBackend: (dir) => LevelBackend.open(dir),
  callPeer: callPeerOver,
  serve: serveLean,
};
