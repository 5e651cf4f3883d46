import type { Quantity } from '../meta/quantity.ts';
import { podQuantities } from '../pods/pod-quantities.ts';
import { qosClassOf } from '../pods/qos-class.ts';
import type { Pod, PodAffinityTerm, ScopedResourceSelectorRequirement } from '../types/core-v1.ts';
import { countName, matchesScope, one, type Evaluator } from './evaluator.ts';
import { addLists, quantityList, type QuantityList } from './quantity-list.ts';

const podCount = countName('', 'pods');
const podNames: ReadonlySet<string> = new Set([
  podCount,
  'cpu',
  'memory',
  'ephemeral-storage',
  'requests.cpu',
  'requests.memory',
  'requests.ephemeral-storage',
  'limits.cpu',
  'limits.memory',
  'limits.ephemeral-storage',
  'pods',
]);
/** Where these are limited, every container must say what it needs of them. */
const mustBeSaid: ReadonlySet<string> = new Set([
  'cpu',
  'memory',
  'requests.cpu',
  'requests.memory',
  'limits.cpu',
  'limits.memory',
]);
const requestsPrefix = 'requests.';
const implicitPrefix = 'deviceclass.resource.kubernetes.io/';
const byRequestAndLimit = ['cpu', 'memory', 'ephemeral-storage'];

const isNative = (name: string): boolean => !name.includes('/') || name.includes('kubernetes.io/');
/** of a container: devices and the like, named by a domain */
const isExtended = (name: string): boolean =>
  (!isNative(name) && !name.startsWith(requestsPrefix)) || name.startsWith(implicitPrefix);
/** of a quota */
const isExtendedName = (name: string): boolean =>
  name.startsWith(requestsPrefix) && (!isNative(name) || name.startsWith(requestsPrefix + implicitPrefix));

/** The names under which requests and limits count. */
function computeUsage(requests: QuantityList, limits: QuantityList): Map<string, Quantity> {
  const usage = new Map<string, Quantity>([['pods', one]]);
  for (const name of byRequestAndLimit) {
    const [request, limit] = [requests.get(name), limits.get(name)];
    if (request !== undefined) usage.set(name, request).set(requestsPrefix + name, request);
    if (limit !== undefined) usage.set(`limits.${name}`, limit);
  }
  for (const [name, request] of requests) {
    if (name.startsWith('hugepages-')) usage.set(name, request).set(requestsPrefix + name, request);
    if (isExtended(name)) usage.set(requestsPrefix + name, request);
  }
  return usage;
}

/** Ended ones use nothing, and neither do those whose end was due: a lost node must not keep a namespace full. */
function isAlive({ metadata, status }: Pod, nowMs: number): boolean {
  if (status?.phase === 'Failed' || status?.phase === 'Succeeded') return false;
  const { deletionTimestamp, deletionGracePeriodSeconds } = metadata ?? {};
  if (deletionTimestamp === undefined || deletionGracePeriodSeconds === undefined) return true;
  return nowMs <= Date.parse(deletionTimestamp) + deletionGracePeriodSeconds * 1000;
}

const isTerminating = ({ spec }: Pod): boolean => (spec?.activeDeadlineSeconds ?? -1) >= 0;

function looksElsewhere({ spec }: Pod): boolean {
  const { podAffinity, podAntiAffinity } = spec?.affinity ?? {};
  const terms: PodAffinityTerm[] = [podAffinity, podAntiAffinity].flatMap((affinity) => [
    ...(affinity?.requiredDuringSchedulingIgnoredDuringExecution ?? []),
    ...(affinity?.preferredDuringSchedulingIgnoredDuringExecution ?? []).map((term) => term.podAffinityTerm),
  ]);
  return terms.some((term) => (term.namespaces?.length ?? 0) > 0 || term.namespaceSelector !== undefined);
}

const isInScope = (scope: ScopedResourceSelectorRequirement, pod: Pod): boolean => {
  switch (scope.scopeName) {
    case 'Terminating':
      return isTerminating(pod);
    case 'NotTerminating':
      return !isTerminating(pod);
    case 'BestEffort':
      return qosClassOf(pod) === 'BestEffort';
    case 'NotBestEffort':
      return qosClassOf(pod) !== 'BestEffort';
    case 'PriorityClass':
      return matchesScope(scope, pod.spec?.priorityClassName || undefined);
    case 'CrossNamespacePodAffinity':
      return looksElsewhere(pod);
    default:
      return false;
  }
};

const hasPodLevel = ({ spec }: Pod): boolean =>
  [spec?.resources?.requests, spec?.resources?.limits].some((list) => Object.keys(list ?? {}).length > 0);

/** `must specify limits.cpu for: a,b; requests.cpu for: a` */
function problem(names: readonly string[], pod: Pod): string {
  if (hasPodLevel(pod)) return '';
  const missing = new Map<string, Set<string>>();
  for (const container of [...(pod.spec?.containers ?? []), ...(pod.spec?.initContainers ?? [])]) {
    const { requests, limits } = container.resources ?? {};
    const said = computeUsage(quantityList(requests), quantityList(limits));
    for (const name of names) {
      if (!mustBeSaid.has(name) || said.has(name)) continue;
      missing.set(name, (missing.get(name) ?? new Set()).add(container.name));
    }
  }
  const parts = [...missing.keys()]
    .sort()
    .map((name) => `${name} for: ${[...(missing.get(name) ?? [])].sort().join(',')}`);
  return parts.length === 0 ? '' : `must specify ${parts.join('; ')}`;
}

export const podEvaluator: Evaluator<Pod> = {
  group: '',
  resource: 'pods',
  handles({ operation, subresource }, pod, old) {
    if (subresource === 'resize') return operation === 'UPDATE';
    if (subresource !== '') return false;
    return (
      operation === 'CREATE' ||
      (operation === 'UPDATE' && old !== undefined && isTerminating(pod) !== isTerminating(old))
    );
  },
  matching: (names) =>
    [...names].filter(
      (name) =>
        podNames.has(name) ||
        name.startsWith('hugepages-') ||
        name.startsWith(`${requestsPrefix}hugepages-`) ||
        isExtendedName(name),
    ),
  usage(pod, nowMs) {
    const count = new Map([[podCount, one]]);
    if (!isAlive(pod, nowMs)) return count;
    const options = { overhead: true, actual: true };
    const requests = podQuantities(pod, 'requests', options);
    return addLists(count, computeUsage(requests, podQuantities(pod, 'limits', options)));
  },
  problem,
  isInScope,
};

/** Has something changed by which a pod may use less? */
export const podFreesQuota = (pod: Pod, old: Pod, nowMs: number): boolean =>
  isTerminating(pod) !== isTerminating(old) ||
  (isAlive(old, nowMs) && !isAlive(pod, nowMs)) ||
  JSON.stringify(grantedOf(pod)) !== JSON.stringify(grantedOf(old));

const grantedOf = ({ status }: Pod): unknown[] =>
  [...(status?.containerStatuses ?? []), ...(status?.initContainerStatuses ?? [])]
    .filter(({ resources }) => resources !== undefined)
    .map(({ name, resources }) => [name, resources]);
