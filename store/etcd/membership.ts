import type { Clock } from '../../base/clock.ts';
import type { Log } from '../../base/log.ts';
import type { NodeId } from '../../raft/core/types.ts';
import type { PeerAddress, RaftNode } from '../../raft/runtime/types.ts';
import { ChangeProposer } from './change-proposer.ts';
import type { ProposedChange } from './member-change.ts';
import type { MemberRecord, StoreState } from './store-state.ts';

/** Why a member ended: it is none any more. */
export class MemberRemovedError extends Error {
  override name = 'MemberRemovedError';
  constructor(id: string, dataDir: string) {
    super(
      `the member has been permanently removed from the cluster: member ${id} will not be let in again. ` +
        `Delete ${dataDir}, and add a new member in its place`,
    );
  }
}

export interface MembershipOptions {
  readonly id: string;
  readonly dataDir: string;
  readonly session: bigint;
  readonly timeoutMs: number;
  readonly maxLearners: number;
  readonly strictReconfigCheck: boolean;
  readonly healthyAfterMs: number;
  /** how long a removed member stays, so that others who do not know of it yet can still elect a leader with it */
  readonly lingerMs: number;
  readonly state: () => StoreState;
  /** who is known where the state does not know this member yet: it is about to join */
  readonly known: ReadonlyMap<string, MemberRecord>;
  /** makes durable that this member was removed */
  readonly keepRemoved: () => Promise<void>;
  readonly onRemoved: (error: MemberRemovedError) => void;
  readonly clock: Clock;
  readonly log: Log;
}

/** Connections to a member that was just removed stay for so long, that it may hear of it. */
const farewellMs = 1000;

const addressOf = ([id, { peerUrls }]: readonly [string, MemberRecord]): PeerAddress => ({ id, urls: peerUrls });

/** Follows the replicated list of members: whom this member talks to, and whether it still is one. */
export class Membership {
  readonly options: MembershipOptions;
  readonly changes: ChangeProposer;
  #node: RaftNode | undefined;
  #peers = '';
  /** removed a moment ago */
  readonly #leaving = new Map<NodeId, PeerAddress>();
  #last: ReadonlyMap<string, PeerAddress> = new Map();
  #removed = false;
  readonly #stops: (() => void)[] = [];

  constructor(options: MembershipOptions) {
    this.options = options;
    this.changes = new ChangeProposer(options);
  }

  start(node: RaftNode): void {
    this.#node = node;
    this.changes.start(node);
    this.#update();
  }

  /** all whom this member shall talk to */
  get peers(): PeerAddress[] {
    const { members } = this.options.state();
    // one that joins has not heard of all yet, and may need those it was told of
    const known = members.has(this.options.id) ? members : new Map([...this.options.known, ...members]);
    const current = [...known].map(addressOf);
    const ids = new Set(current.map(({ id }) => id));
    return [...current, ...[...this.#leaving.values()].filter(({ id }) => !ids.has(id))];
  }

  isRemoved(id: NodeId): boolean {
    return this.options.state().removed.has(id);
  }

  changed(change?: ProposedChange): void {
    this.#update();
    if (change === undefined) return;
    const { kind, id, peerUrls, learner } = change;
    this.options.log.info({ member: id, change: kind, peerUrls, learner }, 'the membership changed');
    this.changes.applied(change);
  }

  restored(): void {
    this.#update();
    this.changes.restored();
  }

  /** A peer refused this member's connection, or the log said it. */
  toldRemoved(): void {
    if (this.#removed) return;
    this.#removed = true;
    const { id, dataDir, log, clock, lingerMs, keepRemoved, onRemoved } = this.options;
    log.warn({ member: id }, 'this member has been removed from the cluster; it ends soon');
    const end = (): void => onRemoved(new MemberRemovedError(id, dataDir));
    keepRemoved().then(
      () => void this.#stops.push(clock.after(lingerMs, end)),
      (error: unknown) => {
        log.error({ error }, 'that this member was removed could not be written');
        end();
      },
    );
  }

  stop(): void {
    this.changes.stop();
    for (const stop of this.#stops) stop();
  }

  #update(): void {
    const { clock, id, state } = this.options;
    for (const [other, address] of this.#last) {
      if (!this.isRemoved(other) || this.#leaving.has(other)) continue;
      this.#leaving.set(other, address);
      const forget = (): void => {
        this.#leaving.delete(other);
        this.#update();
      };
      this.#stops.push(clock.after(farewellMs, forget));
    }
    this.#last = new Map([...state().members].map((member) => [member[0], addressOf(member)]));
    const { peers } = this;
    const text = JSON.stringify(peers);
    if (this.#node !== undefined && text !== this.#peers) {
      this.#peers = text;
      this.#node.setPeers(peers);
    }
    if (this.isRemoved(id)) this.toldRemoved();
  }
}
