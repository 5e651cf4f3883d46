/**
 * Changes of the membership as they go through the log: what each is, when it is refused, and what it does to the
 * replicated list of members. Deterministic.
 */
import type { ConfChange, ConfChangeSingle } from '../../raft/core/types.ts';
import type { EtcdErrorName } from './errors.ts';
import { jsonValue, parseJson } from './records.ts';
import type { MemberRecord, StoreState } from './store-state.ts';

export interface MemberChange {
  readonly kind: 'add' | 'promote' | 'remove' | 'update';
  /** 16 hex digits */
  readonly id: string;
  /** of 'add' and 'update' */
  readonly peerUrls?: readonly string[];
  /** of 'add' */
  readonly learner?: boolean;
}

/** With an identity, so that a change that was proposed twice is appended once. */
export interface ProposedChange extends MemberChange {
  /** 16 hex digits */
  readonly session: string;
  readonly sequence: number;
}

type Members = Pick<StoreState, 'members' | 'removed'>;

function raftType({ kind, learner }: MemberChange): ConfChangeSingle['type'] {
  if (kind === 'add') return learner === true ? 'add-learner' : 'add-voter';
  if (kind === 'promote') return 'add-voter';
  return kind;
}

export const toConfChange = (change: ProposedChange): ConfChange => ({
  transition: 'auto',
  changes: [{ type: raftType(change), id: change.id }],
  data: jsonValue(change),
});

/** undefined: not one of ours, such as the core's own end of a joint configuration */
export function fromConfChange({ data }: ConfChange): ProposedChange | undefined {
  if (data.length === 0) return undefined;
  const change = parseJson<Partial<ProposedChange>>(data);
  return change.kind === undefined ? undefined : (change as ProposedChange);
}

function urlsTaken({ members }: Members, { id, peerUrls = [] }: MemberChange): boolean {
  const taken = new Set([...members].flatMap(([other, { peerUrls: urls }]) => (other === id ? [] : urls)));
  return peerUrls.some((url) => taken.has(url));
}

const learnersOf = ({ members }: Members): number => [...members.values()].filter(({ learner }) => learner).length;

const votersOf = (state: Members): number => state.members.size - learnersOf(state);

/** Why the change may not be made now, in etcd's order of checks; undefined: it may. */
export function changeFault(state: Members, change: MemberChange, maxLearners: number): EtcdErrorName | undefined {
  const { kind, id } = change;
  // an identity that was removed never comes back (etcd answers so, too)
  if (state.removed.has(id)) return 'member-not-found';
  const known = state.members.get(id);
  if (kind === 'add') {
    if (known !== undefined) return 'member-exists';
    if (urlsTaken(state, change)) return 'peer-urls-exist';
    return change.learner === true && learnersOf(state) >= maxLearners ? 'too-many-learners' : undefined;
  }
  if (known === undefined) return 'member-not-found';
  if (kind === 'promote') return known.learner === true ? undefined : 'member-not-learner';
  if (kind === 'remove' && known.learner !== true && votersOf(state) === 1) return 'not-enough-started';
  return kind === 'update' && urlsTaken(state, change) ? 'peer-urls-exist' : undefined;
}

const newMember = ({ peerUrls = [], learner }: MemberChange): MemberRecord => ({
  name: '',
  peerUrls,
  clientUrls: [],
  ...(learner === true && { learner }),
});

/** Only for changes that were admitted. */
export function applyChange({ members, removed }: Members, change: MemberChange): void {
  const { kind, id, peerUrls } = change;
  const known = members.get(id);
  if (kind === 'remove') {
    members.delete(id);
    removed.add(id);
  } else if (kind === 'add') {
    members.set(id, newMember(change));
  } else if (known !== undefined) {
    const { learner: _, ...voter } = known;
    members.set(id, kind === 'promote' ? voter : { ...known, peerUrls: peerUrls ?? known.peerUrls });
  }
}
