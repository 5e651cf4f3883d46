/** Which level of the Pod Security Standards holds in a namespace, by its labels. */
import { invalid, type FieldError } from '../meta/field-error.ts';

export type Level = 'privileged' | 'baseline' | 'restricted';

/** A minor version of Kubernetes 1, or the newest */
export type PolicyVersion = number | 'latest';

export interface LevelVersion {
  readonly level: Level;
  readonly version: PolicyVersion;
}

export interface PodSecurityPolicy {
  readonly enforce: LevelVersion;
  readonly audit: LevelVersion;
  readonly warn: LevelVersion;
}

export const privileged: LevelVersion = { level: 'privileged', version: 'latest' };
export const privilegedPolicy: PodSecurityPolicy = { enforce: privileged, audit: privileged, warn: privileged };

const levels: readonly Level[] = ['privileged', 'baseline', 'restricted'];
const prefix = 'pod-security.kubernetes.io/';
export const levelLabel = (mode: keyof PodSecurityPolicy): string => prefix + mode;
export const versionLabel = (mode: keyof PodSecurityPolicy): string => `${prefix}${mode}-version`;

/** Above 0: `a` is the stricter. */
export const compareLevels = (a: Level, b: Level): number => levels.indexOf(a) - levels.indexOf(b);

export const levelText = ({ level, version }: LevelVersion): string =>
  `${level}:${version === 'latest' ? 'latest' : `v1.${version}`}`;

export const sameLevel = (a: LevelVersion, b: LevelVersion): boolean => a.level === b.level && a.version === b.version;

export const isFullyPrivileged = ({ enforce, audit, warn }: PodSecurityPolicy): boolean =>
  [enforce, audit, warn].every(({ level }) => level === 'privileged');

const parseLevel = (text: string): Level | undefined => levels.find((level) => level === text);

function parseVersion(text: string): PolicyVersion | undefined {
  if (text === 'latest') return 'latest';
  const match = /^v1\.([0-9]|[1-9][0-9]*)$/.exec(text);
  const minor = Number(match?.[1] ?? Number.NaN);
  return Number.isSafeInteger(minor) ? minor : undefined;
}

type Labels = Readonly<Record<string, string>>;

/**
 * There is always a policy: a label that cannot be read counts as the strictest for enforcement, and as none for what
 * only tells.
 */
export function policyOf(
  labels: Labels = {},
  defaults: PodSecurityPolicy = privilegedPolicy,
): { readonly policy: PodSecurityPolicy; readonly errors: readonly FieldError[] } {
  const errors: FieldError[] = [];
  const read = <T>(label: string, parse: (text: string) => T | undefined, expected: string): T | undefined => {
    const text = labels[label] as string;
    const value = parse(text);
    if (value === undefined) errors.push(invalid(`metadata.labels[${label}]`, text, expected));
    return value;
  };
  const has = (label: string): boolean => Object.hasOwn(labels, label);
  const modeOf = (mode: keyof PodSecurityPolicy, ifUnreadable: Level): LevelVersion => {
    let { level, version } = defaults[mode];
    if (has(levelLabel(mode))) {
      level = read(levelLabel(mode), parseLevel, `must be one of ${levels.join(', ')}`) ?? ifUnreadable;
    }
    if (has(versionLabel(mode))) {
      version = read(versionLabel(mode), parseVersion, 'must be "latest" or "v1.x"') ?? 'latest';
    }
    return { level, version };
  };
  const enforce = modeOf('enforce', 'restricted');
  const audit = modeOf('audit', 'privileged');
  let warn = modeOf('warn', 'privileged');
  // Who is to be refused is warned, unless the labels say what to warn of.
  const isEnforced = parseLevel(labels[levelLabel('enforce')] ?? '') !== undefined;
  if (!has(levelLabel('warn')) && isEnforced && compareLevels(enforce.level, warn.level) > 0) {
    warn = { level: enforce.level, version: has(versionLabel('warn')) ? warn.version : enforce.version };
  }
  return { policy: { enforce, audit, warn }, errors };
}
