import type { Random } from '../../base/random.ts';

/** A fault to come, as data: which, when, and chances that were drawn before, so that leaving out others changes nothing in it. */
export interface PlannedFault {
  /** place in the schedule as it was drawn: a name for it */
  readonly id: number;
  readonly fault: FaultName;
  readonly atMs: number;
  readonly untilMs: number;
  /** in [0, 1): whom it hits */
  readonly pick: number;
  /** in [0, 1): how hard */
  readonly strength: number;
}

interface FaultPlan {
  readonly group: FaultGroup;
  readonly weight: number;
  /** how long it lasts, at least and at most */
  readonly forMs: readonly [number, number];
}

export type FaultGroup =
  | 'messages'
  | 'partitions'
  | 'clients'
  | 'crashes'
  | 'lag'
  | 'pauses'
  | 'disks'
  | 'rot'
  | 'clocks'
  | 'leadership'
  | 'membership';

const network = { group: 'messages', weight: 2, forMs: [500, 6000] } as const;
const partition = { group: 'partitions', weight: 2, forMs: [300, 8000] } as const;
const crash = { group: 'crashes', weight: 2, forMs: [10, 5000] } as const;
const disk = { group: 'disks', weight: 2, forMs: [300, 6000] } as const;

/** Every fault there is, and when it is drawn. What each does stands in faults.ts. */
export const faultPlans = {
  loss: network,
  drop: network,
  duplicate: network,
  reorder: network,
  delay: network,
  clog: network,
  'connection breaks': network,
  'connection reset': { ...network, forMs: [1, 1] },
  'snapshot breaks': { ...network, forMs: [2000, 10_000] },

  'partition: leader alone': { ...partition, weight: 3 },
  'partition: leader alone, reset': { ...partition, weight: 4, forMs: [300, 4000] },
  'partition: one alone': partition,
  'partition: minority': partition,
  'partition: all alone': { ...partition, weight: 1, forMs: [300, 4000] },
  'partition: bridge': partition,
  'partition: ring': partition,
  'partition: one link': partition,
  'one way: leader sends to nobody': partition,
  'one way: leader hears nobody': partition,
  'one way: one link': partition,

  'clients lose messages': { group: 'clients', weight: 1, forMs: [500, 6000] },
  'clients cut off': { group: 'clients', weight: 2, forMs: [500, 6000] },

  'crash: unsynced lost': { ...crash, weight: 2 },
  'crash: unsynced kept': { ...crash, weight: 1 },
  'crash: unsynced torn': { ...crash, weight: 2 },
  'crash: unsynced scattered': { ...crash, weight: 3 },
  'crash: process': crash,
  'crash: in a disk operation': { ...crash, weight: 6, forMs: [200, 5000] },
  'crash: amid a snapshot': { ...crash, weight: 4, forMs: [500, 10_000] },
  'crash: leader': { ...crash, weight: 3 },
  'crash: leader, process': { ...crash, weight: 2, forMs: [10, 1000] },
  'crash: all': { ...crash, weight: 1, forMs: [10, 2000] },
  'crash: all but one': { ...crash, weight: 1, forMs: [10, 3000] },
  'stop and start': { ...crash, weight: 1 },
  'restart in a row': { ...crash, weight: 1, forMs: [3000, 8000] },

  // for so long that who comes back needs a snapshot
  'cut off for long': { group: 'lag', weight: 3, forMs: [6000, 25_000] },
  'down for long': { group: 'lag', weight: 3, forMs: [6000, 25_000] },

  'pause: leader': { group: 'pauses', weight: 3, forMs: [100, 8000] },
  'pause: any': { group: 'pauses', weight: 2, forMs: [100, 8000] },
  'pause: all': { group: 'pauses', weight: 1, forMs: [100, 4000] },

  'slow disk': disk,
  'slow fsync': { ...disk, weight: 3 },
  'slow fsync: leader': { ...disk, weight: 2 },
  'stuck disk': { ...disk, forMs: [100, 4000] },
  'full disk': { ...disk, weight: 1 },
  'fsync error': { ...disk, weight: 2 },
  'write error': { ...disk, weight: 1 },
  'read error': { ...disk, weight: 1 },
  'short writes': { ...disk, weight: 1 },

  'bit flip: log': { group: 'rot', weight: 2, forMs: [100, 2000] },
  'bit flip: snapshot': { group: 'rot', weight: 2, forMs: [100, 2000] },

  'clock drift': { group: 'clocks', weight: 3, forMs: [2000, 15_000] },
  'clock jump': { group: 'clocks', weight: 2, forMs: [1, 1] },
  'clock almost stops': { group: 'clocks', weight: 1, forMs: [200, 3000] },

  'leadership transfer': { group: 'leadership', weight: 2, forMs: [1, 1] },
  'member added': { group: 'membership', weight: 2, forMs: [1, 1] },
  'member removed': { group: 'membership', weight: 2, forMs: [1, 1] },
  'member replaced': { group: 'membership', weight: 2, forMs: [1, 1] },
} as const satisfies Readonly<Record<string, FaultPlan>>;

export type FaultName = keyof typeof faultPlans;
export const faultNames = Object.keys(faultPlans) as FaultName[];
export const faultGroups: readonly FaultGroup[] = [...new Set(faultNames.map((name) => faultPlans[name].group))];

export interface ScheduleOptions {
  readonly faults: readonly FaultName[];
  readonly meanGapMs: number;
  readonly startMs: number;
  readonly endMs: number;
}

const plannedMax = 1000;

/** Draws what shall happen between two times, in order. */
export function drawSchedule(random: Random, { faults, meanGapMs, startMs, endMs }: ScheduleOptions): PlannedFault[] {
  const planned: PlannedFault[] = [];
  const total = faults.reduce((sum, name) => sum + faultPlans[name].weight, 0);
  let atMs = startMs;
  while (faults.length > 0 && planned.length < plannedMax) {
    atMs += -Math.log(1 - random.next()) * meanGapMs;
    if (atMs >= endMs) break;
    let left = random.next() * total;
    const fault = faults.find((name) => (left -= faultPlans[name].weight) < 0) ?? faults[0]!;
    const [least, most] = faultPlans[fault].forMs;
    // mostly short, some long
    const untilMs = Math.min(endMs, atMs + least + (most - least) * random.next() ** 2);
    planned.push({ id: planned.length, fault, atMs, untilMs, pick: random.next(), strength: random.next() });
  }
  return planned;
}
