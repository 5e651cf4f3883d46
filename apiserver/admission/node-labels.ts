type Labels = Readonly<Record<string, string>>;

const restrictionNamespace = 'node-restriction.kubernetes.io';
const kubeletLabels: ReadonlySet<string> = new Set([
  'kubernetes.io/hostname',
  'topology.kubernetes.io/zone',
  'topology.kubernetes.io/region',
  'failure-domain.beta.kubernetes.io/zone',
  'failure-domain.beta.kubernetes.io/region',
  'beta.kubernetes.io/instance-type',
  'node.kubernetes.io/instance-type',
  'kubernetes.io/os',
  'kubernetes.io/arch',
  'beta.kubernetes.io/os',
  'beta.kubernetes.io/arch',
]);

const isWithin = (namespace: string, ...domains: readonly string[]): boolean =>
  domains.some((domain) => namespace === domain || namespace.endsWith(`.${domain}`));

/** Labels that schedulers go by are for administrators, but for those that every kubelet sets on its node. */
function isForbidden(key: string): boolean {
  const slash = key.indexOf('/');
  const namespace = slash === -1 ? '' : key.slice(0, slash);
  if (isWithin(namespace, restrictionNamespace)) return true;
  if (!isWithin(namespace, 'kubernetes.io', 'k8s.io')) return false;
  return !kubeletLabels.has(key) && !isWithin(namespace, 'kubelet.kubernetes.io', 'node.kubernetes.io');
}

/** Labels that differ although a kubelet may not change them, sorted. */
export function forbiddenLabels(now: Labels = {}, before: Labels = {}): string[] {
  const keys = new Set([...Object.keys(now), ...Object.keys(before)]);
  const valueOf = (labels: Labels, key: string): string | undefined =>
    Object.hasOwn(labels, key) ? labels[key] : undefined;
  return [...keys].filter((key) => valueOf(now, key) !== valueOf(before, key) && isForbidden(key)).sort();
}
