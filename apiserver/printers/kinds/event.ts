import type { Event as CoreEvent } from '../../../api/types/core-v1.ts';
import type { Event as NewEvent } from '../../../api/types/events-v1.ts';
import { nameOf, unknown } from '../cell-text.ts';
import { since } from '../human-duration.ts';
import { type Cell, rows } from '../row-printer.ts';

/** Both event groups show one set of columns; events.k8s.io has the same facts under other names. */
interface EventFacts {
  readonly name: string;
  readonly first?: string;
  readonly last?: string;
  readonly eventTime?: string;
  readonly series?: { count?: number; lastObservedTime?: string };
  readonly count?: number;
  readonly about?: { kind?: string; name?: string; fieldPath?: string };
  readonly component?: string;
  readonly host?: string;
  readonly type?: string;
  readonly reason?: string;
  readonly message?: string;
}

function cells(event: EventFacts, nowMs: number): Cell[] {
  const first = event.first ? since(event.first, nowMs) : since(event.eventTime, nowMs);
  let last = event.last ? since(event.last, nowMs) : first;
  // A single event of the newer API carries no count.
  let count = event.count ? event.count : 1;
  if (event.series) {
    last = event.series.lastObservedTime ? since(event.series.lastObservedTime, nowMs) : unknown;
    count = event.series.count ?? 0;
  }
  const kind = (event.about?.kind ?? '').toLowerCase();
  return [
    last,
    event.type ?? '',
    event.reason ?? '',
    event.about?.name ? `${kind}/${event.about.name}` : kind,
    event.about?.fieldPath ?? '',
    [event.component ?? '', event.host ?? ''].filter((text, index) => index === 0 || text !== '').join(', '),
    (event.message ?? '').trim(),
    first,
    count,
    event.name,
  ];
}

export const coreEventRows = rows<CoreEvent>((event, nowMs) =>
  cells(
    {
      name: nameOf(event),
      first: event.firstTimestamp,
      last: event.lastTimestamp,
      eventTime: event.eventTime,
      series: event.series,
      count: event.count,
      about: event.involvedObject,
      component: event.source?.component || event.reportingComponent,
      host: event.source?.host || event.reportingInstance,
      type: event.type,
      reason: event.reason,
      message: event.message,
    },
    nowMs,
  ),
);

export const newEventRows = rows<NewEvent>((event, nowMs) =>
  cells(
    {
      name: nameOf(event),
      first: event.deprecatedFirstTimestamp,
      last: event.deprecatedLastTimestamp,
      eventTime: event.eventTime,
      series: event.series,
      count: event.deprecatedCount,
      about: event.regarding,
      component: event.deprecatedSource?.component || event.reportingController,
      host: event.deprecatedSource?.host || event.reportingInstance,
      type: event.type,
      reason: event.reason,
      message: event.note,
    },
    nowMs,
  ),
);
