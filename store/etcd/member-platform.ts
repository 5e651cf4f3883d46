import { systemClock } from '../../base/clock.ts';
import type { Clock } from '../../base/clock.ts';
import { systemRandom } from '../../base/random.ts';
import type { Random } from '../../base/random.ts';
import { serveGrpcJs } from '../../grpc/grpc-js-server.ts';
import type { GrpcServer, GrpcServerOptions } from '../../grpc/server.ts';
import { openRaftNode } from '../../raft/runtime/node.ts';
import type { RaftNode, RaftNodeOptions } from '../../raft/runtime/types.ts';
import type { Backend } from '../backend/backend.ts';
import { LevelBackend } from '../backend/level-backend.ts';

/** Everything of the world outside that a member touches; a simulation gives its own. */
export interface MemberPlatform {
  readonly clock: Clock;
  readonly random: Random;
  openRaft(options: RaftNodeOptions): Promise<RaftNode>;
  openBackend(dir: string): Promise<Backend>;
  /** the client port */
  serve(options: GrpcServerOptions): Promise<GrpcServer>;
}

export const systemMemberPlatform: MemberPlatform = {
  clock: systemClock,
  random: systemRandom,
  openRaft: (options) => openRaftNode(options),
  openBackend: (dir) => LevelBackend.open(dir),
  serve: serveGrpcJs,
};
