import { goQuote } from '../meta/go-text.ts';
import type { Container, EphemeralContainer, PodSpec } from '../types/core-v1.ts';
import type { ObjectMeta } from '../types/meta-v1.ts';

/** What a pod does that a level forbids. */
export interface Violation {
  readonly reason: string;
  readonly detail: string;
}

export interface CheckedPod {
  readonly metadata: ObjectMeta | undefined;
  readonly spec: PodSpec;
}

export type CheckFunction = (pod: CheckedPod) => Violation | undefined;

/** One rule of the standards, in the forms that it has had: `since` is the minor version of the policy. */
export interface Check {
  readonly id: string;
  readonly level: 'baseline' | 'restricted';
  readonly versions: readonly { readonly since: number; readonly check: CheckFunction }[];
  /** a check of the baseline that this one includes */
  readonly overrides?: string;
}

export type AnyContainer = Container | EphemeralContainer;

export const containersOf = ({ spec }: CheckedPod): AnyContainer[] => [
  ...(spec.initContainers ?? []),
  ...(spec.containers ?? []),
  ...(spec.ephemeralContainers ?? []),
];

/** `"a", "b"`, as they are */
export const quoted = (items: readonly string[]): string => items.map((item) => `"${item}"`).join(', ');
export const sorted = (items: Iterable<string>): string[] => [...new Set(items)].sort();
export const plural = (count: number, one: string, many = `${one}s`): string => (count === 1 ? one : many);
export const containerNames = (names: readonly string[]): string =>
  `${plural(names.length, 'container')} ${quoted(names)}`;
export const annotationText = (key: string, value: string): string => `${key}=${goQuote(value)}`;
export const isWindows = ({ spec }: CheckedPod): boolean => spec.os?.name === 'windows';
/** root in a user namespace is nobody outside of it */
export const hasUserNamespace = ({ spec }: CheckedPod): boolean => spec.hostUsers === false;

/** The pod's own setting and those of its containers that are bad, as `pod and containers "a", "b"`. */
export function setters(isPodBad: boolean, containers: readonly string[]): string {
  const parts = isPodBad ? ['pod'] : [];
  if (containers.length > 0) parts.push(containerNames(containers));
  return parts.join(' and ');
}
