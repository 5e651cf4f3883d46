import { isObject } from '../../api/meta/clone.ts';
import { policyOf, privilegedPolicy, levelLabel, versionLabel } from '../../api/pod-security/policy.ts';
import { podSecurityDefault, type PodSecurityConfiguration } from './pod-security.ts';

const groups: ReadonlySet<string> = new Set(
  ['v1', 'v1beta1', 'v1alpha1'].map((version) => `pod-security.admission.config.k8s.io/${version}`),
);
const modes = ['enforce', 'audit', 'warn'] as const;

function list(value: unknown, field: string): readonly string[] {
  if (value === undefined || value === null) return [];
  if (Array.isArray(value) && value.every((item) => typeof item === 'string' && item !== '')) return value as string[];
  throw new Error(`exemptions.${field}: a list of names is expected`);
}

/** Of something else its JSON, which is no level and no version. */
const text = (value: unknown, fallback: string): string =>
  typeof value === 'string' ? value : value === undefined || value === null ? fallback : JSON.stringify(value);

/** Fields that there are not are mistakes: what is meant to be exempt would not be. */
function checkFields(object: Readonly<Record<string, unknown>>, known: readonly string[], where: string): void {
  const unknown = Object.keys(object).find((field) => !known.includes(field));
  if (unknown !== undefined) throw new Error(`unknown field "${where}${unknown}"`);
}

/** A PodSecurityConfiguration as it stands in an AdmissionConfiguration. Throws where it is none. */
export function readPodSecurityConfiguration(given: unknown): PodSecurityConfiguration {
  if (!isObject(given) || given['kind'] !== 'PodSecurityConfiguration' || !groups.has(String(given['apiVersion']))) {
    throw new Error('a PodSecurityConfiguration of pod-security.admission.config.k8s.io/v1 is expected');
  }
  checkFields(given, ['apiVersion', 'kind', 'defaults', 'exemptions'], '');
  const defaults = isObject(given['defaults']) ? given['defaults'] : {};
  const exemptions = isObject(given['exemptions']) ? given['exemptions'] : {};
  checkFields(
    defaults,
    modes.flatMap((mode) => [mode, `${mode}-version`]),
    'defaults.',
  );
  checkFields(exemptions, ['usernames', 'namespaces', 'runtimeClasses'], 'exemptions.');
  const labels: Record<string, string> = {};
  for (const mode of modes) {
    labels[levelLabel(mode)] = text(defaults[mode], 'privileged');
    labels[versionLabel(mode)] = text(defaults[`${mode}-version`], 'latest');
  }
  const { policy, errors } = policyOf(labels, privilegedPolicy);
  const [error] = errors;
  if (error !== undefined) {
    const field = error.field.replace(/^metadata\.labels\[pod-security\.kubernetes\.io\/(.*)\]$/, 'defaults.$1');
    throw new Error(`${field}: Invalid value: ${JSON.stringify(error.badValue)}: ${error.detail}`);
  }
  return {
    ...podSecurityDefault,
    defaults: policy,
    exemptions: {
      usernames: list(exemptions['usernames'], 'usernames'),
      namespaces: list(exemptions['namespaces'], 'namespaces'),
      runtimeClasses: list(exemptions['runtimeClasses'], 'runtimeClasses'),
    },
  };
}
