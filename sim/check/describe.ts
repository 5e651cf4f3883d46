import { noLease } from './history.ts';
import type { Compare, Event, Key, Kv, Operation, Outcome, Request, Result, TxnStep } from './history.ts';
import type { LeaseEndRequest } from './evaluate.ts';

/** How many keys or steps a text shows before it says that there are more. */
const shownMax = 6;

const shown = (items: readonly string[], joiner = ', '): string =>
  items.length <= shownMax
    ? items.join(joiner)
    : `${items.slice(0, shownMax).join(joiner)}${joiner}… ${items.length} in all`;

const rangeText = (key: Key, rangeEnd: Key | undefined): string => {
  if (rangeEnd === undefined || rangeEnd === '') return key;
  return rangeEnd === '\0' ? `[${key}, …)` : `[${key}, ${rangeEnd})`;
};

const flags = (request: object, names: readonly string[]): string =>
  names.map((name) => ((request as Record<string, unknown>)[name] === true ? ` ${name}` : '')).join('');

export function describeKv(kv: Kv | undefined): string {
  if (kv === undefined) return 'nothing';
  const lease = kv.lease === noLease ? '' : ` lease ${kv.lease}`;
  return `${kv.key}=${kv.value} (create ${kv.createRevision}, mod ${kv.modRevision}, version ${kv.version}${lease})`;
}

export const describeEvent = (event: Event): string =>
  event.type === 'delete'
    ? `delete ${event.kv.key} at ${event.kv.modRevision}`
    : `put ${event.kv.key}=${event.kv.value} at ${event.kv.modRevision}`;

export const describeEvents = (events: readonly Event[]): string =>
  events.length === 0 ? 'no change' : shown(events.map(describeEvent));

const compareText = (c: Compare): string =>
  `${c.target}(${rangeText(c.key, c.rangeEnd)})${c.result}${JSON.stringify(c.operand)}`;
const steps = (list: readonly TxnStep[]): string => shown(list.map(describeRequest), '; ');

export function describeRequest(request: Request | LeaseEndRequest): string {
  switch (request.kind) {
    case 'put': {
      const lease = (request.lease ?? noLease) === noLease ? '' : ` lease ${request.lease}`;
      return `put ${request.key}=${request.value}${lease}${flags(request, ['ignoreValue', 'ignoreLease'])}`;
    }
    case 'range': {
      const at = request.revision ? ` at revision ${request.revision}` : '';
      const limit = request.limit ? ` limit ${request.limit}` : '';
      const rest = flags(request, ['serializable', 'countOnly', 'keysOnly']);
      return `${request.rangeEnd ? 'range' : 'get'} ${rangeText(request.key, request.rangeEnd)}${at}${limit}${rest}`;
    }
    case 'delete':
      return `delete ${rangeText(request.key, request.rangeEnd)}`;
    case 'txn':
      return `txn if ${shown(request.compare.map(compareText), ' and ') || 'always'} then {${steps(request.success)}} else {${steps(request.failure)}}`;
    case 'lease-grant':
      return `grant lease ${request.lease} for ${request.ttlSeconds} s`;
    case 'lease-revoke':
      return `revoke lease ${request.lease}`;
    case 'lease-keep-alive':
      return `keep lease ${request.lease} alive`;
    case 'lease-end':
      return `end of lease ${request.lease}`;
    default:
      return `compact to ${request.revision}`;
  }
}

export function describeResult(result: Result): string {
  switch (result.kind) {
    case 'put':
      return result.prevKv === undefined ? 'put' : `put over ${describeKv(result.prevKv)}`;
    case 'range':
      return `${result.count} keys: ${shown(result.kvs.map(describeKv))}`;
    case 'delete':
      return `deleted ${result.deleted}`;
    case 'txn':
      return `${result.succeeded ? 'succeeded' : 'did not succeed'}: {${shown(result.responses.map(describeResult), '; ')}}`;
    case 'lease-keep-alive':
      return `TTL ${result.ttlSeconds}`;
    default:
      return 'done';
  }
}

export function describeOutcome(outcome: Outcome): string {
  switch (outcome.status) {
    case 'ok':
      return `revision ${outcome.response.revision}, ${describeResult(outcome.response)}`;
    case 'error':
      return `error ${outcome.error}`;
    default:
      return `${outcome.status}${outcome.reason === undefined ? '' : ` (${outcome.reason})`}`;
  }
}

/** One line: who, when, what, and what came of it. */
export function describeOperation(operation: Operation): string {
  const { id, client, member, call, request, outcome } = operation;
  const end = outcome.status === 'unknown' ? '' : (operation.return ?? '');
  const where = member === undefined ? '' : ` at ${member}`;
  return `#${id} client ${client}${where} [${call}..${end}] ${describeRequest(request)} → ${describeOutcome(outcome)}`;
}
