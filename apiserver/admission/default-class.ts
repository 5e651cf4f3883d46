import type { KubeObject } from '../pipeline.ts';

/** Of the classes that are marked as default, the newest; of those made at once, the first by name. */
export function defaultClassOf(classes: readonly KubeObject[], annotations: readonly string[]): string | undefined {
  const isDefault = ({ metadata }: KubeObject): boolean =>
    annotations.some((annotation) => metadata?.annotations?.[annotation] === 'true');
  const createdMs = ({ metadata }: KubeObject): number => Date.parse(metadata?.creationTimestamp ?? '') || 0;
  const nameOf = ({ metadata }: KubeObject): string => metadata?.name ?? '';
  const [newest] = classes
    .filter(isDefault)
    .sort((a, b) => createdMs(b) - createdMs(a) || (nameOf(a) < nameOf(b) ? -1 : 1));
  return newest?.metadata?.name;
}
