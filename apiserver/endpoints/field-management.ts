/** managedFields of a write: who wrote, what it is to be compared with, and that nothing afterwards breaks them. */
import { manageUpdate } from '../../api/apply/field-manager.ts';
import { checkManagedFields, ManagedFieldsError } from '../../api/apply/managed.ts';
import { deepEqual, semanticEqual } from '../../api/meta/deep-equal.ts';
import { fieldManagerLengthMax } from '../../api/meta/object-meta.ts';
import { byteLength } from '../../api/meta/names.ts';
import type { ManagedFieldsEntry } from '../../api/types/meta-v1.ts';
import { rfc3339 } from '../../base/clock.ts';
import type { KubeObject, RequestContext } from '../pipeline.ts';
import { fieldScopeOf } from './field-scope.ts';
import type { ResourceRequest } from './resource-request.ts';

const printable = /[\p{L}\p{M}\p{N}\p{P}\p{S} ]/u;
export const isPrintable = (character: string): boolean => printable.test(character);

/** user agents whose managers are kept */
const knownAgentsMax = 1_024;
const knownAgents = new Map<string, string>();

/** The manager that the request names, else the first word of its user agent. */
export function managerOf(ctx: RequestContext): string {
  const named = ctx.query.get('fieldManager');
  if (named) return named;
  const agent = ctx.headers['user-agent'] ?? '';
  const known = knownAgents.get(agent);
  if (known !== undefined) return known;
  if (knownAgents.size >= knownAgentsMax) knownAgents.clear();
  const manager = managerOfAgent(agent);
  knownAgents.set(agent, manager);
  return manager;
}

function managerOfAgent(agent: string): string {
  const [program = ''] = agent.split('/');
  let manager = '';
  let bytes = 0;
  for (const character of program) {
    if (!isPrintable(character)) continue;
    bytes += byteLength(character);
    if (bytes > fieldManagerLengthMax) break;
    manager += character;
  }
  return manager;
}

/** Notes in `object` who manages its fields once it takes the place of `live`; undefined: it is new. */
export function manageFields(request: ResourceRequest, live: KubeObject | undefined, object: KubeObject): void {
  const { ctx, entry, services } = request;
  const scope = fieldScopeOf(entry, ctx.info.subresource);
  const managed = manageUpdate(scope, live, object, managerOf(ctx), rfc3339(services.clock.nowMs()));
  object.metadata = (managed as KubeObject).metadata;
}

/** Admission may have made the entries unreadable: then those of before hold. */
export function guardManagedFields(
  ctx: RequestContext,
  object: KubeObject,
  before: ManagedFieldsEntry[] | undefined,
): void {
  const after = object.metadata?.managedFields;
  if (after === before) return;
  try {
    checkManagedFields(after);
  } catch (error) {
    if (!(error instanceof ManagedFieldsError)) throw error;
    object.metadata = { ...object.metadata, managedFields: before };
    if (before === undefined) delete object.metadata.managedFields;
    ctx.reply.warn(
      '.metadata.managedFields was in an invalid state after admission; this could be caused by an outdated ' +
        `mutating admission controller; please fix your requests: ${error.message}`,
    );
  }
}

function sameButTimes(a: readonly ManagedFieldsEntry[] = [], b: readonly ManagedFieldsEntry[] = []): boolean {
  if (a === b) return true;
  return (
    a.length === b.length &&
    a.every((entry, i) => {
      const { time: _, fieldsV1, ...own } = entry;
      const { time: __, fieldsV1: otherFields, ...other } = b[i] as ManagedFieldsEntry;
      return deepEqual(own, other) && deepEqual(fieldsV1, otherFields);
    })
  );
}

function withoutManagedFields(object: KubeObject): KubeObject {
  const { managedFields: _, ...metadata } = object.metadata ?? {};
  return { ...object, metadata };
}

/** Whether nothing but the times of managers differs: such a write is none. */
export const isUnchanged = (object: KubeObject, old: KubeObject): boolean =>
  sameButTimes(object.metadata?.managedFields, old.metadata?.managedFields) &&
  semanticEqual(withoutManagedFields(object), withoutManagedFields(old));
