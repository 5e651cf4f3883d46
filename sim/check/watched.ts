import type { Claims } from './by-revision.ts';
import { inRange } from './evaluate.ts';
import type { Event, History, Time, Watch, WatchResponse } from './history.ts';
import type { Timeline } from './timeline.ts';

export interface Delivered {
  readonly event: Event;
  readonly time: Time;
  /** of the response, with all its fragments */
  readonly batch: number;
}

/** What all watches are checked against. */
export interface Truth {
  readonly timeline: Timeline;
  readonly claims: Claims;
  /** Compactions that the history does not hold explain what is missing. */
  readonly compactedByOthers: boolean;
  /** The highest compaction that may have happened up to a time. */
  compactedAt(time: Time): number;
}

export function truthOf(timeline: Timeline, claims: Claims, history: History): Truth {
  const compacts = history.operations.flatMap(({ request, outcome, call }) =>
    request.kind === 'compact' && (outcome.status === 'ok' || outcome.status === 'unknown')
      ? [{ call, revision: request.revision }]
      : [],
  );
  const before = history.initial?.compactRevision ?? -1;
  return {
    timeline,
    claims,
    compactedByOthers: history.compactedByOthers === true,
    compactedAt: (time) => compacts.reduce((high, c) => (c.call <= time ? Math.max(high, c.revision) : high), before),
  };
}

export function matches(watch: Watch, event: Event): boolean {
  const { key, rangeEnd, filters = [] } = watch.request;
  return inRange(event.kv.key, key, rangeEnd) && !filters.includes(event.type === 'put' ? 'noput' : 'nodelete');
}

/** One watch with what it got, put in order for the checks. */
export class Watched {
  readonly watch: Watch;
  readonly truth: Truth;
  readonly delivered: readonly Delivered[];
  /** The first revision it is to be told of; undefined where it was never created. */
  readonly start: number | undefined;
  /** The last revision that was told of completely; one before the start if none was. */
  readonly lastComplete: number;
  /** The highest revision of an event. */
  readonly lastRevision: number;

  constructor(watch: Watch, truth: Truth) {
    this.watch = watch;
    this.truth = truth;
    const { delivered, cut } = deliveredBy(watch.responses);
    this.delivered = delivered;
    const created = watch.responses.find(({ kind }) => kind === 'created');
    const asked = watch.request.startRevision ?? 0;
    this.start = asked > 0 ? asked : created === undefined ? undefined : created.revision + 1;
    this.lastRevision = delivered.reduce((high, { event }) => Math.max(high, event.kv.modRevision), 0);
    const complete = cut ? this.lastRevision - 1 : this.lastRevision;
    this.lastComplete = Math.max(complete, (this.start ?? 1) - 1);
  }

  /** The events it should have got from `from` to `to`, both included, in order. */
  *expected(from: number, to: number): Generator<Event> {
    const { timeline } = this.truth;
    for (let r = Math.max(from, timeline.first + 1); r <= Math.min(to, timeline.last); r++) {
      for (const event of timeline.events(r)) if (matches(this.watch, event)) yield event;
    }
  }

  /** What it knows up to here: a client may go on from the next revision. */
  get bookmark(): number {
    let mark = this.lastComplete;
    for (const { kind, revision } of this.watch.responses) if (kind === 'progress') mark = Math.max(mark, revision);
    return mark;
  }
}

/** `cut`: the stream ended between fragments of one response. */
function deliveredBy(responses: readonly WatchResponse[]): { delivered: Delivered[]; cut: boolean } {
  const delivered: Delivered[] = [];
  let batch = 0;
  let cut = false;
  for (const { kind, events = [], fragment = false, time } of responses) {
    if (kind !== 'events') continue;
    for (const event of events) delivered.push({ event, time, batch });
    if (!fragment) batch++;
    cut = fragment;
  }
  return { delivered, cut };
}
