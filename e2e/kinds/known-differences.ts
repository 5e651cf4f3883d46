/** Cases that are answered otherwise on purpose, and why. Each reason stands in docs/divergence.md, too. */
const known: readonly (readonly [group: string, title: RegExp, why: string])[] = [];

export const knownDifference = (group: string, title: string): string | undefined =>
  known.find(([of, pattern]) => of === group && pattern.test(title))?.[2];
