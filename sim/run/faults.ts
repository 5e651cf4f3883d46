import type { CrashOptions, DiskOperation, Endpoint, SimDiskControl, SimMember, UnsyncedFate } from '../world/types.ts';
import type { FaultEnv } from './fault-env.ts';
import { addMember, removeMember, replaceMember } from './member-changes.ts';
import type { FaultName, PlannedFault } from './schedule.ts';

/** Begins a fault; returns its end, or undefined where there is nothing that it could hit now. */
export type Fault = (env: FaultEnv, planned: PlannedFault) => (() => void) | undefined;

const nothing = (): void => {};

const onMember =
  (
    which: (env: FaultEnv, pick: number) => SimMember | undefined,
    begin: (env: FaultEnv, member: SimMember, planned: PlannedFault) => (() => void) | undefined,
  ): Fault =>
  (env, planned) => {
    const member = which(env, planned.pick);
    return member && begin(env, member, planned);
  };

const anyOf = (env: FaultEnv, pick: number): SimMember | undefined => env.any(pick);
const leaderOf = (env: FaultEnv, pick: number): SimMember | undefined => env.leader(pick);

const onDisk = (
  which: typeof anyOf,
  set: (disk: SimDiskControl, planned: PlannedFault) => void,
  heal: (disk: SimDiskControl) => void,
): Fault =>
  onMember(which, (_env, { disk }, planned) => {
    set(disk, planned);
    return () => heal(disk);
  });

const crashing = (which: typeof anyOf, options: CrashOptions): Fault =>
  onMember(which, (env, member) => env.crash(member, options));
const powerLoss = (unsynced: UnsyncedFate): CrashOptions => ({ kind: 'power', unsynced });

const all = (ends: readonly (() => void)[]): (() => void) => {
  return () => {
    for (const end of ends) end();
  };
};

/** mostly in a sync: what an acknowledgement waits for is decided there */
const trapped: readonly DiskOperation[] = ['sync', 'sync', 'sync', 'sync', 'name', 'write'];

/** Power fails while, or right after, the disk does something; not where it does nothing in time. */
const crashInDiskOperation: Fault = onMember(
  (env, pick) => (pick < 0.3 ? env.leader(pick) : env.any((pick - 0.3) / 0.7)),
  (env, member, { strength }) => {
    const operation = trapped[Math.floor(strength * trapped.length)]!;
    const count = 1 + Math.floor(((strength * 1000) % 1) * 8);
    let end = member.disk.trap(operation, count, () => {
      if (env.alive.includes(member)) end = env.crash(member, { kind: 'power' });
    });
    return () => end();
  },
);

/** The next member that is sent a snapshot loses power while it stores or restores it, which some do slowly. */
const crashAmidSnapshot: Fault = (env, { pick, strength }) => {
  const operation = trapped[Math.floor(strength * trapped.length)]!;
  const count = 1 + Math.floor(((strength * 1000) % 1) * 6);
  let end = env.onSnapshotOffered((member) => {
    if (pick < 0.5) member.disk.setSlowness(1 + 600 * pick);
    const disarm = member.disk.trap(operation, count, () => {
      if (env.alive.includes(member)) end = all([heal, env.crash(member, { kind: 'power' })]);
    });
    const heal = (): void => member.disk.setSlowness(1);
    end = all([disarm, heal]);
  });
  return () => end();
};

function partition(groups: (members: SimMember[], env: FaultEnv, planned: PlannedFault) => SimMember[][]): Fault {
  return (env, planned) => env.separate(groups(env.shuffled(planned.pick), env, planned));
}

function oneWay(pairs: (env: FaultEnv, planned: PlannedFault) => readonly (readonly [Endpoint, Endpoint])[]): Fault {
  return (env, planned) => {
    const found = pairs(env, planned);
    return found.length === 0 ? undefined : env.block(found);
  };
}

/**
 * Its connections break at once, so that the others elect anew while it still takes itself for the leader: what it answers
 * until it finds out is the question.
 */
const leaderReset: Fault = (env, { pick }) => {
  const leader = env.leader(pick);
  if (leader === undefined) return undefined;
  const others = env.members.filter((member) => member !== leader);
  const end = env.separate([[leader], others]);
  for (const other of others) env.world.network.reset(leader.place, other.place);
  return end;
};

/** Who sees whom in a ring: each its neighbours only, which makes a majority of five and not one of three. */
function ring(env: FaultEnv, { pick }: PlannedFault): [Endpoint, Endpoint][] {
  const members = env.shuffled(pick);
  const reach = Math.max(1, Math.floor((members.length - 1) / 4));
  const pairs: [Endpoint, Endpoint][] = [];
  for (const [i, from] of members.entries()) {
    for (const [j, to] of members.entries()) {
      const apart = Math.min((i - j + members.length) % members.length, (j - i + members.length) % members.length);
      // of three, everyone would see everyone: there one of the links is cut
      const cut = members.length < 4 ? i + j === 1 : apart > reach;
      if (i !== j && cut) pairs.push([from.place, to.place]);
    }
  }
  return pairs;
}

/** Two halves that do not see each other, and one member that sees both. */
function bridge(members: SimMember[]): SimMember[][] {
  const [, ...others] = members;
  const half = Math.ceil(others.length / 2);
  return [others.slice(0, half), others.slice(half)];
}

const oneLink: Fault = oneWay((env, { pick }) => {
  const [a, b] = env.shuffled(pick);
  return a && b ? [[a.place, b.place]] : [];
});

const clientsCutOff: Fault = (env, { pick, strength }) => {
  const member = env.any(pick, env.members);
  if (member === undefined) return undefined;
  const count = 1 + Math.floor(strength * env.clientNames.length);
  const pairs = env.clientNames.slice(0, count).flatMap((name): [Endpoint, Endpoint][] => [
    [name, member.place],
    [member.place, name],
  ]);
  return env.block(pairs);
};

const restartInARow: Fault = (env, { pick, atMs, untilMs }) => {
  const members = env.shuffled(pick);
  const shareMs = (untilMs - atMs) / members.length;
  for (const [i, member] of members.entries()) {
    env.world.after(i * shareMs, () => {
      if (env.over || !env.alive.includes(member)) return;
      const up = env.stop(member);
      env.world.after(shareMs * 0.7, up);
    });
  }
  return nothing;
};

/** Bits flip while a member is down; only a minority is ever hit, as no majority of disks is to be lost. */
function bitFlip(match: RegExp): Fault {
  return (env, { pick }) => {
    const lost = [...env.rotten].filter((place) => env.retired.has(place)).length;
    // one that is on its way out may be none any more
    const staying = env.members.filter(({ place }) => !env.leaving.has(place));
    const minority = Math.floor((staying.length + lost - 1) / 2);
    if (env.membershipBusy) return undefined;
    const hasFile = ({ disk }: SimMember): boolean => disk.files().some(({ path }) => match.test(path));
    const healthy = env.alive.filter((member) => !env.rotten.has(member.place) && hasFile(member));
    const member = env.any(pick, healthy);
    if (member === undefined || env.rotten.size >= minority) return undefined;
    const up = env.crash(member, { kind: 'power' });
    const path = member.disk.flipBit(match);
    if (path === undefined) {
      up();
      return undefined;
    }
    env.rotten.add(member.place);
    env.world.trace('nemesis', () => `a bit of ${path} on ${member.name} flips`);
    return up;
  };
}

const transfer: Fault = (env, { pick }) => {
  const leader = env.world.cluster.leader();
  const target = env.any(pick);
  if (leader === undefined || target === undefined || target === leader) return undefined;
  const targetID = BigInt(`0x${target.id}`);
  env.admin.call(leader.place, 'Maintenance/MoveLeader', { targetID }).then(
    () => env.stats.add('leadership handed over'),
    () => env.stats.add('leadership not handed over'),
  );
  return nothing;
};

const clock = (begin: (member: SimMember, planned: PlannedFault) => () => void): Fault =>
  onMember(anyOf, (_env, member, planned) => begin(member, planned));

const jumpMsMax = 3_600_000;
const driftPpmMax = 200_000;
const almostStoppedPpm = -900_000;

/** Nobody stays out for longer than it takes to be started again. */
const downTogether = (env: FaultEnv, members: readonly SimMember[], strength: number): (() => void) =>
  all(
    members.map((member, i) => {
      const fates: readonly UnsyncedFate[] = ['lost', 'torn', 'scattered', 'kept'];
      return env.crash(member, powerLoss(fates[Math.floor(strength * 40 + i) % fates.length]!));
    }),
  );

/** What each fault of the schedule does. */
export const faults: Readonly<Record<FaultName, Fault>> = {
  loss: (env, { strength }) => env.peerFaults({ loss: 0.005 + 0.1 * strength ** 2 }),
  drop: (env, { strength }) => env.peerFaults({ drop: 0.01 + 0.3 * strength ** 2 }),
  duplicate: (env, { strength }) => env.peerFaults({ duplicate: 0.02 + 0.3 * strength }),
  reorder: (env, { strength }) => env.peerFaults({ reorder: 0.02 + 0.3 * strength }),
  delay: (env, { pick, strength }) => {
    const { network } = env.world;
    const [a, ...others] = env.shuffled(pick);
    if (a === undefined) return undefined;
    const delay = { latencyMinMs: 1 + 50 * strength, latencyMeanMs: 2 + 150 * strength ** 2 };
    for (const b of others) network.setLinkFaults(a.place, b.place, delay);
    return () => {
      for (const b of others) network.setLinkFaults(a.place, b.place, undefined);
    };
  },
  clog: (env, { pick, atMs, untilMs }) => {
    const [a, b] = env.shuffled(pick);
    if (a === undefined || b === undefined) return undefined;
    env.world.network.clog(a.place, b.place, untilMs - atMs);
    return nothing;
  },
  'connection breaks': (env, { strength }) => env.peerFaults({ breaks: 0.001 + 0.03 * strength ** 2 }),
  'connection reset': (env, { pick }) => {
    const [a, b] = env.shuffled(pick);
    if (a === undefined || b === undefined) return undefined;
    env.world.network.reset(a.place, b.place);
    return nothing;
  },
  'snapshot breaks': (env, { strength }) => {
    env.world.network.setSnapshotBreaks(0.05 + 0.4 * strength);
    return () => env.world.network.setSnapshotBreaks(0);
  },

  'partition: leader alone': partition((members, env, { pick }) => {
    const leader = env.leader(pick) ?? members[0]!;
    return [[leader], members.filter((member) => member !== leader)];
  }),
  'partition: leader alone, reset': leaderReset,
  'partition: one alone': partition(([one, ...others]) => [[one!], others]),
  'partition: minority': partition((members) => {
    const count = Math.floor((members.length - 1) / 2);
    return [members.slice(0, count), members.slice(count)];
  }),
  'partition: all alone': partition((members) => members.map((member) => [member])),
  'partition: bridge': partition((members) => bridge(members)),
  'partition: ring': oneWay(ring),
  'partition: one link': partition(([a, b]) => [[a!], [b!]]),
  'one way: leader sends to nobody': oneWay((env, { pick }) => {
    const leader = env.leader(pick);
    return env.members.filter((m) => leader && m !== leader).map(({ place }) => [leader!.place, place] as const);
  }),
  'one way: leader hears nobody': oneWay((env, { pick }) => {
    const leader = env.leader(pick);
    return env.members.filter((m) => leader && m !== leader).map(({ place }) => [place, leader!.place] as const);
  }),
  'one way: one link': oneLink,

  'clients lose messages': (env, { strength }) => {
    env.world.network.setClientFaults({ loss: 0.01 + 0.1 * strength, breaks: 0.02 * strength });
    return () => env.world.network.setClientFaults({ loss: 0, breaks: 0 });
  },
  'clients cut off': clientsCutOff,

  'crash: unsynced lost': crashing(anyOf, powerLoss('lost')),
  'crash: unsynced kept': crashing(anyOf, powerLoss('kept')),
  'crash: unsynced torn': crashing(anyOf, powerLoss('torn')),
  'crash: unsynced scattered': crashing(anyOf, powerLoss('scattered')),
  'crash: process': crashing(anyOf, { kind: 'process' }),
  'crash: in a disk operation': crashInDiskOperation,
  'crash: amid a snapshot': crashAmidSnapshot,
  'crash: leader': crashing(leaderOf, { kind: 'power' }),
  'crash: leader, process': crashing(leaderOf, { kind: 'process' }),
  'crash: all': (env, { strength }) => downTogether(env, env.alive, strength),
  'crash: all but one': (env, { pick, strength }) => {
    const spared = env.any(pick);
    return downTogether(
      env,
      env.alive.filter((member) => member !== spared),
      strength,
    );
  },
  'stop and start': onMember(anyOf, (env, member) => env.stop(member)),
  'restart in a row': restartInARow,

  'cut off for long': partition(([one, ...others]) => [[one!], others]),
  'down for long': crashing(anyOf, { kind: 'power' }),

  'pause: leader': onMember(leaderOf, (env, member) => env.pause(member)),
  'pause: any': onMember(anyOf, (env, member) => env.pause(member)),
  'pause: all': (env) => all(env.alive.map((member) => env.pause(member))),

  'slow disk': onDisk(
    anyOf,
    (disk, { strength }) => disk.setSlowness(2 + 200 * strength ** 2),
    (disk) => disk.setSlowness(1),
  ),
  'slow fsync': onDisk(
    anyOf,
    (disk, { strength, atMs, untilMs }) => disk.slowSyncs(5 + 1000 * strength ** 2, untilMs - atMs),
    (disk) => disk.slowSyncs(0, 0),
  ),
  'slow fsync: leader': onDisk(
    leaderOf,
    (disk, { strength, atMs, untilMs }) => disk.slowSyncs(20 + 1500 * strength ** 2, untilMs - atMs),
    (disk) => disk.slowSyncs(0, 0),
  ),
  'stuck disk': onDisk(
    anyOf,
    (disk) => disk.setStuck(true),
    (disk) => disk.setStuck(false),
  ),
  'full disk': onDisk(
    anyOf,
    (disk) => disk.setFull(true),
    (disk) => disk.setFull(false),
  ),
  'fsync error': onDisk(
    anyOf,
    (disk, { strength }) => disk.setErrors({ sync: 0.02 + 0.3 * strength }),
    (disk) => disk.setErrors({}),
  ),
  'write error': onDisk(
    anyOf,
    (disk, { strength }) => disk.setErrors({ write: 0.02 + 0.3 * strength }),
    (disk) => disk.setErrors({}),
  ),
  'read error': onDisk(
    anyOf,
    (disk, { strength }) => disk.setErrors({ read: 0.2 + 0.5 * strength }),
    (disk) => disk.setErrors({}),
  ),
  'short writes': onDisk(
    anyOf,
    (disk, { strength }) => disk.setShortWrites(0.1 + 0.5 * strength),
    (disk) => disk.setShortWrites(0),
  ),

  'bit flip: log': bitFlip(/\/wal\//),
  'bit flip: snapshot': bitFlip(/\/snap\//),

  'clock drift': clock((member, { strength }) => {
    member.clock.setDrift(Math.round((2 * strength - 1) * driftPpmMax));
    return () => member.clock.setDrift(0);
  }),
  'clock jump': clock((member, { strength }) => {
    member.clock.jump(Math.round((2 * strength - 1) * jumpMsMax));
    return nothing;
  }),
  'clock almost stops': clock((member) => {
    member.clock.setDrift(almostStoppedPpm);
    return () => member.clock.setDrift(0);
  }),

  'leadership transfer': transfer,
  'member added': (env) => addMember(env),
  'member removed': (env, { pick }) => removeMember(env, pick),
  'member replaced': (env, { pick }) => replaceMember(env, pick),
};
