import type { Clock } from '../../base/clock.ts';
import { randomId64 } from '../../base/random.ts';
import type { ConfChange, LogIndex, Message, NodeId, RawNodeApi, Ready, SnapshotMeta } from '../core/types.ts';
import { Applier } from './applier.ts';
import { admits } from './conf-change-gate.ts';
import { HeartbeatWatch } from './heartbeat-watch.ts';
import { LazyCommit } from './lazy-commit.ts';
import { Leadership } from './leadership.ts';
import { LogCutter } from './log-cutter.ts';
import { ReadBarrier } from './read-barrier.ts';
import type { ReadBarrierHost } from './read-barrier.ts';
import { refusedError } from './refusal.ts';
import { SnapshotExchange } from './snapshot-exchange.ts';
import type { MemberParts } from './member-parts.ts';
import { nodeStatus } from './node-status.ts';
import { PeerLinks } from './peer-links.ts';
import { Ticker, ticksPerHeartbeat } from './ticker.ts';
import { Turns } from './turns.ts';
import type { PeerTransport } from './platform.ts';
import type { TransportEvents } from './transport/transport.ts';
import { RaftUnavailableError } from './types.ts';
import type { NodeStatus, PeerAddress, RaftNode } from './types.ts';

const defaultReadTimeoutMs = 5_000;
const readRetryMsMax = 500;

/**
 * Drives one core: once a turn of the event loop it takes a Ready and does what that says. All calls into the core are
 * synchronous and from this file or the parts it made, so they never interleave.
 */
export class RaftMember implements RaftNode, TransportEvents {
  readonly id: NodeId;
  readonly failed: Promise<Error>;
  readonly #parts: MemberParts;
  readonly #clock: Clock;
  readonly #raw: RawNodeApi;
  readonly #applier: Applier;
  readonly #reads: ReadBarrier;
  readonly #exchange: SnapshotExchange;
  readonly #cutter: LogCutter;
  readonly #leadership: Leadership;
  readonly #heartbeats: HeartbeatWatch;
  readonly #links: PeerLinks;
  readonly #commit: LazyCommit;
  readonly #turns: Turns;
  #transport: PeerTransport | undefined;
  #ticker: Ticker | undefined;
  #reportFailure: (error: Error) => void = () => {};
  /** as of the last Ready */
  #leader: NodeId = '';
  #stopped: Promise<void> | undefined;
  #stopping = false;
  #restoring: Promise<void> | undefined;

  constructor(parts: MemberParts) {
    const { options, log, recovered, window, raw } = parts;
    this.id = options.id;
    this.#parts = parts;
    this.#clock = parts.clock;
    this.#raw = raw;
    this.failed = new Promise((resolve) => (this.#reportFailure = resolve));
    this.#heartbeats = new HeartbeatWatch(this.#clock, log, options.heartbeatMs);
    this.#leadership = new Leadership({
      id: this.id,
      raw,
      wal: recovered.wal,
      clock: this.#clock,
      log,
      options,
      isUp: (peer) => this.#transport?.isUp(peer) === true,
      enter: (action) => this.#enter(action),
      status: () => this.status(),
    });
    this.#links = new PeerLinks(this.#clock);
    this.#turns = new Turns(this.#clock, () => this.#attempt(() => this.#turn()));
    const enter = (action: () => void): void => this.#enter(action);
    this.#commit = new LazyCommit({ raw, wal: recovered.wal, clock: this.#clock, enter });
    const { machine } = options;
    for (const { change } of recovered.appliedChanges) raw.applyConfChange(change);
    this.#applier = new Applier(
      { raw, machine, onApplied: () => this.#afterApply(), onFailed: (error) => this.#fail(error) },
      recovered.applied,
      raw.status().confState,
    );
    this.#cutter = new LogCutter(recovered.wal, window, this.#applier, options, log, (error) => this.#fail(error));
    const retryMs = Math.min(readRetryMsMax, options.electionMs / 2);
    this.#reads = new ReadBarrier(this.#readHost(), `${options.id}-${randomId64(parts.random).toString(16)}`, retryMs);
    this.#exchange = new SnapshotExchange({
      machine,
      snapshots: recovered.snapshots,
      transport: () => this.#transport!,
      appliedIndex: () => this.#applier.applied,
      lastGivenIndex: () => this.#applier.lastGiven,
      confStateAt: (index) => this.#applier.confStateAt(index),
      termAt: (index) =>
        index >= window.firstIndex() - 1 && index <= window.lastIndex() ? window.term(index) : undefined,
      report: (peer, outcome) => this.#enter(() => raw.reportSnapshot(peer, outcome)),
      onReceived: (offer) => this.#enter(() => raw.step(offer)),
      log,
      faultPoint: parts.faultPoint,
    });
    void recovered.wal.failed.then((error) => this.#fail(error));
  }

  /** Begins: the transport listens already, its peers are known. */
  start(transport: PeerTransport): void {
    const { options, log, raw } = this.#parts;
    this.#transport = transport;
    const tickMs = options.heartbeatMs / ticksPerHeartbeat;
    this.#ticker = new Ticker(
      this.#clock,
      tickMs,
      options.electionMs,
      () => this.#tick(),
      (ms) => log.warn({ pausedMs: Math.round(ms) }, 'this process did not run for a while'),
    );
    const { voters } = raw.status().confState;
    if (voters.length === 1 && voters[0] === this.id) raw.campaign('the only member');
    this.#turns.wake();
  }

  /** what openSnapshot would be offered as now */
  offeredSnapshot(): SnapshotMeta | undefined {
    const index = this.#applier.applied;
    const { window } = this.#parts;
    if (index === 0 || this.#restoring !== undefined || index < window.firstIndex() - 1) return undefined;
    return { index, term: window.term(index), confState: this.#applier.confStateAt(index) };
  }

  get peerPorts(): readonly number[] {
    return this.#transport?.ports ?? [];
  }

  get standing(): Pick<RawNodeApi, 'role' | 'term' | 'leader'> {
    return this.#raw;
  }

  /** Whoever proposes has gathered what came together: it leaves at once. */
  propose(data: Uint8Array): void {
    this.#request('a proposal', () => this.#raw.propose(data));
    this.#turns.now();
  }

  proposeConfChange(change: ConfChange): void {
    const { machine } = this.#parts.options;
    const refused = this.#raw.role === 'leader' && machine.admitsConfChange?.(change) === false;
    this.#request('a configuration change', () => (refused ? 'dropped' : this.#raw.proposeConfChange(change)));
  }

  readBarrier(timeoutMs = defaultReadTimeoutMs): Promise<LogIndex> {
    if (this.#stopping) return Promise.reject(stoppedError());
    return this.#reads.wait(timeoutMs);
  }

  transferLeadership(to: NodeId, timeoutMs = this.#parts.options.electionMs * 2, reason = ''): Promise<void> {
    if (this.#stopping) return Promise.reject(stoppedError());
    return this.#leadership.transfer(to, timeoutMs, reason);
  }

  setPeers(peers: readonly PeerAddress[]): void {
    this.#transport?.setPeers(peers);
    this.#links.keepOnly(peers);
  }

  connectedMs(peer: NodeId): number | undefined {
    return this.#transport?.isUp(peer) === true ? this.#links.connectedMs(peer) : undefined;
  }

  onLeaderChange(listener: (status: NodeStatus) => void): () => void {
    return this.#leadership.onLeaderChange(listener);
  }

  stateDurable(index: LogIndex): void {
    if (!this.#stopping) this.#cutter.stateDurable(index);
  }

  status(): NodeStatus {
    const { wal } = this.#parts.recovered;
    const { gapMaxMs } = this.#heartbeats;
    const lateMaxMs = this.#ticker?.lateMaxMs ?? 0;
    return nodeStatus(this.#raw.status(), this.#applier.applied, this.#leadership.history, wal, gapMaxMs, lateMaxMs);
  }

  stop(): Promise<void> {
    return (this.#stopped ??= this.#end(() => {
      this.#commit.write();
      return this.#parts.recovered.wal.close();
    }));
  }

  /** As kill -9 would end it, for tests: nothing is finished, connections break. */
  crash(): Promise<void> {
    return (this.#stopped ??= this.#end(() => this.#parts.recovered.wal.abandon()));
  }

  onMessages(messages: readonly Message[]): void {
    this.#heartbeats.onMessages(messages);
    this.#enter(() => {
      const { machine } = this.#parts.options;
      for (const message of messages) if (admits(this.#raw, machine, message)) this.#raw.step(message);
    });
  }

  onPeerClosed(peer: NodeId): void {
    this.#enter(() => this.#raw.peerClosed(peer));
  }

  onUnreachable(peer: NodeId): void {
    this.#enter(() => this.#raw.reportUnreachable(peer));
  }

  onRemoved(): void {
    this.#parts.options.onRemoved?.();
  }

  onPeerUp(peer: NodeId): void {
    this.#links.up(peer);
    if (!this.#stopping) this.#leadership.planFirstCampaign();
  }

  onSnapshot(offer: Message, chunks: AsyncIterable<Uint8Array>): Promise<void> {
    return this.#exchange.receive(offer, chunks);
  }

  /** Runs a call into the core, and then a turn. An error in there is a broken invariant or a lost log: the node ends. */
  #enter(action: () => void): void {
    this.#attempt(action);
    this.#turns.wake();
  }

  #attempt(action: () => void): void {
    if (this.#stopping) return;
    try {
      action();
    } catch (error) {
      this.#fail(error instanceof Error ? error : new Error(String(error)));
    }
  }

  /** One wakes the next only while there is something to do: an idle member sleeps. */
  #turn(): void {
    this.#reads.startRound();
    if (this.#raw.hasReady()) this.#handle(this.#raw.ready());
    this.#leadership.afterTurn();
    if (this.#raw.hasReady()) this.#turns.wake();
    this.#commit.afterTurn();
  }

  /** See `Ready` for the order. */
  #handle(ready: Ready): void {
    for (const message of ready.messages) this.#send(message);
    this.#persist(ready);
    if (ready.committed.length > 0) this.#applier.enqueue(ready.committed);
    for (const readState of ready.readStates) this.#reads.onReadState(readState);
    if (ready.softState !== undefined) this.#leader = ready.softState.leader;
    this.#leadership.onReady(ready);
    if (ready.softState !== undefined || ready.leaderChanges.length > 0) this.#reads.ask();
  }

  #send(message: Message): void {
    if (message.type === 'snap') this.#exchange.send(message);
    else this.#transport?.send(message);
  }

  #persist(ready: Ready): void {
    const { snapshot, entries, mustSync, afterAppend } = ready;
    const hardState = this.#commit.hardStateToWrite(ready);
    if (snapshot === undefined && entries.length === 0 && hardState === undefined && afterAppend.length === 0) return;
    if (snapshot !== undefined) this.#cutter.pause();
    const logStart = snapshot && { index: snapshot.index, term: snapshot.term };
    const mark = snapshot && logStart && { kind: 'reset' as const, ...snapshot, logStart };
    this.#parts.recovered.wal.append({ mark, entries, hardState }, mustSync, () => {
      this.#enter(() => this.#persisted({ snapshot, entries, afterAppend }));
    });
  }

  #persisted({ snapshot, entries, afterAppend }: Pick<Ready, 'snapshot' | 'entries' | 'afterAppend'>): void {
    const { window } = this.#parts;
    if (snapshot !== undefined) {
      window.reset(snapshot);
      const restoring = this.#restore(snapshot, this.#restoring, () => {
        if (this.#restoring === restoring) this.#restoring = undefined;
      });
      this.#restoring = restoring;
    }
    const last = entries.at(-1);
    if (last !== undefined) {
      window.append(entries);
      this.#raw.appended(last.index, last.term);
    }
    for (const message of afterAppend) {
      if (message.to === this.id) this.#raw.step(message);
      else this.#send(message);
    }
  }

  /** The image is in its file and the log begins behind it: from here on a crash leads back to this point. */
  async #restore(meta: SnapshotMeta, before: Promise<void> | undefined, done: () => void): Promise<void> {
    const { recovered, log, faultPoint } = this.#parts;
    try {
      await before;
      await faultPoint?.('raftBeforeApplySnap');
      await this.#applier.restore(meta, async () => (await recovered.snapshots.load(meta.index)).chunks);
      await faultPoint?.('raftAfterApplySnap');
      log.info({ index: meta.index, term: meta.term }, 'restored the state machine from a snapshot');
      done();
      this.#cutter.resume();
      this.#enter(() => this.#raw.snapshotRestored(meta.index));
      this.#afterApply();
      await recovered.wal.releaseTo(meta.index);
      await recovered.snapshots.prune(meta.index);
    } catch (error) {
      this.#fail(error instanceof Error ? error : new Error(String(error)));
    }
  }

  #request(what: string, ask: () => 'accepted' | 'dropped'): void {
    if (this.#stopping) throw stoppedError();
    const leader = this.#leader;
    if (leader === '') throw new RaftUnavailableError('no-leader', `no leader: ${what} is not possible now`);
    if (leader !== this.id && this.#transport?.isUp(leader) !== true) {
      throw new RaftUnavailableError('no-leader', `no connection to leader ${leader}: ${what} is not possible now`);
    }
    let accepted = false;
    this.#enter(() => {
      accepted = ask() === 'accepted';
    });
    if (accepted) return;
    if (this.#stopping) throw stoppedError();
    throw refusedError(what, this.#raw.refusal ?? 'no-leader');
  }

  #readHost(): ReadBarrierHost {
    return {
      readIndex: (context) => this.#raw.readIndex(context),
      appliedIndex: () => this.#applier.applied,
      leader: () => this.#raw.leader,
      nowMs: () => this.#clock.monotonicMs(),
      wake: () => this.#turns.wake(),
    };
  }

  #tick(): void {
    this.#attempt(() => {
      this.#commit.write();
      this.#raw.tick();
      this.#reads.onTick();
      this.#leadership.onTick();
    });
    // most ticks bring nothing to do, and then no turn
    if (this.#raw.hasReady() || this.#raw.isElectingEarly) this.#turns.wake();
  }

  #afterApply(): void {
    this.#reads.onApplied();
    this.#turns.wake();
  }

  #fail(error: Error): void {
    if (this.#stopping) return;
    this.#parts.log.error({ error: error.message }, 'this member cannot go on');
    this.#stopped ??= this.#end(() => this.#parts.recovered.wal.abandon());
    this.#reportFailure(error);
  }

  async #end(endLog: () => Promise<void>): Promise<void> {
    this.#stopping = true;
    this.#turns.stop();
    this.#ticker?.stop();
    this.#commit.stop();
    this.#reads.stop(stoppedError());
    this.#leadership.stop();
    await this.#transport?.close();
    await this.#exchange.stop();
    await this.#applier.stop();
    await this.#restoring;
    await this.#cutter.stop();
    await endLog();
    await this.#parts.lock.release();
  }
}

const stoppedError = (): RaftUnavailableError => new RaftUnavailableError('stopped', 'this member is stopping');
