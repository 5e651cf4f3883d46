import { normalizeObject } from '../../../api/codec/body.ts';
import type { KubeObject } from '../../pipeline.ts';
import { eventTtlSeconds } from '../core/events.ts';
import { define } from '../resource-entry.ts';

/** events.k8s.io/v1 field → core/v1 field of the same value. */
const fieldNames: readonly (readonly [newer: string, older: string])[] = [
  ['regarding', 'involvedObject'],
  ['note', 'message'],
  ['reportingController', 'reportingComponent'],
  ['deprecatedSource', 'source'],
  ['deprecatedFirstTimestamp', 'firstTimestamp'],
  ['deprecatedLastTimestamp', 'lastTimestamp'],
  ['deprecatedCount', 'count'],
];
const toOlder = new Map(fieldNames);
const toNewer = new Map(fieldNames.map(([newer, older]) => [older, newer]));

const renamed = (object: KubeObject, names: ReadonlyMap<string, string>, apiVersion: string): KubeObject => ({
  ...Object.fromEntries(Object.entries(object).map(([field, value]) => [names.get(field) ?? field, value])),
  apiVersion,
});

/** The newer form writes these only where they say something. */
function withoutEmptyReporter(object: KubeObject): KubeObject {
  for (const field of ['reportingController', 'reportingInstance']) if (object[field] === '') delete object[field];
  return object;
}

/** The same objects as core/v1 events, in newer words. */
export const newEvents = define('events.k8s.io', 'v1', 'events', {
  ttlSeconds: eventTtlSeconds,
  createOnUpdate: true,
  conversion: {
    group: '',
    version: 'v1',
    kind: 'Event',
    // the older form has fields that are always written
    toStored: (object) => normalizeObject(renamed(object, toOlder, 'v1'), { group: '', version: 'v1', kind: 'Event' }),
    fromStored: (object) => withoutEmptyReporter(renamed(object, toNewer, 'events.k8s.io/v1')),
  },
});
