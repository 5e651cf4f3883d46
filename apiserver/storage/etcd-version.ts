/** The first patch release of each minor version in which a progress notification never overtakes events. */
const orderedSincePatch: Readonly<Record<string, number>> = { '3.4': 25, '3.5': 8 };

/** etcd issue 15220: before 3.4.25 and 3.5.8, the answer to a progress request may come before events it covers. */
export function progressIsOrderedIn(version: string): boolean {
  const match = /^(\d+)\.(\d+)\.(\d+)/.exec(version);
  if (match === null) return false;
  const [major, minor, patch] = match.slice(1).map(Number) as [number, number, number];
  if (major !== 3) return major > 3;
  if (minor >= 6) return true;
  return patch >= (orderedSincePatch[`3.${minor}`] ?? Number.POSITIVE_INFINITY);
}
