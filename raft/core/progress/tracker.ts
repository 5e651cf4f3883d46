import { isInConfiguration, isLearnerIn, type Configuration } from '../configuration.ts';
import { allVoters, isVoter, jointIndex, jointVote } from '../quorum/joint.ts';
import type { VoteResult } from '../quorum/majority.ts';
import type { LogIndex, NodeId } from '../types.ts';
import { Inflights } from './inflights.ts';
import { Progress } from './progress.ts';

export interface InflightLimits {
  readonly maxMessages: number;
  readonly maxBytes: number;
}

/** The configuration in force, the progress of each member in it, and the votes of the election under way. */
export class Tracker {
  configuration: Configuration;
  readonly progress = new Map<NodeId, Progress>();
  readonly #limits: InflightLimits;
  readonly #votes = new Map<NodeId, boolean>();

  constructor(configuration: Configuration, limits: InflightLimits, lastIndex: LogIndex) {
    this.configuration = configuration;
    this.#limits = limits;
    this.switchTo(configuration, lastIndex);
  }

  /** Keeps what is known of members that stay; new ones start at the end of the log and count as active for one round. */
  switchTo(configuration: Configuration, lastIndex: LogIndex): void {
    this.configuration = configuration;
    const members = [...allVoters(configuration), ...configuration.learners].sort();
    const known = new Map(this.progress);
    this.progress.clear();
    for (const id of members) {
      const isLearner = isLearnerIn(configuration, id);
      const progress = known.get(id) ?? this.#newProgress(Math.max(lastIndex, 1), isLearner);
      if (!known.has(id)) progress.recentActive = true;
      progress.isLearner = isLearner;
      this.progress.set(id, progress);
    }
  }

  /** A new term: nothing is known of anybody. */
  reset(lastIndex: LogIndex): void {
    for (const [id, { isLearner }] of this.progress) this.progress.set(id, this.#newProgress(lastIndex + 1, isLearner));
    this.#votes.clear();
  }

  isVoter(id: NodeId): boolean {
    return isVoter(this.configuration, id);
  }

  contains(id: NodeId): boolean {
    return isInConfiguration(this.configuration, id);
  }

  voters(): readonly NodeId[] {
    return [...allVoters(this.configuration)].sort();
  }

  /** the largest index a quorum has acknowledged */
  committed(): LogIndex {
    return jointIndex(this.configuration, (id) => this.progress.get(id)?.match ?? 0);
  }

  quorumOf(agrees: (id: NodeId) => boolean): boolean {
    return jointVote(this.configuration, (id) => agrees(id)) === 'won';
  }

  clearVotes(): void {
    this.#votes.clear();
  }

  hasVoted(id: NodeId): boolean {
    return this.#votes.has(id);
  }

  /** A member's first answer counts. */
  recordVote(id: NodeId, granted: boolean): VoteResult {
    if (!this.#votes.has(id)) this.#votes.set(id, granted);
    return jointVote(this.configuration, (voter) => this.#votes.get(voter));
  }

  #newProgress(next: LogIndex, isLearner: boolean): Progress {
    return new Progress(next, new Inflights(this.#limits.maxMessages, this.#limits.maxBytes), isLearner);
  }
}
