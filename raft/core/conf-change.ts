import { isJoint, type Configuration } from './configuration.ts';
import { ConfChangeError } from './errors.ts';
import type { ConfChange, ConfChangeSingle, NodeId } from './types.ts';

interface Draft {
  incoming: Set<NodeId>;
  outgoing: Set<NodeId>;
  learners: Set<NodeId>;
  learnersNext: Set<NodeId>;
  autoLeave: boolean;
}

/**
 * The configuration after `change`; throws ConfChangeError where that would be unsafe.
 *
 * One voter more or less may change in one step (thesis, section 4.1), since old and new majorities then overlap. All
 * else passes through a joint configuration (section 4.3):
 *
 *     (1 2 3)  --remove 3, add 4-->  (1 2 4)&&(1 2 3)  --leave-->  (1 2 4)
 */
export function changeConfiguration(current: Configuration, change: ConfChange): Configuration {
  if (change.changes.length === 0) return leaveJoint(current);
  if (change.transition !== 'auto' || change.changes.length > 1) {
    return enterJoint(current, change.changes, change.transition !== 'joint-explicit');
  }
  return simpleChange(current, change.changes);
}

function enterJoint(current: Configuration, changes: readonly ConfChangeSingle[], autoLeave: boolean): Configuration {
  if (isJoint(current)) throw new ConfChangeError('the configuration is already joint; it must be left first');
  if (current.incoming.size === 0) throw new ConfChangeError('a configuration without voters cannot become joint');
  const draft = draftOf(current);
  draft.outgoing = new Set(current.incoming);
  draft.autoLeave = autoLeave;
  applyChanges(draft, changes);
  return draft;
}

function leaveJoint(current: Configuration): Configuration {
  if (!isJoint(current)) throw new ConfChangeError('the configuration is not joint; there is nothing to leave');
  const draft = draftOf(current);
  for (const id of draft.learnersNext) draft.learners.add(id);
  draft.learnersNext = new Set();
  draft.outgoing = new Set();
  draft.autoLeave = false;
  return draft;
}

function simpleChange(current: Configuration, changes: readonly ConfChangeSingle[]): Configuration {
  if (isJoint(current))
    throw new ConfChangeError('the configuration is joint; no simple change is possible until it is left');
  const draft = draftOf(current);
  applyChanges(draft, changes);
  const added = [...draft.incoming].filter((id) => !current.incoming.has(id)).length;
  const removed = [...current.incoming].filter((id) => !draft.incoming.has(id)).length;
  if (added + removed > 1) throw new ConfChangeError('more than one voter changes without a joint configuration');
  return draft;
}

function applyChanges(draft: Draft, changes: readonly ConfChangeSingle[]): void {
  for (const change of changes) {
    if (change.id === '') throw new ConfChangeError('a configuration change must name a member');
    changers[change.type](draft, change.id);
  }
  if (draft.incoming.size === 0) throw new ConfChangeError('removed all voters');
}

const changers: Record<ConfChangeSingle['type'], (draft: Draft, id: NodeId) => void> = {
  'add-voter'(draft, id) {
    draft.learners.delete(id);
    draft.learnersNext.delete(id);
    draft.incoming.add(id);
  },
  'add-learner'(draft, id) {
    draft.incoming.delete(id);
    // A voter of the outgoing half cannot be a learner yet: it still votes until the joint configuration is left.
    if (draft.outgoing.has(id)) draft.learnersNext.add(id);
    else draft.learners.add(id);
  },
  remove(draft, id) {
    draft.incoming.delete(id);
    draft.learners.delete(id);
    draft.learnersNext.delete(id);
  },
  update() {},
};

const draftOf = (c: Configuration): Draft => ({
  incoming: new Set(c.incoming),
  outgoing: new Set(c.outgoing),
  learners: new Set(c.learners),
  learnersNext: new Set(c.learnersNext),
  autoLeave: c.autoLeave,
});
