import { seededRandom, type Random } from '../../../base/random.ts';
import type { ConfChange, ConfChangeSingle } from '../types.ts';
import { CheckedGroup } from './checked-group.ts';
import type { MemberConfig } from './member.ts';
import { renderStatus } from './render.ts';

const stepsPerSeed = 6000;
const settleTicksMax = 400;

interface Case {
  readonly size: number;
  readonly spare?: number;
  readonly config?: Partial<MemberConfig>;
  /** leaders come and go */
  readonly eager?: true;
  readonly asyncApply?: true;
  /** clocks that drift but little, and long partitions */
  readonly timed?: true;
}

const cases: Readonly<Record<string, Case>> = {
  'three members': { size: 3 },
  'five members': { size: 5 },
  'five members that campaign all the time': {
    size: 5,
    eager: true,
    config: { preVote: false, checkQuorum: false, maxSizePerMessageBytes: 30 },
  },
  'three members that change and campaign all the time': {
    size: 3,
    spare: 2,
    eager: true,
    config: { preVote: false, checkQuorum: false },
  },
  'members that change': { size: 3, spare: 2 },
  'two members that change, with slow state machines': { size: 2, spare: 2, asyncApply: true },
  'members that change and do not step down': { size: 3, spare: 1, config: { stepDownOnRemoval: false } },
  'three members without pre-vote and check-quorum': { size: 3, config: { preVote: false, checkQuorum: false } },
  'three members with slow state machines': { size: 3, asyncApply: true, eager: true },
  'three members under lease reads': { size: 3, timed: true, config: { readOnly: 'lease' } },
  'members that change under lease reads': { size: 3, spare: 2, timed: true, config: { readOnly: 'lease' } },
  'three members with narrow windows': {
    size: 3,
    config: {
      maxInflightMessages: 2,
      maxSizePerMessageBytes: 60,
      maxCommittedBytesPerReady: 80,
      maxUncommittedBytes: 60,
    },
  },
};

interface Event {
  readonly weight: number;
  run(group: CheckedGroup, random: Random): void;
}

const someId = (group: CheckedGroup, random: Random): string => group.ids[random.below(group.ids.length)]!;
const someMessage = (group: CheckedGroup, random: Random): number => random.below(Math.max(1, group.network.length));

const events: readonly Event[] = [
  { weight: 400, run: (g, r) => g.deliver(someMessage(g, r)) },
  { weight: 200, run: (g) => g.deliver(0) },
  { weight: 300, run: (g, r) => g.takeReady(someId(g, r)) },
  { weight: 250, run: (g, r) => g.completeWrite(someId(g, r)) },
  { weight: 60, run: (g, r) => propose(g, r) },
  { weight: 40, run: (g, r) => g.drop(someMessage(g, r)) },
  { weight: 30, run: (g, r) => g.network.push(...g.network.slice(0, 1 + r.below(3))) },
  { weight: 30, run: (g, r) => g.read(someId(g, r)) },
  { weight: 8, run: (g, r) => g.restart(someId(g, r)) },
  { weight: 5, run: (g, r) => g.member(someId(g, r)).node.campaign('random') },
  { weight: 6, run: (g, r) => closeLeader(g, someId(g, r)) },
  { weight: 4, run: (g, r) => g.member(someId(g, r)).node.transferLeadership(someId(g, r)) },
  { weight: 2, run: (g, r) => g.member(someId(g, r)).node.forgetLeader() },
  { weight: 4, run: (g, r) => g.member(someId(g, r)).node.reportUnreachable(someId(g, r)) },
  { weight: 4, run: (g, r) => g.member(someId(g, r)).compact(r.below(4)) },
  { weight: 3, run: (g, r) => cut(g, r) },
  { weight: 2, run: (g, r) => isolate(g, someId(g, r)) },
  { weight: 3, run: (g) => g.cut.clear() },
];

const ticks: Event = { weight: 90, run: (g, r) => g.member(someId(g, r)).node.tick() };
const applies: Event = { weight: 100, run: (g, r) => g.completeApply(someId(g, r)) };

/** Leaders come and go, so that logs diverge. */
const eagerEvents: readonly Event[] = [
  { weight: 20, run: (g, r) => g.member(someId(g, r)).node.campaign('random') },
  { weight: 20, run: (g, r) => cut(g, r) },
  { weight: 10, run: (g, r) => g.restart(someId(g, r)) },
];

const timedEvents: readonly Event[] = [
  { weight: 60, run: (g) => g.elapse() },
  { weight: 60, run: (g, r) => readAtLeaders(g, r) },
  { weight: 2, run: (g, r) => isolate(g, someId(g, r)) },
  { weight: 2, run: (g, r) => separate(g, someId(g, r), someId(g, r)) },
  { weight: 4, run: (g, r) => g.member(someId(g, r)).node.transferLeadership(someId(g, r)) },
];

const memberChange: Event = {
  weight: 20,
  run(group, random) {
    const types: ConfChangeSingle['type'][] = ['add-voter', 'add-learner', 'remove'];
    const transitions: ConfChange['transition'][] = ['auto', 'joint-implicit', 'joint-explicit'];
    const changes = Array.from({ length: random.below(4) }, () => ({
      type: types[random.below(types.length)]!,
      id: someId(group, random),
    }));
    const transition = transitions[random.below(transitions.length)]!;
    group.member(someId(group, random)).node.proposeConfChange({ transition, changes, data: new Uint8Array(0) });
  },
};

function propose(group: CheckedGroup, random: Random): void {
  group.member(someId(group, random)).node.propose(new Uint8Array(4).map(() => random.below(256)));
}

function cut(group: CheckedGroup, random: Random): void {
  group.cut.add(`${someId(group, random)}>${someId(group, random)}`);
}

function separate(group: CheckedGroup, a: string, b: string): void {
  group.cut.add(`${a}>${b}`).add(`${b}>${a}`);
}

/** Of all that believe to lead, who does not know better is of interest. */
function readAtLeaders(group: CheckedGroup, random: Random): void {
  for (const [id, { node }] of group.members) if (node.inspection.role === 'leader') group.read(id);
  propose(group, random);
}

function isolate(group: CheckedGroup, id: string): void {
  for (const other of group.ids) if (other !== id) separate(group, id, other);
}

function closeLeader(group: CheckedGroup, id: string): void {
  const { node } = group.member(id);
  node.peerClosed(node.status().leader);
}

function eventsOf({ spare, eager, asyncApply, timed }: Case): readonly Event[] {
  return [
    ...events,
    ...(timed ? timedEvents : [ticks]),
    ...(asyncApply ? [applies] : []),
    ...(spare === undefined ? [] : [memberChange]),
    ...(eager ? eagerEvents : []),
  ];
}

export const randomGroupNames: readonly string[] = Object.keys(cases);

/** Runs the named group through random events, all of which follow from the seed. Throws at the first violation. */
export function runRandomGroup(name: string, seed: number): void {
  const chosenCase = cases[name]!;
  const { size, spare = 0, config, asyncApply } = chosenCase;
  const random = seededRandom(seed);
  const group = new CheckedGroup(random, size, spare, config, asyncApply);
  const chosen = eventsOf(chosenCase);
  const total = chosen.reduce((sum, { weight }) => sum + weight, 0);
  for (let step = 0; step < stepsPerSeed; step++) {
    let draw = random.below(total);
    const event = chosen.find(({ weight }) => (draw -= weight) < 0)!;
    event.run(group, random);
    group.checkAll();
  }
  makeProgress(group);
}

/** After the faults end a leader is found and something new reaches every voter within a bounded number of ticks. */
function makeProgress(group: CheckedGroup): void {
  group.cut.clear();
  group.settle();
  const goal = group.maxCommitted + 1;
  for (let tick = 0; tick < settleTicksMax; tick++) {
    for (const id of group.ids) {
      group.member(id).node.tick();
      group.settle();
    }
    const leader = [...group.members.values()].find(({ node }) => node.status().role === 'leader');
    if (!leader) continue;
    leader.node.propose(new Uint8Array([1]));
    // One that does not step down is ended by its driver.
    if (leader.node.refusal === 'not-member') group.restart(leader.id);
    group.settle();
    const { voters, votersOutgoing, autoLeave } = leader.node.status().confState;
    if (autoLeave) continue;
    if ([...voters, ...votersOutgoing].every((id) => group.member(id).appliedIndex >= goal)) return;
  }
  const statuses = [...group.members.values()].flatMap(({ node }) => renderStatus(node.status()));
  throw new Error([`no progress within ${settleTicksMax} ticks after the faults ended`, ...statuses].join('\n'));
}
