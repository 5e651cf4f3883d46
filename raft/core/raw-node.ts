import { encodeConfChange } from './conf-change-codec.ts';
import { confStateOf } from './configuration.ts';
import { handlePeerClosed, maybeCampaign } from './election.ts';
import { Inspection } from './inspection.ts';
import { handleSnapshotReport, handleUnreachable, tickLeader } from './leader.ts';
import { ownAppendDurable, releaseUncommitted, type Proposal } from './leader-log.ts';
import { appliedTo, applyConfChange } from './membership.ts';
import { Raft } from './raft.ts';
import { broadcastAppend } from './sending.ts';
import { step } from './step.ts';
import { bestSuccessor } from './transfer.ts';
import type {
  ConfChange,
  ConfState,
  Entry,
  HardState,
  LogIndex,
  Message,
  NodeId,
  ProgressStatus,
  RaftConfig,
  RaftStatus,
  RawNodeApi,
  Ready,
  Refusal,
  Role,
  SoftState,
  Term,
} from './types.ts';

type Acceptance = 'accepted' | 'dropped';

/**
 * The consensus core as its driver sees it. Same calls, same answers: nothing in it depends on time or chance but by
 * `tick` and `config.random`.
 */
export class RawNode implements RawNodeApi {
  /** for checkers */
  readonly inspection: Inspection;
  readonly #raft: Raft;
  #refusal: Refusal | undefined;
  #lastSoftState: SoftState;
  #lastHardState: HardState;

  constructor(config: RaftConfig) {
    this.#raft = new Raft(config);
    this.inspection = new Inspection(this.#raft);
    this.#lastSoftState = this.#softState();
    this.#lastHardState = config.storage.initialState().hardState;
  }

  get role(): Role {
    return this.#raft.role;
  }

  get term(): Term {
    return this.#raft.term;
  }

  get leader(): NodeId {
    return this.#raft.leader;
  }

  get isCommitUntold(): boolean {
    return this.#raft.commitUntold;
  }

  tellCommit(): void {
    if (this.#raft.commitUntold) this.#raft.broadcastPending = true;
  }

  get refusal(): Refusal | undefined {
    return this.#refusal;
  }

  tick(): void {
    this.#raft.promise.tick();
    if (this.#raft.role === 'leader') {
      tickLeader(this.#raft);
      return;
    }
    const { timer, config } = this.#raft;
    const reason = timer.tick();
    if (!reason) return;
    if (reason === 'election timeout') {
      this.#raft.closedLeader = '';
      // without pre-vote each attempt takes a new term, which disturbs whoever leads
      if (config.preVote) timer.allowRetries();
    }
    maybeCampaign(this.#raft, reason);
  }

  get isElectingEarly(): boolean {
    return this.#raft.role !== 'leader' && this.#raft.timer.isEarly;
  }

  tickEarly(): void {
    if (this.#raft.role === 'leader') return;
    const reason = this.#raft.timer.tickEarly();
    if (reason) maybeCampaign(this.#raft, reason);
  }

  step(message: Message): void {
    step(this.#raft, message);
  }

  campaign(reason: string): void {
    maybeCampaign(this.#raft, reason);
  }

  peerClosed(peer: NodeId): void {
    if (this.#raft.role === 'leader') handleUnreachable(this.#raft, peer);
    else if (peer !== '' && peer === this.#raft.leader) handlePeerClosed(this.#raft);
  }

  propose(data: Uint8Array): Acceptance {
    return this.#propose({ type: 'normal', data });
  }

  proposeConfChange(change: ConfChange): Acceptance {
    return this.#propose({ type: 'conf-change', data: encodeConfChange(change) });
  }

  applyConfChange(change: ConfChange): ConfState {
    return applyConfChange(this.#raft, change);
  }

  readIndex(context: string): Acceptance {
    return this.#request({ type: 'read-index', context });
  }

  transferLeadership(to: NodeId, reason = ''): void {
    this.#request({ type: 'transfer-leader', context: reason === '' ? to : `${to} ${reason}` });
  }

  bestSuccessor(): NodeId {
    return bestSuccessor(this.#raft);
  }

  forgetLeader(): void {
    this.#request({ type: 'forget-leader' });
  }

  reportUnreachable(peer: NodeId): void {
    handleUnreachable(this.#raft, peer);
  }

  reportSnapshot(peer: NodeId, outcome: 'finished' | 'failed'): void {
    handleSnapshotReport(this.#raft, peer, outcome);
  }

  hasReady(): boolean {
    const raft = this.#raft;
    return (
      !raft.outbox.isEmpty ||
      raft.broadcastPending ||
      raft.log.unstable.hasNext() ||
      raft.log.hasNextCommitted() ||
      raft.readStates.length > 0 ||
      raft.hasLeaderChanges ||
      !sameHardState(raft.hardState, this.#lastHardState) ||
      !sameSoftState(this.#softState(), this.#lastSoftState)
    );
  }

  ready(): Ready {
    const raft = this.#raft;
    // All proposals since the last Ready travel in one append a follower.
    if (raft.broadcastPending) broadcastAppend(raft);
    const { entries, snapshot } = raft.log.unstable.handOut();
    const { messages, afterAppend } = raft.outbox.take();
    const committed = raft.log.handOutCommitted();
    releaseUncommitted(raft, committed);
    const hardState = raft.hardState;
    const softState = this.#softState();
    const before = this.#lastHardState;
    const softStateChanged = !sameSoftState(softState, this.#lastSoftState);
    this.#lastHardState = hardState;
    this.#lastSoftState = softState;
    const changesConfiguration = committed.some((entry) => entry.type === 'conf-change');
    // one shape, whatever is in it: spreads of what is there show in profiles
    return {
      softState: softStateChanged ? softState : undefined,
      hardState: sameHardState(hardState, before) ? undefined : hardState,
      // The commit index alone may be lost: a restarted member learns it anew. Unless it is about a configuration: who
      // would tell it is perhaps no member any more, and gone for good.
      mustSync:
        entries.length > 0 ||
        snapshot !== undefined ||
        changesConfiguration ||
        hardState.term !== before.term ||
        hardState.vote !== before.vote,
      entries,
      snapshot,
      messages,
      afterAppend,
      committed,
      readStates: raft.readStates.splice(0),
      leaderChanges: raft.takeLeaderChanges(),
    };
  }

  appended(index: LogIndex, term: Term): void {
    ownAppendDurable(this.#raft, index, term);
  }

  snapshotRestored(index: LogIndex): void {
    if (this.#raft.log.unstable.snapshotStable(index)) appliedTo(this.#raft, index);
  }

  applied(index: LogIndex): void {
    appliedTo(this.#raft, index);
  }

  status(): RaftStatus {
    const { id, role, leader, term, log, tracker, leadTransferee } = this.#raft;
    const progress: Record<NodeId, ProgressStatus> = {};
    if (role === 'leader') for (const [peer, p] of tracker.progress) progress[peer] = p.status();
    return {
      id,
      role,
      leader,
      term,
      commit: log.committed,
      applied: log.applied,
      lastIndex: log.lastIndex,
      durable: log.stableIndex,
      confState: confStateOf(tracker.configuration),
      progress,
      leadTransferee,
    };
  }

  #propose(proposal: Proposal): Acceptance {
    // The leader gives the entry its place.
    const entry: Entry = { ...proposal, term: 0, index: 0 };
    return this.#request({ type: 'prop', entries: [entry] });
  }

  #request(request: Pick<Message, 'type' | 'context' | 'entries'>): Acceptance {
    const { id } = this.#raft;
    const { type, context, entries } = request;
    this.#refusal = step(this.#raft, { type, from: id, to: id, term: 0, context, entries });
    return this.#refusal === undefined ? 'accepted' : 'dropped';
  }

  #softState(): SoftState {
    return { leader: this.#raft.leader, role: this.#raft.role };
  }
}

const sameSoftState = (a: SoftState, b: SoftState): boolean => a.leader === b.leader && a.role === b.role;

const sameHardState = (a: HardState, b: HardState): boolean =>
  a.term === b.term && a.vote === b.vote && a.commit === b.commit;
