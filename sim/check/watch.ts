/**
 * The guarantees of etcd's watches (etcd.io/docs, "KV API guarantees", and the checks of etcd's robustness suite), each
 * under its own name, and what else a client relies on: events are `Genuine`, and a watch is cancelled for a
 * compaction only where what it needs is gone.
 */
import { describeEvent, describeKv } from './describe.ts';
import { sameEvent, sameKv } from './difference.ts';
import type { Event, History, Watch } from './history.ts';
import type { Claims } from './by-revision.ts';
import type { Findings } from './report.ts';
import type { Timeline } from './timeline.ts';
import { matches, truthOf, Watched } from './watched.ts';

type Check = (watched: Watched) => Generator<string>;

const nameOf = ({ type, kv }: Event): string => `${type} ${kv.key} at ${kv.modRevision}`;
const idOf = ({ kv }: Event): string => `${kv.modRevision}/${kv.key}`;

/** What is not asked for does not come. */
function* filter({ watch, delivered }: Watched): Generator<string> {
  for (const { event } of delivered) {
    if (!matches(watch, event)) yield `event outside of what was asked for: ${describeEvent(event)}`;
  }
}

/** Revisions do not go back, on one stream. */
function* ordered({ delivered }: Watched): Generator<string> {
  let last: Event | undefined;
  for (const { event } of delivered) {
    if (last !== undefined && event.kv.modRevision < last.kv.modRevision) {
      yield `${nameOf(event)} came after ${nameOf(last)}`;
    }
    last = event;
  }
}

/** Nothing comes twice. */
function* unique({ delivered }: Watched): Generator<string> {
  const seen = new Set<string>();
  for (const { event } of delivered) {
    if (seen.has(idOf(event))) yield `came twice: ${describeEvent(event)}`;
    seen.add(idOf(event));
  }
}

/** All of one revision comes in one response. */
function* atomic({ delivered }: Watched): Generator<string> {
  const batches = new Map<number, number>();
  for (const { event, batch } of delivered) {
    const revision = event.kv.modRevision;
    const first = batches.get(revision);
    if (first !== undefined && first !== batch) yield `revision ${revision} came in more than one response`;
    batches.set(revision, batch);
  }
}

/** A progress notification of revision r says that all up to r has come. */
function* bookmarkable(watched: Watched): Generator<string> {
  const { watch, start } = watched;
  let mark = (watch.request.startRevision ?? 0) > 0 ? 0 : (start ?? 1) - 1;
  let highest = 0;
  const seen = new Set<string>();
  for (const { kind, revision, events = [] } of watch.responses) {
    for (const event of events) {
      const at = event.kv.modRevision;
      if (at <= mark) yield `${nameOf(event)} came after revision ${mark} had been announced as complete`;
      if (at > revision) yield `${nameOf(event)} came in a response of revision ${revision}`;
      highest = Math.max(highest, at);
      seen.add(idOf(event));
    }
    if (kind !== 'progress') continue;
    if (revision < mark) yield `progress went back from revision ${mark} to ${revision}`;
    else if (revision < highest) yield `progress at revision ${revision} after an event of revision ${highest}`;
    const from = Math.max(start ?? revision + 1, mark + 1);
    for (const event of watched.expected(from, revision)) {
      if (!seen.has(idOf(event))) yield `progress at revision ${revision} came before ${nameOf(event)}`;
    }
    mark = Math.max(mark, revision);
  }
}

/** A watch from revision r on begins with the first event at or after r. */
function* resumable(watched: Watched): Generator<string> {
  const { start, delivered } = watched;
  if (start === undefined) return;
  for (const { event } of delivered) {
    if (event.kv.modRevision < start) yield `${nameOf(event)} came on a watch from revision ${start} on`;
  }
  const first = delivered.find(({ event }) => event.kv.modRevision >= start);
  if (first === undefined) return;
  const skipped = [...watched.expected(start, first.event.kv.modRevision - 1)];
  if (skipped.length > 0) {
    yield `a watch from revision ${start} on began with ${nameOf(first.event)} and left out ${nameOf(skipped[0]!)}`;
  }
}

/** A put says rightly whether it created its key. */
function* isCreate({ delivered, truth: { timeline } }: Watched): Generator<string> {
  for (const { event } of delivered) {
    const { key, createRevision, modRevision, version } = event.kv;
    if (event.type !== 'put' || modRevision > timeline.last || modRevision <= timeline.first) continue;
    const before = timeline.get(key, modRevision - 1);
    const created = before === undefined;
    if ((createRevision === modRevision) !== created || (version === 1) !== created) {
      yield `${describeEvent(event)} says ${describeKv(event.kv)}, though there was ${describeKv(before)} before`;
    }
  }
}

/** Between the first and the last event nothing is left out. */
function* reliable(watched: Watched): Generator<string> {
  const { delivered, start, lastComplete } = watched;
  if (start === undefined || delivered.length === 0) return;
  yield* missing(watched, delivered[0]!.event.kv.modRevision, lastComplete);
}

function* missing(watched: Watched, from: number, to: number): Generator<string> {
  const seen = new Set(watched.delivered.map(({ event }) => idOf(event)));
  for (const event of watched.expected(Math.max(from, watched.start ?? 0), to)) {
    if (!seen.has(idOf(event)))
      yield `left out: ${describeEvent(event)} (got events up to revision ${watched.lastRevision})`;
  }
}

/** The previous value is right; it is there if asked for, unless it was compacted. */
function* prevKv({ watch, delivered, truth }: Watched): Generator<string> {
  for (const { event, time } of delivered) {
    const { key, modRevision } = event.kv;
    if (modRevision <= truth.timeline.first || modRevision > truth.timeline.last) continue;
    const before = truth.timeline.get(key, modRevision - 1);
    if (event.prevKv === undefined) {
      const excused =
        watch.request.prevKv !== true ||
        before === undefined ||
        truth.compactedByOthers ||
        truth.compactedAt(time) >= modRevision;
      if (!excused) yield `${describeEvent(event)} came without its previous value ${describeKv(before)}`;
    } else if (watch.request.prevKv !== true) {
      yield `${describeEvent(event)} came with a previous value that was not asked for`;
    } else if (!sameKv(event.prevKv, before)) {
      yield `${describeEvent(event)} came with the previous value ${describeKv(event.prevKv)}, which was ${describeKv(before)}`;
    }
  }
}

/** Every event happened as it is told, and not before its write was asked for. */
function* genuine({ delivered, truth: { timeline, claims } }: Watched): Generator<string> {
  for (const { event, time } of delivered) {
    const revision = event.kv.modRevision;
    if (revision <= timeline.first) continue; // of before the history begins
    if (revision > timeline.last) {
      yield `event of revision ${revision}, which never was: ${describeEvent(event)}`;
      continue;
    }
    const events = timeline.events(revision);
    if (!events.some((truth) => sameEvent(truth, event))) {
      const should = events.find(({ kv }) => kv.key === event.kv.key);
      yield `${event.type} of ${describeKv(event.kv)} never happened${should === undefined ? '' : `; it was a ${should.type} of ${describeKv(should.kv)}`}`;
    }
    const maker = claims.get(revision);
    if (maker !== undefined && maker !== 'lease-end' && time < maker.call) {
      yield `${describeEvent(event)} came at ${time}, before its write (#${maker.id}) was asked for at ${maker.call}`;
    }
  }
}

/** Cancelled for a compaction only where a revision it still needs is gone. */
function* compactCancel(watched: Watched): Generator<string> {
  const { watch, truth, start, bookmark } = watched;
  for (const { kind, compactRevision = 0, time } of watch.responses) {
    if (kind !== 'canceled' || compactRevision <= 0) continue;
    const needed = Math.max(start ?? 0, bookmark + 1);
    if (start !== undefined && needed >= compactRevision) {
      yield `cancelled for a compaction to ${compactRevision}, though it needs revisions from ${needed} on`;
    }
    const known = truth.compactedByOthers ? Infinity : truth.compactedAt(time);
    if (compactRevision > known)
      yield `cancelled for a compaction to ${compactRevision}; there was none beyond ${known}`;
  }
}

/** In the order of etcd's own list; the last two are ours. */
export const watchChecks: Readonly<Record<string, Check>> = {
  Filter: filter,
  Ordered: ordered,
  Unique: unique,
  Atomic: atomic,
  Bookmarkable: bookmarkable,
  Resumable: resumable,
  IsCreate: isCreate,
  Reliable: reliable,
  PrevKV: prevKv,
  Genuine: genuine,
  CompactCancel: compactCancel,
};

export interface WatchOptions {
  /** The cluster was quiet for long enough: watches that are still open must have got everything. */
  readonly caughtUp?: boolean;
}

export function checkWatches(
  history: History,
  timeline: Timeline,
  claims: Claims,
  findings: Findings,
  options: WatchOptions = {},
): void {
  const truth = truthOf(timeline, claims, history);
  const all = new Map((history.watches ?? []).map((watch) => [watch.id, new Watched(watch, truth)]));
  for (const watched of all.values()) {
    const { watch } = watched;
    const report = (name: string, text: string): void => {
      findings.add(name, `${describeWatch(watch)}: ${text}`, makersOf(text, claims), [watch.id]);
    };
    for (const [name, check] of Object.entries(watchChecks)) for (const text of check(watched)) report(name, text);
    const resumed = watch.resumes === undefined ? undefined : all.get(watch.resumes);
    if (resumed !== undefined) for (const text of resumeGap(resumed, watched)) report('Resumable', text);
    const isOpen = watch.closed === undefined && !watch.responses.some(({ kind }) => kind === 'canceled');
    if (options.caughtUp !== true || !isOpen || watched.start === undefined) continue;
    const from = Math.max(watched.lastComplete + 1, watched.start);
    for (const text of missing(watched, from, timeline.last)) report('Reliable', text);
  }
}

/** A client that goes on must not skip what it has not seen. */
function* resumeGap(before: Watched, after: Watched): Generator<string> {
  if (before.start === undefined || after.start === undefined) return;
  for (const event of before.expected(before.bookmark + 1, after.start - 1)) {
    yield `goes on from revision ${after.start} after watch ${before.watch.id} came to ${before.bookmark}: ${describeEvent(event)} is lost between`;
  }
}

/** The operations whose revisions a text names: so that a report can show them. */
function makersOf(text: string, claims: Claims): number[] {
  const ids = new Set<number>();
  for (const [, digits] of text.matchAll(/\bat (\d+)\b/g)) {
    const maker = claims.get(Number(digits));
    if (maker !== undefined && maker !== 'lease-end') ids.add(maker.id);
  }
  return [...ids];
}

function describeWatch({ id, client, member, request }: Watch): string {
  const { key, rangeEnd, startRevision } = request;
  const range = rangeEnd ? `[${key}, ${rangeEnd === '\0' ? '…' : rangeEnd})` : key;
  return `watch ${id} of client ${client}${member === undefined ? '' : ` at ${member}`} on ${range} from ${startRevision || 'now'}`;
}
