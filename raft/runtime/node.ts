import type { Random } from '../../base/random.ts';
import { RawNode } from '../core/raw-node.ts';
import type { RaftConfig, RawNodeApi } from '../core/types.ts';
import type { ReachFaultPoint } from './fault-point.ts';
import { LogWindow } from './log-window.ts';
import { RaftMember } from './member.ts';
import { systemPlatform } from './platform.ts';
import type { RaftPlatform } from './platform.ts';
import { recover } from './recover.ts';
import type { Recovered } from './recover.ts';
import { ticksPerHeartbeat } from './ticker.ts';
import type { DropMessage } from './transport/transport.ts';
import type { RaftNodeOptions } from './types.ts';
import type { DiskFault } from './wal/wal.ts';

const mebibyte = 1024 * 1024;

/** Bounds on what is under way at once; raft/core says what each counts. */
const limits = {
  maxSizePerMessageBytes: mebibyte,
  maxInflightMessages: 256,
  maxInflightBytes: 32 * mebibyte,
  maxUncommittedBytes: 64 * mebibyte,
  maxCommittedBytesPerReady: 8 * mebibyte,
} as const;

/** For tests, simulation and fault injection. What is absent is this machine's. */
export interface RaftNodeHooks extends Partial<RaftPlatform> {
  readonly dropMessage?: DropMessage;
  readonly diskFault?: DiskFault;
  readonly faultPoint?: ReachFaultPoint;
  /** a look at every call into the core, or something else in its place */
  readonly wrapCore?: (core: RawNode) => RawNodeApi;
  /** of the log; default 16 MiB */
  readonly segmentBytes?: number;
}

/**
 * Starts a member: locks its data directory, reads the log, brings the state machine up to it, listens for peers.
 * Rejects with a DataDirLockedError, WrongDataDirError, CorruptFileError or DiskError that says what to do, or where
 * the peer URL cannot be bound; then nothing stays open.
 */
export async function openRaftNode(options: RaftNodeOptions, hooks: RaftNodeHooks = {}): Promise<RaftMember> {
  const { clock, random, disk, startTransport } = { ...systemPlatform, ...hooks };
  const log = options.log.child({ member: options.id });
  const lock = await disk.lock(options.dataDir);
  let recovered: Recovered | undefined;
  let member: RaftMember | undefined;
  try {
    recovered = await recover(options, { clock, random, disk }, log, hooks);
    const { state } = recovered;
    const window = new LogWindow(state.mark, state.hardState, state.entries, () => member?.offeredSnapshot());
    const raw = new RawNode(coreConfig(options, window, recovered.applied, random));
    member = new RaftMember({
      options,
      clock,
      random,
      log,
      lock,
      recovered,
      window,
      raw: hooks.wrapCore?.(raw) ?? raw,
      faultPoint: hooks.faultPoint,
    });
    const transport = await startTransport({
      own: { id: options.id, clusterId: options.clusterId, urls: options.advertisePeerUrls },
      listenUrls: options.listenPeerUrls,
      tls: options.tls,
      log,
      events: member,
      dropMessage: hooks.dropMessage,
      isRemoved: options.isRemoved,
      methods: options.peerMethods,
    });
    member.start(transport);
    transport.setPeers(options.peers ?? options.initialMembers);
    return member;
  } catch (error) {
    await (member?.crash() ?? recovered?.wal.abandon());
    await lock.release();
    throw error;
  }
}

function coreConfig(options: RaftNodeOptions, storage: LogWindow, applied: number, random: Random): RaftConfig {
  return {
    id: options.id,
    heartbeatTicks: ticksPerHeartbeat,
    electionTicks: Math.max(
      2 * ticksPerHeartbeat,
      Math.round((options.electionMs / options.heartbeatMs) * ticksPerHeartbeat),
    ),
    storage,
    applied,
    random: (bound) => random.below(bound),
    preVote: true,
    checkQuorum: true,
    readOnly: 'safe',
    disableProposalForwarding: false,
    stepDownOnRemoval: true,
    lazyCommit: true,
    ...limits,
  };
}
