import { semanticEqual } from '../../api/meta/deep-equal.ts';

const isZero = (value: unknown): boolean =>
  value === undefined || value === null || value === 0 || value === '' || value === false;

/** Servers leave out zero counts; writing them again and again would wake every watcher for nothing. */
export function sameStatus(before: object | undefined, after: object): boolean {
  const compact = (status: object): object =>
    Object.fromEntries(Object.entries(status).filter(([, value]) => !isZero(value)));
  return semanticEqual(compact(before ?? {}), compact(after));
}
