/**
 * What the simulated world offers: the vocabulary of workload, nemesis and runner.
 *
 * One `SimWorld` is one seed: a queue of events in virtual time, and a cluster, its network, disks and clients in it.
 * Nothing in it reads the machine's clock or chance. Everything that is asynchronous in the product resolves while
 * events run, so a step is synchronous:
 *
 *     const world = createWorld({ seed: 7, members: 3 });
 *     world.cluster.startAll();
 *     world.runFor(5_000);                       // five simulated seconds
 *     world.cluster.crash(0);
 *
 * `run*` must be called from a macro task (a script's `setImmediate`), never from within a promise job: see microtasks.ts.
 *
 * Times are in milliseconds of virtual time, with microseconds behind the point.
 */
import type { Log } from '../../base/log.ts';
import type { Random } from '../../base/random.ts';
import type { Disk } from '../../raft/runtime/disk.ts';
import type { Inspection } from '../../raft/core/inspection.ts';
import type { Message, NodeId } from '../../raft/core/types.ts';
import type { NodeStatus } from '../../raft/runtime/types.ts';
import type { Backend } from '../../store/backend/backend.ts';
import type { EtcdMemberOptions } from '../../store/etcd/member-options.ts';
import type { MemberPlatform } from '../../store/etcd/member-platform.ts';
import type { EtcdMember } from '../../store/etcd/open-member.ts';

/** place of a member: 0, 1, 2, … in the order in which they were added */
export type Place = number;

export interface WorldOptions {
  /** a whole number; everything follows from it */
  readonly seed: number;
  /** default 3 */
  readonly members?: number;
  /** over the simulation's defaults (snapshotCount 200, catchUpEntries 50, etcd's otherwise) */
  readonly member?: Partial<EtcdMemberOptions>;
  /** Raft's invariants after every call into a core; default true */
  readonly invariants?: boolean;
  /** peer messages pass through the wire codec, slower; default: one seed in 8 */
  readonly encodeMessages?: boolean;
  /** default: none is kept */
  readonly trace?: TraceSink;
  /** default: silent, or into the trace where that is kept */
  readonly log?: Log;
  /** deliberate bugs and special disks: each may replace what a member is given, at each of its starts */
  readonly decorate?: Decorators;
}

export interface Decorators {
  disk?(disk: Disk, place: Place): Disk;
  backend?(backend: Backend, place: Place): Backend;
  /** false: the message is lost; or another in its place */
  message?(message: Message, place: Place): Message | false;
  /** the last word on everything a member is given */
  platform?(platform: MemberPlatform, place: Place): MemberPlatform;
}

/** A line of the trace: time in microseconds, who ('world', 'n1', 'c3', 'n1>n2'), what. */
export type TraceSink = (timeUs: number, who: string, what: string) => void;

export interface SimWorld {
  readonly seed: number;
  readonly nowMs: number;
  readonly nowUs: number;
  /** for workload and nemesis; the world's own parts draw from streams of their own, so a draw more changes nothing else */
  random(name: string): Random;
  /** runs `action` at that time; returns its cancellation. Not bound to any member */
  after(delayMs: number, action: () => void): () => void;
  /** awaited by workload code only: it resolves while events run */
  sleep(delayMs: number): Promise<void>;
  /** runs all events up to that time; stops early at a failure. Returns false then */
  runFor(durationMs: number): boolean;
  /** runs until `condition` holds (looked at after each event), a failure, or `limitMs` has passed. True: it holds */
  runUntil(condition: () => boolean, limitMs: number): boolean;
  /** runs one event; false: there is none, or the world has failed */
  step(): boolean;
  readonly eventsRun: number;
  readonly cluster: SimCluster;
  readonly network: SimNetworkControl;
  /** each client has its own place in the network */
  client(name: string): SimClient;
  /** writes a line where a trace is kept; `what` is only built then */
  trace(who: string, what: () => string): void;
  /** ends the run with a violation */
  fail(failure: SimFailure): void;
  /** the first one, and what came with it in the same event */
  readonly failures: readonly SimFailure[];
}

export interface SimFailure {
  /** 'invariant': of Raft. 'member-failed': a member ended itself though no fault that allows it was injected into it */
  readonly kind: 'invariant' | 'member-failed' | 'unhandled' | 'check' | 'liveness';
  readonly timeMs: number;
  readonly place?: Place;
  readonly error: Error;
}

/** 'starting': opening its files. 'failed': ended by itself, with `error`; must be crashed or started again */
export type MemberLife = 'down' | 'starting' | 'running' | 'stopping' | 'failed';

export interface SimMember {
  readonly place: Place;
  /** 16 hex digits */
  readonly id: NodeId;
  readonly name: string;
  readonly life: MemberLife;
  readonly paused: boolean;
  /** why it is 'failed', or why its last start failed */
  readonly error: Error | undefined;
  /** each of its starts makes a new one; undefined while it is not running */
  readonly etcd: EtcdMember | undefined;
  /** the core as it is now; undefined where there is none */
  readonly view: Inspection | undefined;
  readonly starts: number;
  readonly clock: SimClockControl;
  readonly disk: SimDiskControl;
  readonly status: NodeStatus | undefined;
}

export interface SimCluster {
  readonly members: readonly SimMember[];
  /** not paused, running, leader in its own eyes, of the highest term */
  leader(): SimMember | undefined;
  /** each of those that run */
  readonly running: readonly SimMember[];
  startAll(): void;
  /** from its disk as that is; no effect where it lives. A failed one is ended first */
  start(place: Place): void;
  /** like the loss of power: what was not synced may be lost, and nothing of this life runs on */
  crash(place: Place, options?: CrashOptions): void;
  /** asks it to stop as SIGTERM does; it is 'stopping', and then 'down' */
  stop(place: Place): void;
  /** SIGSTOP and SIGCONT */
  pause(place: Place): void;
  resume(place: Place): void;
  /** a member more, with an empty disk, that shall join: `initialCluster` as its flags would say. Returns its place; not started */
  addMember(options?: Partial<EtcdMemberOptions>): Place;
  /** an empty disk for a member that is down */
  wipe(place: Place): void;
  /**
   * What the store of a running member holds: two members with equal revision and compactRevision must have the same
   * hash, and with equal appliedIndex the same in all. Costs a walk over the whole store.
   */
  stateOf(place: Place): StoreState | undefined;
}

export interface StoreState {
  readonly revision: number;
  readonly compactRevision: number;
  readonly appliedIndex: number;
  readonly hash: string;
}

export interface CrashOptions {
  /** 'process': kill -9, the page cache survives. 'power' (default): what was not synced is lost as the seed wills */
  readonly kind?: 'process' | 'power';
  /** default: drawn */
  readonly unsynced?: UnsyncedFate;
}

/** Of data that was written and not synced: gone; all there; a prefix, torn at any byte; any subset of its blocks. */
export type UnsyncedFate = 'lost' | 'kept' | 'torn' | 'scattered';

export interface SimClockControl {
  /** parts per million; the whole clock runs so much faster. 0 heals */
  setDrift(ppm: number): void;
  /** the wall clock only */
  jump(byMs: number): void;
}

/** 'name': a file is opened, renamed, removed */
export type DiskOperation = 'read' | 'write' | 'sync' | 'name';

export interface SimDiskControl {
  /** each operation takes so many times as long; 1 heals */
  setSlowness(factor: number): void;
  /** the next syncs, during `forMs`, take at least so long */
  slowSyncs(latencyMs: number, forMs: number): void;
  /** operations hang until it is false again */
  setStuck(stuck: boolean): void;
  /** writes end with ENOSPC */
  setFull(full: boolean): void;
  /** chance of an operation; 0 heals. A member may end itself because of these, so its failure counts as expected */
  setErrors(chances: { readonly write?: number; readonly sync?: number; readonly read?: number }): void;
  /** chance that a write writes less than asked */
  setShortWrites(chance: number): void;
  /**
   * Runs `action` (a crash, say) during or right after the `count`-th operation of that kind from now on: where durability
   * is decided. One trap at a time; returns its removal.
   */
  trap(operation: DiskOperation, count: number, action: () => void): () => void;
  /** Flips one bit of a file of a member that is down; the path that was hit, undefined where none matches. */
  flipBit(match?: RegExp): string | undefined;
  /** for checks and tests */
  files(): readonly { readonly path: string; readonly size: number }[];
  /** a fault was injected because of which the member may give up (since its last start) */
  readonly mayFail: boolean;
}

/** An end of a link: a member, or a client by its name. */
export type Endpoint = Place | string;

export interface LinkFaults {
  /** of each frame; a message takes between min and about mean + a tail */
  readonly latencyMinMs: number;
  readonly latencyMeanMs: number;
  /** chance that a frame is lost on the way once, so that it and all behind it come a retransmission (200 ms and more) later */
  readonly loss: number;
  /** chance that a frame breaks its connection */
  readonly breaks: number;
  /** chance that a message comes a second time, later, out of order */
  readonly duplicate: number;
  /** chance that a message is overtaken by others */
  readonly reorder: number;
  /** chance that a message is lost and nothing else happens */
  readonly drop: number;
}

export interface SimNetworkControl {
  /** of all links between members */
  setPeerFaults(faults: Partial<LinkFaults>): void;
  /** of one direction; undefined: as all */
  setLinkFaults(from: Place, to: Place, faults: Partial<LinkFaults> | undefined): void;
  /** of all links between clients and members */
  setClientFaults(faults: Partial<LinkFaults>): void;
  /** nothing passes in this direction; what is sent waits in buffers, and comes late or breaks with its connection */
  block(from: Endpoint, to: Endpoint): void;
  unblock(from: Endpoint, to: Endpoint): void;
  /** nothing passes between the groups, either way (or, oneWay, from the first to the second); who is in none stays reachable by all */
  partition(a: readonly Endpoint[], b: readonly Endpoint[], options?: { readonly oneWay?: boolean }): void;
  /** the link is slow as treacle for a while: frames wait, in order */
  clog(from: Place, to: Place, forMs: number): void;
  /** breaks the connections between two members, as a router that resets them; both notice */
  reset(a: Place, b: Place): void;
  /** breaks snapshot streams with this chance a chunk */
  setSnapshotBreaks(chance: number): void;
  /** undoes all blocks, clogs and faults */
  heal(): void;
  readonly messagesSent: number;
}

/** How a call ended badly. */
export interface SimCallError extends Error {
  /** a gRPC code, see grpc/server.ts; broken connections and refused ones are 14, unavailable; own time-out 4 */
  readonly code: number;
  /** false: the request certainly never reached a handler */
  readonly sent: boolean;
}

export interface CallOptions {
  /** default 10,000 */
  readonly timeoutMs?: number;
  readonly metadata?: Readonly<Record<string, string>>;
}

export interface SimClient {
  readonly name: string;
  /**
   * `call(0, 'KV/Put', { key, value })`: requests may leave fields out, responses are complete (as off the wire).
   * Rejects with a SimCallError. The promise always settles within timeoutMs of virtual time.
   */
  call<Res = Record<string, unknown>>(
    place: Place,
    method: string,
    request: object,
    options?: CallOptions,
  ): Promise<Res>;
  /** 'Watch/Watch', 'Lease/LeaseKeepAlive', 'Maintenance/Snapshot' */
  stream<Req, Res>(place: Place, method: string, handlers: StreamHandlers<Res>, options?: CallOptions): SimStream<Req>;
}

export interface StreamHandlers<Res> {
  onMessage(message: Res): void;
  /** once; code 0: ended well. Not after `cancel` */
  onEnd(error: SimCallError | undefined): void;
}

export interface SimStream<Req> {
  send(request: Req): void;
  /** no more requests */
  end(): void;
  /** answers wait at the server while false, until its buffer is full */
  setReading(reading: boolean): void;
  cancel(): void;
}
