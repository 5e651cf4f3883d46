import { newBadRequest, newInvalid, StatusError } from '../../api/meta/status.ts';
import { forbidden, invalid, notSupported, required, type FieldError } from '../../api/meta/field-error.ts';
import { parseFieldSelector } from '../../api/meta/fields.ts';
import { parseLabelSelector, SelectorError } from '../../api/meta/labels.ts';
import { validateFieldManager } from '../../api/meta/object-meta.ts';
import type { FieldValidation } from '../../api/codec/body.ts';
import type { KubeObject, RequestContext } from '../pipeline.ts';
import type { ResourceEntry } from '../registry/resource-entry.ts';
import { isTrue } from '../transport/request-info.ts';
import { isPrintable } from './field-management.ts';
import { isApply } from './media-types.ts';

const metaKind = (kind: string): { group: string; kind: string } => ({ group: 'meta.k8s.io', kind });

export interface WriteOptions {
  readonly dryRun: boolean;
  readonly fieldValidation: FieldValidation;
  /** '' where the request names none */
  readonly fieldManager: string;
  /** of an apply: take over what others manage */
  readonly force: boolean;
}

const fieldValidations: readonly string[] = ['Ignore', 'Warn', 'Strict'];

function managerErrors(manager: string): FieldError[] {
  const errors = validateFieldManager(manager, 'fieldManager');
  let position = 0;
  for (const character of manager) {
    if (!isPrintable(character)) {
      const code = (character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0');
      errors.push(invalid('fieldManager', manager, `invalid character U+${code} (at position ${position})`));
    }
    position += Buffer.byteLength(character);
  }
  return errors;
}

function applyErrors(ctx: RequestContext, manager: string): FieldError[] {
  if (isApply(ctx)) return manager === '' ? [required('fieldManager', 'is required for apply patch')] : [];
  return ctx.query.has('force') ? [forbidden('force', 'may not be specified for non-apply patch')] : [];
}

/** Of create, update and patch; `kind` e.g. CreateOptions. */
export function writeOptions(ctx: RequestContext, kind: string): WriteOptions {
  const fieldManager = ctx.query.get('fieldManager') ?? '';
  const errors = kind === 'PatchOptions' ? applyErrors(ctx, fieldManager) : [];
  errors.push(...managerErrors(fieldManager));
  const dryRun = ctx.query.getAll('dryRun').filter((value) => value !== '');
  for (const value of dryRun) if (value !== 'All') errors.push(notSupported('dryRun', value, ['All']));
  const validation = ctx.query.get('fieldValidation') ?? '';
  if (validation !== '' && !fieldValidations.includes(validation)) {
    errors.push(notSupported('fieldValidation', validation, [...fieldValidations]));
  }
  if (errors.length > 0) throw newInvalid(metaKind(kind), '', errors);
  return {
    dryRun: dryRun.length > 0,
    fieldValidation: (validation || 'Warn') as FieldValidation,
    fieldManager,
    force: isTrue(ctx.query.get('force')),
  };
}

export const optionsKind = (kind: string): { kind: string; apiVersion: string } => ({
  kind,
  apiVersion: 'meta.k8s.io/v1',
});

/** What webhooks and policies are told of how a write was asked for. */
export function operationOptions(ctx: RequestContext, kind: string): KubeObject {
  const { query } = ctx;
  const dryRun = query.getAll('dryRun').filter((value) => value !== '');
  const [manager, validation] = [query.get('fieldManager'), query.get('fieldValidation')];
  return {
    ...optionsKind(kind),
    ...(dryRun.length > 0 && { dryRun }),
    ...(manager && { fieldManager: manager }),
    ...(validation && { fieldValidation: validation }),
  };
}

export interface ListOptions {
  readonly labelSelector: string;
  readonly fieldSelector: string;
  /** undefined where nothing is selected away */
  readonly selects: ((object: KubeObject) => boolean) | undefined;
  readonly limit: number;
  readonly continue: string;
  readonly resourceVersion: number | undefined;
  readonly match: 'Exact' | 'NotOlderThan' | undefined;
  readonly watch: boolean;
  readonly allowWatchBookmarks: boolean;
  readonly sendInitialEvents: boolean | undefined;
  readonly timeoutSeconds: number | undefined;
}

function numberOf(ctx: RequestContext, name: string): number | undefined {
  const text = ctx.query.get(name) ?? '';
  if (text === '') return undefined;
  if (/^-?[0-9]+$/.test(text)) return Number(text);
  throw newBadRequest(`strconv.ParseInt: parsing ${JSON.stringify(text)}: invalid syntax`);
}

function versionOf(text: string): number | undefined {
  if (text === '') return undefined;
  if (/^[0-9]+$/.test(text)) return Number(text);
  const why = `strconv.ParseUint: parsing ${JSON.stringify(text)}: invalid syntax`;
  throw new StatusError(500, '', `resourceVersion: Invalid value: ${JSON.stringify(text)}: ${why}`);
}

function selectorOf(ctx: RequestContext, { info, custom }: ResourceEntry): ListOptions['selects'] {
  try {
    const labels = parseLabelSelector(ctx.query.get('labelSelector') ?? '');
    const fields = parseFieldSelector(ctx.query.get('fieldSelector') ?? '', info, custom?.selectable);
    // `/api/v1/watch/…/pods/x` is a watch of one object, and was authorized as that
    const name = ctx.info.verb === 'watch' ? ctx.info.name : '';
    if (labels.empty && fields.empty && name === '') return undefined;
    return (object) =>
      (name === '' || object.metadata?.name === name) &&
      labels.matches(object.metadata?.labels) &&
      fields.matches(object);
  } catch (error) {
    if (error instanceof SelectorError) throw newBadRequest(error.message);
    throw error;
  }
}

function matchErrors(options: ListOptions, version: string): FieldError[] {
  const { match } = options;
  const errors: FieldError[] = [];
  if (options.sendInitialEvents !== undefined) {
    if (!options.watch) {
      errors.push(forbidden('sendInitialEvents', 'sendInitialEvents is forbidden for list'));
    } else if (match === undefined) {
      const why = 'sendInitialEvents requires setting resourceVersionMatch to NotOlderThan';
      errors.push(forbidden('resourceVersionMatch', why));
    } else if (match !== 'NotOlderThan') errors.push(notSupported('resourceVersionMatch', match, ['NotOlderThan']));
    return errors;
  }
  if (match === undefined) return errors;
  if (options.watch) {
    errors.push(
      forbidden(
        'resourceVersionMatch',
        'resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided',
      ),
    );
  } else if (version === '') {
    const why = 'resourceVersionMatch is forbidden unless resourceVersion is provided';
    errors.push(forbidden('resourceVersionMatch', why));
  } else if (options.continue !== '') {
    errors.push(forbidden('resourceVersionMatch', 'resourceVersionMatch is forbidden when continue is provided'));
  } else if (match !== 'Exact' && match !== 'NotOlderThan') {
    errors.push(notSupported('resourceVersionMatch', match, ['Exact', 'NotOlderThan', '']));
  } else if (match === 'Exact' && version === '0') {
    errors.push(forbidden('resourceVersionMatch', 'resourceVersionMatch "exact" is forbidden for resourceVersion "0"'));
  }
  return errors;
}

/** Of list, watch and deletecollection. */
export function listOptions(ctx: RequestContext, entry: ResourceEntry): ListOptions {
  const { query } = ctx;
  const version = query.get('resourceVersion') ?? '';
  const initial = query.get('sendInitialEvents');
  const options: ListOptions = {
    labelSelector: query.get('labelSelector') ?? '',
    fieldSelector: query.get('fieldSelector') ?? '',
    selects: selectorOf(ctx, entry),
    limit: Math.max(0, numberOf(ctx, 'limit') ?? 0),
    continue: query.get('continue') ?? '',
    resourceVersion: versionOf(version),
    match: (query.get('resourceVersionMatch') || undefined) as ListOptions['match'],
    watch: ctx.info.verb === 'watch',
    allowWatchBookmarks: isTrue(query.get('allowWatchBookmarks')),
    sendInitialEvents: initial === null || initial === '' ? undefined : isTrue(initial),
    timeoutSeconds: numberOf(ctx, 'timeoutSeconds'),
  };
  const errors = matchErrors(options, version);
  if (errors.length > 0) throw newInvalid(metaKind('ListOptions'), '', errors);
  return options;
}

export interface DeleteRequestOptions {
  gracePeriodSeconds?: number;
  preconditions?: { uid?: string; resourceVersion?: string };
  orphanDependents?: boolean;
  propagationPolicy?: string;
  dryRun?: string[];
}

/** A body's options, or those of the query where there is no body. */
export function deleteOptionsOfQuery(ctx: RequestContext): DeleteRequestOptions {
  const options: DeleteRequestOptions = {};
  const grace = numberOf(ctx, 'gracePeriodSeconds');
  if (grace !== undefined) options.gracePeriodSeconds = grace;
  const policy = ctx.query.get('propagationPolicy');
  if (policy) options.propagationPolicy = policy;
  const orphan = ctx.query.get('orphanDependents');
  if (orphan !== null) options.orphanDependents = isTrue(orphan);
  const dryRun = ctx.query.getAll('dryRun').filter((value) => value !== '');
  if (dryRun.length > 0) options.dryRun = dryRun;
  return options;
}

const policies: readonly string[] = ['Foreground', 'Background', 'Orphan'];

export function validateDeleteOptions(options: DeleteRequestOptions): void {
  const errors: FieldError[] = [];
  const { propagationPolicy: policy, orphanDependents, dryRun } = options;
  if (policy !== undefined && orphanDependents !== undefined) {
    errors.push(invalid('propagationPolicy', policy, 'orphanDependents and deletionPropagation cannot be both set'));
  }
  if (policy !== undefined && !policies.includes(policy)) {
    errors.push(notSupported('propagationPolicy', policy, [...policies, 'nil']));
  }
  for (const value of dryRun ?? []) if (value !== 'All') errors.push(notSupported('dryRun', value, ['All']));
  if (errors.length > 0) throw newInvalid(metaKind('DeleteOptions'), '', errors);
}
