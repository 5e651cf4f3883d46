/** The texts that several kinds' columns share, worded as kubectl's users know them. */
import type { Container, PodTemplateSpec } from '../../api/types/core-v1.ts';
import type { LabelSelector, LabelSelectorRequirement, ObjectMeta } from '../../api/types/meta-v1.ts';
import { since } from './human-duration.ts';

export const none = '<none>';
export const unset = '<unset>';
export const unknown = '<unknown>';

export const orNone = (text: string | undefined): string => (text ? text : none);

export const age = (object: { metadata?: ObjectMeta }, nowMs: number): string =>
  since(object.metadata?.creationTimestamp, nowMs);

export const nameOf = (object: { metadata?: ObjectMeta }): string => object.metadata?.name ?? '';

/** `{a: '1', b: '2'}` → `a=1,b=2`, sorted by key. */
export function labelsText(labels: Record<string, string> | undefined): string {
  const pairs = Object.entries(labels ?? {}).map(([key, value]) => `${key}=${value}`);
  return orNone(pairs.sort().join(','));
}

function requirementText(requirement: LabelSelectorRequirement): string {
  const values = [...(requirement.values ?? [])].sort().join(',');
  const forms: Record<string, string> = {
    In: `${requirement.key} in (${values})`,
    NotIn: `${requirement.key} notin (${values})`,
    Exists: requirement.key,
    DoesNotExist: `!${requirement.key}`,
  };
  return forms[requirement.operator] ?? '<error>';
}

/** A selector in the words of `-l`: `app=a,tier in (x,y)`. `empty` where it selects everything. */
export function selectorText(selector: LabelSelector | undefined, empty = none): string {
  if (selector === undefined || selector === null) return none;
  const terms: [string, string][] = Object.entries(selector.matchLabels ?? {}).map(([key, value]) => [
    key,
    `${key}=${value}`,
  ]);
  for (const requirement of selector.matchExpressions ?? []) {
    terms.push([requirement.key, requirementText(requirement)]);
  }
  terms.sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
  return terms.length === 0 ? empty : terms.map(([, text]) => text).join(',');
}

/** Names and images of the containers, each joined with a comma. */
export function containerCells(template: PodTemplateSpec | undefined): [string, string] {
  const containers: readonly Container[] = template?.spec?.containers ?? [];
  return [containers.map((c) => c.name).join(','), containers.map((c) => c.image ?? '').join(',')];
}

/** `a,b,c + 2 more...` */
export function firstFew(texts: readonly string[], most: number, empty: string): string {
  if (texts.length === 0) return empty;
  const shown = texts.slice(0, most).join(',');
  return texts.length > most ? `${shown} + ${texts.length - most} more...` : shown;
}

const accessModeLetters: Readonly<Record<string, string>> = {
  ReadWriteOnce: 'RWO',
  ReadOnlyMany: 'ROX',
  ReadWriteMany: 'RWX',
  ReadWriteOncePod: 'RWOP',
};

/** In a fixed order, each once. */
export const accessModesText = (modes: readonly string[] | undefined): string =>
  Object.entries(accessModeLetters)
    .filter(([mode]) => modes?.includes(mode))
    .map(([, letters]) => letters)
    .join(',');

export const boolText = (value: boolean | undefined): string =>
  value === undefined ? unset : value ? 'True' : 'False';
