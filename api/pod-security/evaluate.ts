/** https://kubernetes.io/docs/concepts/security/pod-security-standards/ */
import { baselineChecks } from './baseline.ts';
import type { Check, CheckedPod, CheckFunction, Violation } from './check.ts';
import type { LevelVersion } from './policy.ts';
import { restrictedChecks } from './restricted.ts';

const newestMinor = Math.max(
  ...[...baselineChecks, ...restrictedChecks].flatMap(({ versions }) => versions.map(({ since }) => since)),
);

const formOf = ({ versions }: Check, minor: number): CheckFunction | undefined =>
  versions.findLast(({ since }) => since <= minor)?.check;

const byId = (a: Check, b: Check): number => (a.id < b.id ? -1 : 1);

/** What a level of some version asks for: the baseline first, each part by name. */
function checksOf({ level, version }: LevelVersion): CheckFunction[] {
  const minor = version === 'latest' ? newestMinor : Math.min(version, newestMinor);
  const baseline = [...baselineChecks].sort(byId);
  if (level === 'baseline') return baseline.flatMap((check) => formOf(check, minor) ?? []);
  const restricted = restrictedChecks.filter((check) => formOf(check, minor) !== undefined).sort(byId);
  const overridden = new Set(restricted.map(({ overrides }) => overrides));
  return [...baseline.filter(({ id }) => !overridden.has(id)), ...restricted].flatMap(
    (check) => formOf(check, minor) ?? [],
  );
}

/** All that the pod breaks of a level, in the order in which it is told. */
export function violationsOf(level: LevelVersion, pod: CheckedPod): Violation[] {
  if (level.level === 'privileged') return [];
  return checksOf(level).flatMap((check) => check(pod) ?? []);
}

/** `host namespaces (hostNetwork=true), privileged (…)` */
export const violationDetails = (violations: readonly Violation[]): string =>
  violations.map(({ reason, detail }) => (detail === '' ? reason : `${reason} (${detail})`)).join(', ');

/** `host namespaces, privileged` */
export const violationReasons = (violations: readonly Violation[]): string =>
  violations.map(({ reason }) => reason).join(', ');
