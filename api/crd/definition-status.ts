/** What a definition's status says: which names it holds, and whether it is served. Pure. */
import { deepEqual, semanticEqual } from '../meta/deep-equal.ts';
import { goQuote } from '../meta/go-text.ts';
import type {
  CustomResourceDefinition,
  CustomResourceDefinitionCondition,
  CustomResourceDefinitionNames,
  CustomResourceDefinitionStatus,
} from '../types/apiextensions-v1.ts';

/** Holds a deleted definition until its instances are gone. */
export const cleanupFinalizer = 'customresourcecleanup.apiextensions.k8s.io';

type Condition = CustomResourceDefinitionCondition;

export const conditionOf = (definition: CustomResourceDefinition, type: string): Condition | undefined =>
  definition.status?.conditions?.find((condition) => condition.type === type);

export const isTrue = (definition: CustomResourceDefinition, type: string): boolean =>
  conditionOf(definition, type)?.status === 'True';

/** The status with this condition; its time of transition changes with its state only. */
export function withCondition(
  status: CustomResourceDefinitionStatus | undefined,
  condition: Condition,
  now: string,
): CustomResourceDefinitionStatus {
  const conditions = status?.conditions ?? [];
  const before = conditions.find(({ type }) => type === condition.type);
  const lastTransitionTime = before?.status === condition.status ? (before.lastTransitionTime ?? now) : now;
  const { type, status: state, reason = '', message = '' } = condition;
  const next: Condition = { lastTransitionTime, message, reason, status: state, type };
  return {
    ...status,
    conditions:
      before === undefined ? [...conditions, next] : conditions.map((each) => (each.type === type ? next : each)),
  };
}

export const withoutCondition = (
  status: CustomResourceDefinitionStatus | undefined,
  type: string,
): CustomResourceDefinitionStatus => ({
  ...status,
  conditions: (status?.conditions ?? []).filter((condition) => condition.type !== type),
});

/** The names that others of the group hold. */
function namesInUse(others: readonly CustomResourceDefinition[]): { resources: Set<string>; kinds: Set<string> } {
  const resources = new Set<string>();
  const kinds = new Set<string>();
  for (const { status } of others) {
    const names = status?.acceptedNames;
    if (names === undefined) continue;
    for (const name of [names.plural, names.singular ?? '', ...(names.shortNames ?? [])]) resources.add(name);
    for (const kind of [names.kind, names.listKind ?? '']) kinds.add(kind);
  }
  resources.delete('');
  kinds.delete('');
  return { resources, kinds };
}

interface Naming {
  readonly names: CustomResourceDefinitionNames;
  readonly conflict: { readonly reason: string; readonly message: string } | undefined;
}

/** What a definition may call itself: each name that it asks for, unless another definition of the group has it. */
function settleNames(definition: CustomResourceDefinition, others: readonly CustomResourceDefinition[]): Naming {
  const { resources, kinds } = namesInUse(others);
  const wanted = definition.spec.names;
  const accepted: CustomResourceDefinitionNames = {
    ...(definition.status?.acceptedNames ?? { kind: '', plural: '' }),
  };
  let conflict: Naming['conflict'];
  const taken = (name: string, own: string, used: ReadonlySet<string>): boolean => name !== own && used.has(name);
  const message = (name: string): string => `${goQuote(name)} is already in use`;
  const settle = (field: 'plural' | 'singular' | 'kind' | 'listKind', reason: string, used: Set<string>): void => {
    const name = wanted[field] ?? '';
    if (taken(name, accepted[field] ?? '', used)) conflict = { reason, message: message(name) };
    else accepted[field] = name;
  };
  settle('plural', 'PluralConflict', resources);
  settle('singular', 'SingularConflict', resources);
  const own = accepted.shortNames ?? [];
  const clashes = (wanted.shortNames ?? []).filter((name) => !own.includes(name) && resources.has(name));
  if (clashes.length > 0) {
    const texts = clashes.map(message);
    conflict = {
      reason: 'ShortNamesConflict',
      message: texts.length === 1 ? (texts[0] as string) : `[${texts.join(', ')}]`,
    };
  } else if (wanted.shortNames === undefined) delete accepted.shortNames;
  else accepted.shortNames = wanted.shortNames;
  settle('kind', 'KindConflict', kinds);
  settle('listKind', 'ListKindConflict', kinds);
  if (wanted.categories === undefined) delete accepted.categories;
  else accepted.categories = wanted.categories;
  return { names: accepted, conflict };
}

const sameCondition = (one: Condition | undefined, other: Condition): boolean =>
  one?.status === other.status && one.reason === other.reason && one.message === other.message;

/** The status after its names are settled; undefined: it stands so. `others` are of the same group. */
export function withNames(
  definition: CustomResourceDefinition,
  others: readonly CustomResourceDefinition[],
  now: string,
): CustomResourceDefinitionStatus | undefined {
  if (semanticEqual(definition.spec.names, definition.status?.acceptedNames)) return undefined;
  const { names, conflict } = settleNames(definition, others);
  const accepted: Condition =
    conflict === undefined
      ? { type: 'NamesAccepted', status: 'True', reason: 'NoConflicts', message: 'no conflicts found' }
      : { type: 'NamesAccepted', status: 'False', ...conflict };
  if (
    deepEqual(names, definition.status?.acceptedNames) &&
    sameCondition(conditionOf(definition, 'NamesAccepted'), accepted)
  ) {
    return undefined;
  }
  const status = withCondition({ ...definition.status, acceptedNames: names }, accepted, now);
  const established = conditionOf(definition, 'Established');
  if (established?.status === 'True') return status;
  const waiting: Condition =
    conflict === undefined
      ? {
          type: 'Established',
          status: 'False',
          reason: 'Installing',
          message: 'the initial names have been accepted',
        }
      : (established ?? {
          type: 'Established',
          status: 'False',
          reason: 'NotAccepted',
          message: 'not all names are accepted',
        });
  return withCondition(status, waiting, now);
}

/** The status once it is served; undefined: it stands so, or its names are not accepted. */
export function withEstablished(
  definition: CustomResourceDefinition,
  now: string,
): CustomResourceDefinitionStatus | undefined {
  if (!isTrue(definition, 'NamesAccepted') || isTrue(definition, 'Established')) return undefined;
  const established: Condition = {
    type: 'Established',
    status: 'True',
    reason: 'InitialNamesAccepted',
    message: 'the initial names have been accepted',
  };
  return withCondition(definition.status, established, now);
}
