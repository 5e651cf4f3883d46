import { formatQuantity, millisOf, unitsOf, zeroQuantity, type Quantity } from '../../api/meta/quantity.ts';
import { podQuantities } from '../../api/pods/pod-quantities.ts';
import { quantityList, type QuantityList } from '../../api/quota/quantity-list.ts';
import type {
  Container,
  LimitRange,
  LimitRangeItem,
  PersistentVolumeClaim,
  Pod,
  ResourceList,
} from '../../api/types/core-v1.ts';
import type { ObjectStore } from '../pipeline.ts';
import { isFor, refusal, type AdmissionPlugin, type AdmissionRequest } from './admission.ts';

const annotation = 'kubernetes.io/limit-ranger';
/** beyond this, thousandths would not fit in 63 bits, and whole units are compared */
const milliUnitsMax = (2n ** 63n - 1n) / 1000n;

/** Amounts in thousandths where all of them fit, as Kubernetes compares them. */
function comparable(...quantities: (Quantity | undefined)[]): bigint[] {
  const all = quantities.map((quantity) => quantity ?? zeroQuantity);
  const fits = all.every((quantity) => unitsOf(quantity) <= milliUnitsMax);
  return all.map(fits ? millisOf : unitsOf);
}

interface Asked {
  readonly requests: QuantityList;
  readonly limits: QuantityList;
}

function minProblem(type: string, name: string, bound: Quantity, { requests, limits }: Asked): string {
  const [request, limit] = [requests.get(name), limits.get(name)];
  const [requested = 0n, limited = 0n, least = 0n] = comparable(request, limit, bound);
  const head = `minimum ${name} usage per ${type} is ${formatQuantity(bound)}`;
  if (request === undefined) return `${head}.  No request is specified`;
  if (requested < least) return `${head}, but request is ${formatQuantity(request)}`;
  if (limit !== undefined && limited < least) return `${head}, but limit is ${formatQuantity(limit)}`;
  return '';
}

function maxProblem(type: string, name: string, bound: Quantity, { requests, limits }: Asked): string {
  const [request, limit] = [requests.get(name), limits.get(name)];
  const [requested = 0n, limited = 0n, most = 0n] = comparable(request, limit, bound);
  const head = `maximum ${name} usage per ${type} is ${formatQuantity(bound)}`;
  if (limit === undefined) return `${head}.  No limit is specified`;
  if (limited > most) return `${head}, but limit is ${formatQuantity(limit)}`;
  if (request !== undefined && requested > most) return `${head}, but request is ${formatQuantity(request)}`;
  return '';
}

/** A claim has requests only. */
function maxRequestProblem(type: string, name: string, bound: Quantity, { requests }: Asked): string {
  const request = requests.get(name);
  const [requested = 0n, most = 0n] = comparable(request, bound);
  const head = `maximum ${name} usage per ${type} is ${formatQuantity(bound)}`;
  if (request === undefined) return `${head}.  No request is specified`;
  return requested > most ? `${head}, but request is ${formatQuantity(request)}` : '';
}

function ratioProblem(type: string, name: string, bound: Quantity, { requests, limits }: Asked): string {
  const [request, limit] = [requests.get(name), limits.get(name)];
  const [requested = 0n, limited = 0n] = comparable(request, limit, bound);
  const head = `${name} max limit to request ratio per ${type} is ${formatQuantity(bound)}`;
  if (requested === 0n) return `${head}, but no request is specified or request is 0`;
  if (limited === 0n) return `${head}, but no limit is specified or limit is 0`;
  const ratio = Number(limited) / Number(requested);
  const isPrecise = unitsOf(bound) <= milliUnitsMax;
  const exceeds = isPrecise ? ratio * 1000 > Number(millisOf(bound)) : ratio > Number(unitsOf(bound));
  return exceeds ? `${head}, but provided ratio is ${ratio.toFixed(6)}` : '';
}

type Problem = (type: string, name: string, bound: Quantity, asked: Asked) => string;

function problemsOf(type: string, bounds: ResourceList | undefined, problem: Problem, asked: Asked): string[] {
  return [...quantityList(bounds)]
    .map(([name, bound]) => problem(type, name, bound, asked))
    .filter((text) => text !== '');
}

const limitProblems = (item: LimitRangeItem, asked: Asked): string[] => [
  ...problemsOf(item.type, item.min, minProblem, asked),
  ...problemsOf(item.type, item.max, maxProblem, asked),
  ...problemsOf(item.type, item.maxLimitRequestRatio, ratioProblem, asked),
];

/** All that a pod breaks of one LimitRange. */
export function podProblems({ spec }: LimitRange, pod: Pod): string[] {
  const containers = [...(pod.spec?.containers ?? []), ...(pod.spec?.initContainers ?? [])];
  return (spec?.limits ?? []).flatMap((item) => {
    if (item.type === 'Container') {
      return containers.flatMap(({ resources }) =>
        limitProblems(item, { requests: quantityList(resources?.requests), limits: quantityList(resources?.limits) }),
      );
    }
    if (item.type !== 'Pod') return [];
    return limitProblems(item, { requests: podQuantities(pod, 'requests'), limits: podQuantities(pod, 'limits') });
  });
}

export function claimProblems({ spec }: LimitRange, claim: PersistentVolumeClaim): string[] {
  const asked = { requests: quantityList(claim.spec?.resources?.requests), limits: new Map() };
  return (spec?.limits ?? [])
    .filter((item) => item.type === 'PersistentVolumeClaim')
    .flatMap((item) => [
      ...problemsOf(item.type, item.min, minProblem, asked),
      ...problemsOf(item.type, item.max, maxRequestProblem, asked),
    ]);
}

/** The names that were filled in, sorted. */
function fill(into: ResourceList, defaults: ResourceList): string[] {
  const missing = Object.keys(defaults).filter((name) => !Object.hasOwn(into, name));
  for (const name of missing) into[name] = defaults[name] as string;
  return missing.sort();
}

/** Fills in what containers leave out, and says so in an annotation. */
export function applyLimitDefaults({ spec }: LimitRange, pod: Pod): void {
  const items = (spec?.limits ?? []).filter((item) => item.type === 'Container');
  const requests: ResourceList = Object.assign({}, ...items.map((item) => item.defaultRequest ?? {}));
  const limits: ResourceList = Object.assign({}, ...items.map((item) => item.default ?? {}));
  const done: string[] = [];
  const merge = (container: Container, kind: string): void => {
    const resources = { ...container.resources };
    const own = { requests: { ...resources.requests }, limits: { ...resources.limits } };
    const setLimits = fill(own.limits, limits);
    const setRequests = fill(own.requests, requests);
    if (setRequests.length > 0) done.push(`${setRequests.join(', ')} request for ${kind} ${container.name}`);
    if (setLimits.length > 0) done.push(`${setLimits.join(', ')} limit for ${kind} ${container.name}`);
    if (setRequests.length + setLimits.length === 0) return;
    if (Object.keys(own.requests).length > 0) resources.requests = own.requests;
    if (Object.keys(own.limits).length > 0) resources.limits = own.limits;
    container.resources = resources;
  };
  for (const container of pod.spec?.containers ?? []) merge(container, 'container');
  for (const container of pod.spec?.initContainers ?? []) merge(container, 'init container');
  if (done.length === 0) return;
  const annotations = { ...pod.metadata?.annotations, [annotation]: `LimitRanger plugin set: ${done.join('; ')}` };
  pod.metadata = { ...pod.metadata, annotations };
}

const aggregate = (problems: readonly string[]): string => {
  const unique = [...new Set(problems)];
  return unique.length === 1 ? (unique[0] as string) : `[${unique.join(', ')}]`;
};

/** Containers cannot be added to a pod later, so that pods are looked at when they are made, or resized. */
function concerns(request: AdmissionRequest): 'pods' | 'claims' | undefined {
  const { operation, subresource, old } = request;
  if (operation === 'DELETE' || old?.metadata?.deletionTimestamp !== undefined) return undefined;
  if (isFor(request, '', 'pods')) {
    const isLooked = operation === 'CREATE' ? subresource === '' : subresource === 'resize';
    return isLooked ? 'pods' : undefined;
  }
  return isFor(request, '', 'persistentvolumeclaims') && subresource === '' ? 'claims' : undefined;
}

/** Keeps containers, pods and claims within the LimitRanges of their namespace. */
export const limitRanger = (store: ObjectStore): AdmissionPlugin => {
  const rangesOf = async (namespace: string): Promise<readonly LimitRange[]> =>
    await store.list('', 'limitranges', namespace);
  return {
    name: 'LimitRanger',
    resources: ['pods', 'persistentvolumeclaims'],
    async mutate(request) {
      if (concerns(request) !== 'pods') return;
      for (const range of await rangesOf(request.namespace))
        applyLimitDefaults(range, request.object as unknown as Pod);
    },
    async validate(request) {
      const what = concerns(request);
      if (what === undefined) return;
      for (const range of await rangesOf(request.namespace)) {
        const problems =
          what === 'pods'
            ? podProblems(range, request.object as unknown as Pod)
            : claimProblems(range, request.object as unknown as PersistentVolumeClaim);
        if (problems.length > 0) throw refusal(request, aggregate(problems));
      }
    },
  };
};
