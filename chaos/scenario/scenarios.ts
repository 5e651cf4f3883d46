import type { FaultName } from './fault-kinds.ts';

/** A scenario: how often each fault comes, relative to the others, and whom it likes to hit. */
export interface Scenario {
  readonly text: string;
  readonly weights: Readonly<Partial<Record<FaultName, number>>>;
  /** chance that a fault aimed at one replica hits the leader */
  readonly leaderChance: number;
  /** chance that a fault starts before the one before it has ended */
  readonly overlapChance: number;
  /** between the end of a fault (or its start, where they overlap) and the next */
  readonly gapMs: readonly [number, number];
}

const processFaults = { kill: 10, stop: 3, pause: 6, 'crash-at': 4 } as const;
const networkFaults = {
  partition: 6,
  deaf: 4,
  mute: 4,
  split: 4,
  'no-link': 4,
  'slow-link': 3,
  'reset-links': 3,
} as const;
const diskFaults = { 'slow-disk': 4, 'failing-disk': 3, 'full-disk': 3 } as const;
const corruptionFaults = { 'torn-log': 2, 'flipped-log': 2, 'flipped-snapshot': 2 } as const;

export const scenarios = {
  mixed: {
    text: 'every fault there is, two at a time now and then',
    weights: {
      ...processFaults,
      ...networkFaults,
      ...diskFaults,
      ...corruptionFaults,
      'clock-jump': 4,
      'restart-all': 2,
      replace: 2,
    },
    leaderChance: 0.5,
    overlapChance: 0.25,
    gapMs: [1000, 4000],
  },
  'kill-leader': {
    text: 'the leader is killed, again and again',
    weights: { kill: 1 },
    leaderChance: 1,
    overlapChance: 0,
    gapMs: [2000, 4000],
  },
  pause: {
    text: 'replicas stop answering without closing anything',
    weights: { pause: 1 },
    leaderChance: 0.7,
    overlapChance: 0.2,
    gapMs: [1500, 4000],
  },
  partition: {
    text: 'the network between the replicas breaks, in both directions or one',
    weights: networkFaults,
    leaderChance: 0.6,
    overlapChance: 0.3,
    gapMs: [1000, 4000],
  },
  disk: {
    text: 'slow, failing and full disks',
    weights: { ...diskFaults, 'crash-at': 2 },
    leaderChance: 0.6,
    overlapChance: 0.2,
    gapMs: [1500, 4000],
  },
  corruption: {
    text: 'bytes of the log and the snapshots of a stopped replica are damaged',
    weights: corruptionFaults,
    leaderChance: 0.3,
    overlapChance: 0,
    gapMs: [1500, 3000],
  },
  clock: {
    text: 'the wall clock of a replica jumps, by seconds or hours, forth and back',
    weights: { 'clock-jump': 4, kill: 1 },
    leaderChance: 0.6,
    overlapChance: 0.4,
    gapMs: [1000, 3000],
  },
  replace: {
    text: 'replicas lose their disk and are replaced by new members, under load',
    weights: { replace: 3, kill: 1 },
    leaderChance: 0.5,
    overlapChance: 0,
    gapMs: [2000, 4000],
  },
  'restart-all': {
    text: 'all replicas die at once and come back',
    weights: { 'restart-all': 3, kill: 1 },
    leaderChance: 1,
    overlapChance: 0,
    gapMs: [3000, 6000],
  },
  calm: {
    text: 'no fault at all: what the load alone looks like',
    weights: {},
    leaderChance: 0,
    overlapChance: 0,
    gapMs: [1000, 1000],
  },
  short: {
    text: 'kill, pause and partition, quickly: the one that runs in npm test',
    weights: { kill: 3, pause: 2, partition: 2, mute: 1 },
    leaderChance: 0.8,
    overlapChance: 0,
    gapMs: [600, 1200],
  },
} as const satisfies Readonly<Record<string, Scenario>>;

export type ScenarioName = keyof typeof scenarios;
export const scenarioOf = (name: ScenarioName): Scenario => scenarios[name];
export const scenarioNames = Object.keys(scenarios) as ScenarioName[];
