/** Events: lenient in core/v1, strict in events.k8s.io/v1. */
import { invalid, required } from '../meta/field-error.ts';
import type { FieldError } from '../meta/field-error.ts';
import { isDns1123Subdomain, isQualifiedName, nameIsDnsSubdomain } from '../meta/names.ts';
import { validateImmutable, validateObjectMeta, validateObjectMetaUpdate } from '../meta/object-meta.ts';
import type { Event as CoreEvent } from '../types/core-v1.ts';
import type { Event } from '../types/events-v1.ts';
import { named } from './field-checks.ts';

const controllerLengthMax = 128;
const reasonLengthMax = 128;
const actionLengthMax = 128;
const noteLengthMax = 1024;

interface Common {
  namespace: string;
  subjectNamespace: string;
  eventTime: string | undefined;
  controller: string;
  controllerField: string;
  instance: string;
  action: string;
  reason: string;
  message: string;
}

function validateText(value: string, path: string, max: number, needed: boolean): FieldError[] {
  const errors = needed && value === '' ? [required(path)] : [];
  return value.length > max ? [...errors, invalid(path, '', `can have at most ${max} characters`)] : errors;
}

function validateCommon(event: Common): FieldError[] {
  const { namespace, subjectNamespace } = event;
  const errors: FieldError[] = [];
  const elsewhere = invalid('involvedObject.namespace', subjectNamespace, 'does not match event.namespace');
  if (!event.eventTime) {
    const fits = subjectNamespace === '' ? namespace === '' || namespace === 'default' : namespace === subjectNamespace;
    if (!fits) errors.push(elsewhere);
  } else {
    if (subjectNamespace === '' && namespace !== 'default' && namespace !== 'kube-system') errors.push(elsewhere);
    if (!event.controller) errors.push(required(event.controllerField));
    errors.push(...named(event.controllerField, event.controller, isQualifiedName(event.controller)));
    errors.push(
      ...validateText(event.instance, 'reportingInstance', controllerLengthMax, true),
      ...validateText(event.action, 'action', actionLengthMax, true),
      ...validateText(event.reason, 'reason', reasonLengthMax, true),
      ...validateText(event.message, 'message', noteLengthMax, false),
    );
  }
  return [...errors, ...named('namespace', namespace, isDns1123Subdomain(namespace))];
}

export const validateCoreEvent = (event: CoreEvent): FieldError[] =>
  validateCommon({
    namespace: event.metadata?.namespace ?? '',
    subjectNamespace: event.involvedObject?.namespace ?? '',
    eventTime: event.eventTime,
    controller: event.reportingComponent ?? '',
    controllerField: 'reportingComponent',
    instance: event.reportingInstance ?? '',
    action: event.action ?? '',
    reason: event.reason ?? '',
    message: event.message ?? '',
  });

const commonOf = (event: Event): Common => ({
  namespace: event.metadata?.namespace ?? '',
  subjectNamespace: event.regarding?.namespace ?? '',
  eventTime: event.eventTime,
  controller: event.reportingController ?? '',
  controllerField: 'reportingController',
  instance: event.reportingInstance ?? '',
  action: event.action ?? '',
  reason: event.reason ?? '',
  message: event.note ?? '',
});

function validateSeries(event: Event): FieldError[] {
  if (!event.series) return [];
  const errors = event.series.count < 2 ? [invalid('series.count', '', 'should be at least 2')] : [];
  return event.series.lastObservedTime ? errors : [...errors, required('series.lastObservedTime')];
}

export function validateEvent(event: Event): FieldError[] {
  const errors = [
    ...validateCommon(commonOf(event)),
    ...validateObjectMeta(event.metadata, true, nameIsDnsSubdomain),
    ...validateSeries(event),
  ];
  if (!event.eventTime) errors.push(required('eventTime'));
  if (event.type !== 'Normal' && event.type !== 'Warning') {
    errors.push(invalid('type', '', `has invalid value: ${event.type ?? ''}`));
  }
  const unset = (isSet: unknown, path: string): void => {
    if (isSet) errors.push(invalid(path, '', 'needs to be unset'));
  };
  unset(event.deprecatedFirstTimestamp, 'firstTimestamp');
  unset(event.deprecatedLastTimestamp, 'lastTimestamp');
  unset(event.deprecatedCount, 'count');
  unset(event.deprecatedSource?.component || event.deprecatedSource?.host, 'source');
  return errors;
}

/** Field → the name a real server reports it by. */
const fixed: [keyof Event, string][] = [
  ['regarding', 'involvedObject'],
  ['reason', 'reason'],
  ['note', 'message'],
  ['deprecatedSource', 'source'],
  ['deprecatedFirstTimestamp', 'firstTimestamp'],
  ['deprecatedLastTimestamp', 'lastTimestamp'],
  ['deprecatedCount', 'count'],
  ['type', 'type'],
  ['eventTime', 'eventTime'],
  ['action', 'action'],
  ['related', 'related'],
  ['reportingController', 'reportingController'],
  ['reportingInstance', 'reportingInstance'],
];

/** Only the series may change. */
export function validateEventUpdate(event: Event, old: Event): FieldError[] {
  return [
    ...validateCommon(commonOf(event)),
    ...validateObjectMetaUpdate(event.metadata, old.metadata),
    ...(JSON.stringify(event.series) === JSON.stringify(old.series) ? [] : validateSeries(event)),
    ...fixed.flatMap(([key, path]) =>
      validateImmutable(event[key] || undefined, old[key] || undefined, path, event[key]),
    ),
  ];
}
