import { join } from 'node:path';
import type { Clock } from '../../base/clock.ts';
import { randomId64 } from '../../base/random.ts';
import type { NodeStatus, RaftNode, RaftNodeOptions } from '../../raft/runtime/types.ts';
import type { Backend } from '../backend/backend.ts';
import { openAuthorizer } from './auth/open-authorizer.ts';
import type { Authorizer } from './auth/authorizer.ts';
import { checkOwner, claim, keepRemoved } from './claim.ts';
import type { Claim } from './claim.ts';
import { openClientPort } from './client-port.ts';
import type { ClientPort } from './client-port.ts';
import { describe } from './describe.ts';
import type { MemberDescription } from './describe.ts';
import { checkAtStart } from './corruption/start-check.ts';
import { Failure } from './failure.ts';
import { handOverBeforeStop } from './hand-over.ts';
import { startHousekeeping } from './housekeeping.ts';
import { idToBigint } from './identity.ts';
import { Lessor } from './lessor.ts';
import { MemberCounts } from './member-counts.ts';
import { Membership } from './membership.ts';
import { memberDefaults } from './member-options.ts';
import type { EtcdMemberOptions } from './member-options.ts';
import { metricsOf } from './metrics.ts';
import type { MemberPlatform } from './member-platform.ts';
import { askPeerThrough, peerMethods } from './peer-service.ts';
import { Proposer } from './proposer.ts';
import { publishUntilKnown } from './publish.ts';
import { ReadBarrier } from './read-barrier.ts';
import type { MemberContext } from './service.ts';
import { ServingStatuses } from './serving-status.ts';
import { StoreMachine } from './store-machine.ts';
import type { StoreState } from './store-state.ts';
import type { MachineListener } from './store-machine.ts';
import { WatchHub } from './watch-hub.ts';

/** A running member of a store cluster, answering the etcd v3 API. */
export interface EtcdMember {
  /** 16 hex digits */
  readonly id: string;
  readonly clusterId: string;
  /** where clients find it; real ports where 0 was asked for */
  readonly clientUrls: readonly string[];
  status(): NodeStatus;
  describe(): MemberDescription;
  /** Prometheus text */
  metrics(): string;
  /** resolves with what ended the member: a broken disk, a log found damaged */
  readonly failed: Promise<Error>;
  /** to the member named, or to the one that has the most of the log */
  transferLeadership(to?: string): Promise<void>;
  stop(): Promise<void>;
}

/** etcd's request timeout is this and two elections */
const requestTimeoutBaseMs = 5000;
const measureEveryMs = 10_000;
/** A removed member stays for so many election timeouts, but at least as long as etcd's does. */
const lingerElections = 3;
const lingerMsMin = 1000;
const stopGraceMs = 200;

function limitsOf(options: EtcdMemberOptions): MemberContext['limits'] {
  return {
    maxRequestBytes: options.maxRequestBytes ?? memberDefaults.maxRequestBytes,
    maxTxnOps: options.maxTxnOps ?? memberDefaults.maxTxnOps,
    quotaBackendBytes: options.quotaBackendBytes || memberDefaults.quotaBackendBytes,
    electionMs: options.electionMs ?? memberDefaults.electionMs,
    watchProgressMs: options.watchProgressMs ?? memberDefaults.watchProgressMs,
  };
}

class Member implements EtcdMember {
  readonly id: string;
  readonly clusterId: string;
  readonly failed: Promise<Error>;
  clientUrls: readonly string[] = [];
  readonly #options: EtcdMemberOptions;
  readonly #platform: MemberPlatform;
  readonly #clock: Clock;
  readonly #backend: Backend;
  readonly #failure = new Failure();
  readonly #proposer: Proposer;
  readonly #requestTimeoutMs: number;
  readonly #stops: (() => void)[] = [];
  readonly #ending = new AbortController();
  readonly #membership: Membership;
  readonly #serving = new ServingStatuses();
  #machine!: StoreMachine;
  #hub!: WatchHub;
  #lessor!: Lessor;
  #auth!: Authorizer;
  #node: RaftNode | undefined;
  #context: MemberContext | undefined;
  #port: ClientPort | undefined;
  #diskBytes = 0;
  #stopping: Promise<void> | undefined;

  constructor(options: EtcdMemberOptions, platform: MemberPlatform, identity: Claim, backend: Backend) {
    this.#options = options;
    this.#platform = platform;
    this.#clock = platform.clock;
    this.#backend = backend;
    this.id = identity.memberId;
    this.clusterId = identity.clusterId;
    this.failed = this.#failure.promise;
    const limits = limitsOf(options);
    this.#requestTimeoutMs = requestTimeoutBaseMs + 2 * limits.electionMs;
    this.#proposer = new Proposer({
      session: randomId64(platform.random),
      maxRequestBytes: limits.maxRequestBytes,
      timeoutMs: this.#requestTimeoutMs,
      clock: this.#clock,
    });
    this.#membership = this.#makeMembership(identity);
  }

  async start(bootstrap: Claim): Promise<void> {
    const { log } = this.#options;
    this.#machine = await StoreMachine.open({
      backend: this.#backend,
      listener: this.#listener(),
      clock: this.#clock,
      log,
      initialMembers: bootstrap.members,
      maxLearners: this.#options.maxLearners,
      slowApplyMs: this.#options.slowApplyMs,
    });
    checkOwner(this.#options, bootstrap, this.#machine.state.members);
    await this.#checkAtStart();
    this.#hub = new WatchHub(() => this.#machine.state.mvcc, this.#clock);
    this.#lessor = this.#makeLessor();
    this.#lessor.extendAll();
    this.#auth = await openAuthorizer(this.#options, this.#platform, this.#machine, () => this.#started.barrier.wait());
    const node = await this.#platform.openRaft(this.#raftOptions(bootstrap));
    this.#node = node;
    void node.failed.then((error) => this.#failure.tell(error));
    this.#proposer.start(node);
    this.#membership.start(node);
    this.#watchLeader(node);
    this.#context = this.#makeContext(node);
    await this.#measure();
    this.#stops.push(this.#clock.every(measureEveryMs, () => void this.#measure()));
    await this.#serve();
    this.#stops.push(startHousekeeping(this.#context, this.#options));
    this.#publish();
    log.info({ id: this.id, clusterId: this.clusterId, clientUrls: this.clientUrls }, 'ready to serve client requests');
  }

  status(): NodeStatus {
    return this.#started.node.status();
  }

  describe(): MemberDescription {
    return describe(this.#started);
  }

  metrics(): string {
    return metricsOf(this.#started);
  }

  get #started(): MemberContext {
    if (this.#context === undefined) throw new Error(`member ${this.id} is starting`);
    return this.#context;
  }

  async transferLeadership(to?: string): Promise<void> {
    const { node } = this.#started;
    if (node.status().role !== 'leader') throw new Error(`member ${this.id} does not lead`);
    await node.transferLeadership(to ?? '', this.#requestTimeoutMs);
  }

  stop(): Promise<void> {
    this.#stopping ??= this.#stop();
    return this.#stopping;
  }

  async #stop(): Promise<void> {
    this.#serving.stopServing();
    if (this.#node !== undefined) {
      await handOverBeforeStop(this.#node, {
        clock: this.#clock,
        log: this.#options.log,
        electionMs: this.#options.electionMs ?? memberDefaults.electionMs,
        pendingCommands: () => this.#proposer.pendingCommands,
      });
    }
    this.#ending.abort();
    for (const stop of this.#stops) stop();
    this.#lessor?.stop();
    this.#membership.stop();
    this.#proposer.stop();
    await this.#port?.close(stopGraceMs);
    await this.#node?.stop();
    try {
      await this.#machine?.stop();
    } finally {
      await this.#backend.close();
    }
  }

  async #checkAtStart(): Promise<void> {
    const { corruptionCheck = memberDefaults.corruptionCheck, peerTls } = this.#options;
    if (!corruptionCheck.initial) return;
    const { id: memberId, clusterId } = this;
    const callPeer = this.#platform.callPeer?.(peerTls);
    await checkAtStart({ options: this.#options, memberId, clusterId, state: this.#machine.state, callPeer });
  }

  #listener(): MachineListener {
    return {
      applied: (session, sequence, outcomes) => this.#proposer.applied(session, sequence, outcomes),
      batchDone: () => this.#hub.notify(),
      leaseStarted: (lease) => this.#lessor.started(lease),
      leaseEnded: (id) => this.#lessor.ended(id),
      membersChanged: (change) => this.#membership.changed(change),
      auth: (event) => this.#auth.applied(event),
      restored: () => {
        this.#membership.restored();
        this.#lessor.extendAll();
        this.#hub.restored();
        this.#auth.restored();
      },
      durable: (index) => this.#node?.stateDurable(index),
      failed: (error) => {
        const text = `the store in ${this.#options.dataDir} cannot be written: ${error.message}`;
        this.#failure.tell(new Error(text, { cause: error }));
      },
    };
  }

  #makeLessor(): Lessor {
    return new Lessor({
      clock: this.#clock,
      log: this.#options.log,
      leases: () => this.#machine.state.mvcc.leases,
      leadingTerm: () => {
        const status = this.#node?.status();
        return status?.role === 'leader' ? status.term : undefined;
      },
      confirm: () => this.#started.barrier.wait(),
      revoke: (id, expiry) => this.#proposer.submit({ leaseRevoke: { id, expiry } }),
    });
  }

  #makeMembership({ members }: Claim): Membership {
    const { dataDir, log, electionMs = memberDefaults.electionMs, ...options } = this.#options;
    return new Membership({
      id: this.id,
      dataDir,
      session: randomId64(this.#platform.random),
      timeoutMs: this.#requestTimeoutMs,
      maxLearners: options.maxLearners ?? memberDefaults.maxLearners,
      strictReconfigCheck: options.strictReconfigCheck ?? true,
      healthyAfterMs: options.healthyAfterMs ?? memberDefaults.healthyAfterMs,
      lingerMs: Math.max(lingerMsMin, lingerElections * electionMs),
      state: () => this.#machine.state,
      known: members,
      keepRemoved: () => keepRemoved(this.#backend),
      onRemoved: (error) => this.#failure.tell(error),
      clock: this.#clock,
      log,
    });
  }

  #raftOptions(bootstrap: Claim): RaftNodeOptions {
    const options = this.#options;
    return {
      id: this.id,
      clusterId: this.clusterId,
      dataDir: join(options.dataDir, 'raft'),
      listenPeerUrls: options.listenPeerUrls,
      advertisePeerUrls: options.initialAdvertisePeerUrls,
      initialMembers: [...bootstrap.members].map(([id, { peerUrls }]) => ({ id, urls: peerUrls })),
      initialState: bootstrap.initialState,
      peers: this.#membership.peers,
      isRemoved: (id) => this.#membership.isRemoved(id),
      onRemoved: () => this.#membership.toldRemoved(),
      peerMethods: peerMethods(() => this.#context),
      machine: this.#machine,
      ...(options.peerTls && { tls: options.peerTls }),
      heartbeatMs: options.heartbeatMs ?? memberDefaults.heartbeatMs,
      electionMs: options.electionMs ?? memberDefaults.electionMs,
      snapshotCount: options.snapshotCount ?? memberDefaults.snapshotCount,
      catchUpEntries: options.catchUpEntries ?? memberDefaults.catchUpEntries,
      ...(options.unsafeNoFsync && { unsafeNoFsync: true }),
      log: options.log.child({ part: 'raft' }),
    };
  }

  #watchLeader(node: RaftNode): void {
    let known = '';
    this.#stops.push(
      node.onLeaderChange(({ leader, term }) => {
        const now = `${leader}/${term}`;
        if (leader === '' || now === known) return;
        known = now;
        this.#lessor.extendAll();
      }),
    );
  }

  #makeContext(node: RaftNode): MemberContext {
    return {
      memberId: idToBigint(this.id),
      clusterId: idToBigint(this.clusterId),
      node,
      machine: this.#machine,
      proposer: this.#proposer,
      barrier: new ReadBarrier(node, this.#requestTimeoutMs, this.#clock),
      lessor: this.#lessor,
      hub: this.#hub,
      membership: this.#membership,
      auth: this.#auth,
      serving: this.#serving,
      counts: new MemberCounts(),
      askPeer: askPeerThrough(
        this.#platform.callPeer?.(this.#options.peerTls),
        () => this.#started,
        this.#requestTimeoutMs,
      ),
      limits: limitsOf(this.#options),
      clock: this.#clock,
      random: this.#platform.random,
      log: this.#options.log,
      space: { raisedHere: false },
      diskBytes: () => this.#diskBytes,
    };
  }

  async #measure(): Promise<void> {
    this.#diskBytes = await this.#backend.sizeBytes().catch(() => this.#diskBytes);
  }

  async #serve(): Promise<void> {
    const { advertiseClientUrls } = this.#options;
    this.#port = await openClientPort(this.#platform, this.#options, this.#started);
    this.clientUrls = advertiseClientUrls && advertiseClientUrls.length > 0 ? advertiseClientUrls : this.#port.urls;
  }

  #publish(): void {
    const { name, initialAdvertisePeerUrls } = this.#options;
    const clientUrls = [...this.clientUrls];
    const publish = { id: this.id, name, peerUrls: [...initialAdvertisePeerUrls], clientUrls };
    const state = (): StoreState => this.#machine.state;
    void publishUntilKnown(publish, this.#proposer, state, this.#clock, this.#ending.signal);
  }
}

/** Opens a member on the given platform. Rejects, with nothing left running, where it cannot start. */
export async function openMember(options: EtcdMemberOptions, platform: MemberPlatform): Promise<EtcdMember> {
  const backend = await platform.openBackend(join(options.dataDir, 'store'));
  const parts = { options, backend, callPeer: platform.callPeer?.(options.peerTls), clock: platform.clock };
  let member: Member;
  let claimed: Claim;
  try {
    claimed = await claim(parts);
    member = new Member(options, platform, claimed, backend);
  } catch (error) {
    await backend.close();
    throw error;
  }
  try {
    await member.start(claimed);
  } catch (error) {
    await member.stop().catch(() => {});
    throw error;
  }
  return member;
}
