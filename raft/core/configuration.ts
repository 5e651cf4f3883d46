import type { JointVoters } from './quorum/joint.ts';
import type { ConfState, NodeId } from './types.ts';

/**
 * Who takes part. Invariants: nobody is a voter of the incoming set and a learner at once; `learnersNext` are voters of
 * the outgoing set that become learners when the joint configuration is left.
 */
export interface Configuration extends JointVoters {
  readonly learners: ReadonlySet<NodeId>;
  readonly learnersNext: ReadonlySet<NodeId>;
  readonly autoLeave: boolean;
}

export const isJoint = (configuration: JointVoters): boolean => configuration.outgoing.size > 0;

export const isLearnerIn = (configuration: Configuration, id: NodeId): boolean => configuration.learners.has(id);

export const isInConfiguration = (c: Configuration, id: NodeId): boolean =>
  c.incoming.has(id) || c.outgoing.has(id) || c.learners.has(id);

export function configurationOf(state: ConfState): Configuration {
  return {
    incoming: new Set(state.voters),
    outgoing: new Set(state.votersOutgoing),
    learners: new Set(state.learners),
    learnersNext: new Set(state.learnersNext),
    autoLeave: state.autoLeave,
  };
}

/** A configuration never changes, and every status asks for it. */
const confStates = new WeakMap<Configuration, ConfState>();

/** Sorted, so that equal configurations are equal byte for byte. */
export function confStateOf(configuration: Configuration): ConfState {
  let confState = confStates.get(configuration);
  if (confState === undefined) {
    confState = sortedConfState(configuration);
    confStates.set(configuration, confState);
  }
  return confState;
}

function sortedConfState(configuration: Configuration): ConfState {
  return {
    voters: [...configuration.incoming].sort(),
    votersOutgoing: [...configuration.outgoing].sort(),
    learners: [...configuration.learners].sort(),
    learnersNext: [...configuration.learnersNext].sort(),
    autoLeave: configuration.autoLeave,
  };
}
