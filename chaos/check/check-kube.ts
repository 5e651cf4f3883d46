import type { Violation } from '../../sim/check/index.ts';
import type { KubeEvent, KubeHistory, KubeRead, KubeWatchLog, KubeWrite } from './kube-history.ts';

const violation = (checker: string, text: string): Violation => ({ checker, text, operations: [] });

/** The writes of one object, by their number. */
type Numbered = ReadonlyMap<number, KubeWrite>;

function writesByObject(writes: readonly KubeWrite[]): Map<string, Map<number, KubeWrite>> {
  const objects = new Map<string, Map<number, KubeWrite>>();
  for (const write of writes) {
    let numbered = objects.get(write.object);
    if (numbered === undefined) objects.set(write.object, (numbered = new Map<number, KubeWrite>()));
    numbered.set(write.number, write);
  }
  return objects;
}

/** The highest write that was answered before `beforeMs`; 0: none. */
function lastDone(writes: Numbered, beforeMs: number): number {
  let last = 0;
  for (const { number, outcome, endMs } of writes.values()) {
    if (outcome === 'ok' && endMs !== undefined && endMs < beforeMs && number > last) last = number;
  }
  return last;
}

function* readProblems(read: KubeRead, writes: Numbered): Generator<string> {
  const how = read.listed ? 'a list' : 'a read';
  const done = lastDone(writes, read.startMs);
  if (read.number !== undefined) {
    const shown = writes.get(read.number);
    if (shown === undefined || shown.outcome === 'refused' || shown.kind === 'delete') {
      yield `${how} of ${read.object} shows write ${read.number}, which was never done`;
    } else if (shown.startMs > read.endMs) {
      yield `${how} of ${read.object} shows write ${read.number}, which had not begun`;
    } else if (read.number < done) {
      yield `${how} of ${read.object} shows write ${read.number}, but write ${done} had been acknowledged`;
    }
    return;
  }
  const mayBeGone = [...writes.values()].some(
    ({ number, kind, outcome, startMs }) =>
      kind === 'delete' && number >= done && outcome !== 'refused' && startMs <= read.endMs,
  );
  if (done > 0 && !mayBeGone) yield `${how} does not find ${read.object}, but write ${done} had been acknowledged`;
}

/** Each read shows what it may; versions of what was read one after the other do not go back. */
export function checkReads({ reads, writes }: Pick<KubeHistory, 'reads' | 'writes'>): Violation[] {
  const objects = writesByObject(writes);
  const found: Violation[] = [];
  const none: Numbered = new Map();
  for (const read of reads) {
    for (const text of readProblems(read, objects.get(read.object) ?? none)) found.push(violation('KubeRead', text));
  }
  const lists = reads.filter((read) => read.listed).sort((a, b) => a.endMs - b.endMs);
  let [latest, at] = [0, 0];
  for (const read of [...lists].sort((a, b) => a.startMs - b.startMs)) {
    for (; at < lists.length && lists[at]!.endMs < read.startMs; at++)
      latest = Math.max(latest, lists[at]!.resourceVersion);
    if (read.resourceVersion >= latest) continue;
    const text = `a list is of version ${read.resourceVersion}, but an earlier one was of version ${latest}`;
    found.push(violation('KubeVersion', text));
  }
  return found;
}

/** An object's version grows with its writes. */
export function checkVersions(writes: readonly KubeWrite[]): Violation[] {
  const found: Violation[] = [];
  for (const [object, numbered] of writesByObject(writes)) {
    let last = { number: 0, version: 0 };
    for (const { number, resourceVersion: version } of [...numbered.values()].sort((a, b) => a.number - b.number)) {
      if (version === undefined) continue;
      if (version <= last.version) {
        const text = `${object}: write ${number} has version ${version}, write ${last.number} before it ${last.version}`;
        found.push(violation('KubeVersion', text));
      }
      last = { number, version };
    }
  }
  return found;
}

/** No increment is lost, none is done twice. */
export function checkCounters({ increments, counters }: Pick<KubeHistory, 'increments' | 'counters'>): Violation[] {
  const found: Violation[] = [];
  for (const [counter, value] of Object.entries(counters)) {
    const own = increments.filter((increment) => increment.counter === counter);
    const done = own.filter(({ outcome }) => outcome === 'ok');
    const unknown = own.filter(({ outcome }) => outcome === 'unknown').length;
    if (value < done.length || value > done.length + unknown) {
      const text = `${counter} is ${value}, but ${done.length} increments were acknowledged and ${unknown} are unknown`;
      found.push(violation('KubeCounter', text));
    }
    const seen = new Set<number>();
    for (const { to } of done) {
      if (seen.has(to))
        found.push(violation('KubeCounter', `${counter}: two clients were told that they made it ${to}`));
      seen.add(to);
      if (to > value) found.push(violation('KubeCounter', `${counter} was made ${to}, and is ${value} in the end`));
    }
  }
  return found;
}

function* watchProblems(log: KubeWatchLog, objects: ReadonlyMap<string, Numbered>): Generator<string> {
  let last = log.startVersion;
  const byObject = new Map<string, KubeEvent[]>();
  for (const event of log.events) {
    const { resourceVersion: version, object } = event;
    if (version <= last) yield `${event.type} ${object} of version ${version} came after version ${last}`;
    last = Math.max(last, version);
    const list = byObject.get(object);
    if (list === undefined) byObject.set(object, [event]);
    else list.push(event);
  }
  for (const [object, writes] of objects) yield* objectProblems(log, byObject.get(object) ?? [], writes);
}

/** Each acknowledged write of the watched time came once; nothing came that was never done. */
function* objectProblems(log: KubeWatchLog, events: readonly KubeEvent[], writes: Numbered): Generator<string> {
  const inGap = (version: number): boolean => log.gaps.some(([from, to]) => version > from && version <= to);
  for (const { object, number, kind, outcome, resourceVersion = 0 } of writes.values()) {
    const told = events.filter((event) => event.type !== 'DELETED' && event.number === number);
    if (kind === 'delete' || outcome === 'refused') {
      if (told.length > 0) yield `told of write ${number} of ${object}, which was never done`;
      continue;
    }
    if (told.length > 1) yield `told ${told.length} times of write ${number} of ${object}`;
    const watched =
      resourceVersion > log.startVersion && resourceVersion <= log.syncedVersion && !inGap(resourceVersion);
    if (outcome !== 'ok' || !watched) continue;
    if (told.length === 0) {
      yield `never told of write ${number} of ${object}, version ${resourceVersion}`;
    } else if (told[0]!.resourceVersion !== resourceVersion) {
      yield `told that write ${number} of ${object} has version ${told[0]!.resourceVersion}, its answer said ${resourceVersion}`;
    }
  }
  yield* deletionProblems(log, events, writes);
}

/** Between what an object was before an acknowledged deletion and what it was after it, the deletion was told. */
function* deletionProblems(log: KubeWatchLog, events: readonly KubeEvent[], writes: Numbered): Generator<string> {
  if (log.gaps.length > 0) return; // it may have been in a gap: a deletion's answer has no version
  for (const { object, number, kind, outcome } of writes.values()) {
    if (kind !== 'delete' || outcome !== 'ok') continue;
    const after = events.findIndex((event) => event.type !== 'DELETED' && event.number > number);
    const before = events.findLastIndex((event) => event.type !== 'DELETED' && event.number < number);
    if (after < 0 || before < 0) continue;
    const deleted = events.slice(before + 1, after).filter((event) => event.type === 'DELETED').length;
    if (deleted !== 1) yield `told ${deleted} times that write ${number} deleted ${object}`;
  }
}

export function checkKubeWatches({ watches, writes }: Pick<KubeHistory, 'watches' | 'writes'>): Violation[] {
  const objects = writesByObject(writes);
  return watches.flatMap((log) =>
    [...watchProblems(log, objects)].map((text) => violation('KubeWatch', `${log.name} was ${text}`)),
  );
}

export const checkKubeHistory = (history: KubeHistory): Violation[] => [
  ...checkReads(history),
  ...checkVersions(history.writes),
  ...checkCounters(history),
  ...checkKubeWatches(history),
];
