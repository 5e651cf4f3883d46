import { newInternalError, newInvalid, qualified } from '../../api/meta/status.ts';
import { violationDetails, violationReasons, violationsOf } from '../../api/pod-security/evaluate.ts';
import {
  compareLevels,
  isFullyPrivileged,
  levelLabel,
  levelText,
  policyOf,
  privilegedPolicy,
  sameLevel,
  versionLabel,
  type LevelVersion,
  type PodSecurityPolicy,
} from '../../api/pod-security/policy.ts';
import type { Namespace, Pod, PodTemplateSpec } from '../../api/types/core-v1.ts';
import { groupResourceOf, gvkOf } from '../endpoints/resource-request.ts';
import type { KubeObject, ObjectStore } from '../pipeline.ts';
import { isFor, refusal, type AdmissionPlugin, type AdmissionRequest } from './admission.ts';

export interface PodSecurityConfiguration {
  /** where a namespace has no labels */
  readonly defaults: PodSecurityPolicy;
  readonly exemptions: {
    readonly usernames: readonly string[];
    readonly namespaces: readonly string[];
    readonly runtimeClasses: readonly string[];
  };
}

export const podSecurityDefault: PodSecurityConfiguration = {
  defaults: privilegedPolicy,
  exemptions: { usernames: [], namespaces: [], runtimeClasses: [] },
};

const auditPrefix = 'pod-security.kubernetes.io/';
/** a change of a namespace's labels looks at so many of its pods; the rest is told of */
const podsCheckedMax = 3_000;
const ignoredSubresources: ReadonlySet<string> = new Set([
  'exec',
  'attach',
  'binding',
  'eviction',
  'log',
  'portforward',
  'proxy',
  'status',
]);

const templateOf = (object: KubeObject): PodTemplateSpec | undefined =>
  (object['spec'] as { template?: PodTemplateSpec } | undefined)?.template;

/** Kinds that make pods, and where their template is. */
const templates: Readonly<Record<string, (object: KubeObject) => PodTemplateSpec | undefined>> = {
  podtemplates: (object) => object['template'] as PodTemplateSpec | undefined,
  replicationcontrollers: templateOf,
  'replicasets.apps': templateOf,
  'deployments.apps': templateOf,
  'statefulsets.apps': templateOf,
  'daemonsets.apps': templateOf,
  'jobs.batch': templateOf,
  'cronjobs.batch': (object) =>
    (object['spec'] as { jobTemplate?: { spec?: { template?: PodTemplateSpec } } } | undefined)?.jobTemplate?.spec
      ?.template,
};

/** Of what may change in a pod only images matter, and containers that come to it. */
function isSignificant(pod: Pod, old: Pod): boolean {
  const lists = ['containers', 'initContainers'] as const;
  for (const list of lists) {
    const [now = [], before = []] = [pod.spec?.[list], old.spec?.[list]];
    if (now.length !== before.length || now.some(({ image }, i) => image !== before[i]?.image)) return true;
  }
  return (pod.spec?.ephemeralContainers ?? []).some(({ name, image }) => {
    const before = old.spec?.ephemeralContainers?.find((container) => container.name === name);
    return before === undefined || before.image !== image;
  });
}

/** Pods of one owner are alike: the first of each comes before the others. */
function byOwner(pods: readonly Pod[]): Pod[] {
  const seen = new Set<string>();
  const alike: Pod[] = [];
  const first = pods.filter((pod) => {
    const owner = pod.metadata?.ownerReferences?.find(({ controller }) => controller)?.uid;
    if (owner === undefined) return true;
    if (seen.has(owner)) {
      alike.push(pod);
      return false;
    }
    seen.add(owner);
    return true;
  });
  return [...first, ...alike];
}

const alikeText = (name: string, count: number, text: string): string => {
  if (count === 1) return `${name}: ${text}`;
  return `${name} (and ${count - 1} other ${count === 2 ? 'pod' : 'pods'}): ${text}`;
};

/** The Pod Security Standards, by the labels of namespaces. */
class PodSecurity implements AdmissionPlugin {
  readonly name = 'PodSecurity';
  readonly resources = ['namespaces', 'pods', ...Object.keys(templates)];
  readonly #store: ObjectStore;
  readonly #configuration: PodSecurityConfiguration;

  constructor(store: ObjectStore, configuration: PodSecurityConfiguration) {
    this.#store = store;
    this.#configuration = configuration;
  }

  async validate(request: AdmissionRequest): Promise<void> {
    if (request.operation === 'DELETE' || request.object === undefined) return;
    if (isFor(request, '', 'namespaces')) await this.#namespace(request);
    else if (isFor(request, '', 'pods')) await this.#pod(request);
    else {
      const template = templates[qualified(groupResourceOf(request.entry))];
      if (template !== undefined && request.subresource === '')
        await this.#controller(request, template(request.object));
    }
  }

  async #namespace(request: AdmissionRequest): Promise<void> {
    if (request.subresource !== '') return;
    const { defaults } = this.#configuration;
    const namespace = request.object as Namespace;
    const name = namespace.metadata?.name ?? '';
    const { policy, errors } = policyOf(namespace.metadata?.labels, defaults);
    const before = policyOf(request.old?.metadata?.labels, defaults);
    const isNew = request.operation === 'CREATE';
    const errorsChanged = isNew || JSON.stringify(errors) !== JSON.stringify(before.errors);
    if (errors.length > 0 && errorsChanged) throw newInvalid(gvkOf(request.entry), name, errors);
    const { enforce } = policy;
    if (!isNew) {
      const was = before.policy.enforce;
      if (sameLevel(enforce, was) || enforce.level === 'privileged') return;
      if (enforce.version === was.version && compareLevels(enforce.level, was.level) < 1) return;
    }
    if (this.#configuration.exemptions.namespaces.includes(name)) {
      this.#warnOfExemption(request, namespace, policy);
      return;
    }
    if (!isNew) for (const warning of await this.#podsAgainst(name, enforce)) request.warn?.(warning);
  }

  #warnOfExemption(request: AdmissionRequest, namespace: Namespace, policy: PodSecurityPolicy): void {
    const { defaults } = this.#configuration;
    const modes = ['enforce', 'audit', 'warn'] as const;
    if (isFullyPrivileged(policy) || modes.every((mode) => sameLevel(policy[mode], defaults[mode]))) return;
    const labels = namespace.metadata?.labels ?? {};
    const set = modes.filter(
      (mode) =>
        policy[mode].level !== 'privileged' &&
        (labels[levelLabel(mode)] !== undefined || labels[versionLabel(mode)] !== undefined),
    );
    const shown = set.map((mode) => `${mode}=${levelText(policy[mode])}`).join(', ');
    request.warn?.(
      `namespace "${namespace.metadata?.name ?? ''}" is exempt from Pod Security, and the policy (${shown}) will be ignored`,
    );
  }

  /** What the pods that are there would break of a new level. */
  async #podsAgainst(namespace: string, enforce: LevelVersion): Promise<string[]> {
    const all = byOwner((await this.#store.list('', 'pods', namespace)) as unknown as readonly Pod[]).filter(
      (pod) => !this.#isExemptClass(pod.spec?.runtimeClassName),
    );
    const broken = new Map<string, string[]>();
    for (const { metadata, spec } of all.slice(0, podsCheckedMax)) {
      if (spec === undefined) continue;
      const reasons = violationReasons(violationsOf(enforce, { metadata, spec }));
      if (reasons !== '') broken.set(reasons, [...(broken.get(reasons) ?? []), metadata?.name ?? '']);
    }
    const warnings: string[] = [];
    if (all.length > podsCheckedMax) {
      warnings.push(
        `new PodSecurity enforce level only checked against the first ${podsCheckedMax} of ${all.length} existing pods`,
      );
    }
    if (broken.size > 0) {
      warnings.push(
        `existing pods in namespace "${namespace}" violate the new PodSecurity enforce level "${levelText(enforce)}"`,
      );
    }
    const each = [...broken].map(([reasons, names]) => alikeText(names.sort()[0] ?? '', names.length, reasons));
    return [...warnings, ...each.sort()];
  }

  async #pod(request: AdmissionRequest): Promise<void> {
    if (ignoredSubresources.has(request.subresource) || this.#isExempt(request)) return;
    const { policy, isPrivileged } = await this.#policyFor(request);
    if (isPrivileged) return;
    const pod = request.object as unknown as Pod;
    if (request.operation === 'UPDATE' && !isSignificant(pod, request.old as unknown as Pod)) return;
    this.#evaluate(request, policy, pod, true);
  }

  /** Kinds that make pods are never refused: their pods will be. */
  async #controller(request: AdmissionRequest, template: PodTemplateSpec | undefined): Promise<void> {
    if (template === undefined || this.#isExempt(request)) return;
    const { policy } = await this.#policyFor(request);
    if (policy.warn.level === 'privileged' && policy.audit.level === 'privileged') return;
    this.#evaluate(request, policy, template, false);
  }

  #evaluate(request: AdmissionRequest, policy: PodSecurityPolicy, pod: PodTemplateSpec, isEnforced: boolean): void {
    const { spec, metadata } = pod;
    if (spec === undefined || this.#isExemptClass(spec.runtimeClassName)) return;
    const detailsFor = (level: LevelVersion): string => violationDetails(violationsOf(level, { metadata, spec }));
    const audit = detailsFor(policy.audit);
    if (audit !== '') {
      const text = `would violate PodSecurity "${levelText(policy.audit)}": ${audit}`;
      request.annotate?.(`${auditPrefix}audit-violations`, text);
    }
    if (isEnforced) {
      const enforced = levelText(policy.enforce);
      request.annotate?.(`${auditPrefix}enforce-policy`, enforced);
      const why = detailsFor(policy.enforce);
      if (why !== '') throw refusal(request, `violates PodSecurity "${enforced}": ${why}`);
    }
    const warning = detailsFor(policy.warn);
    if (warning !== '') request.warn?.(`would violate PodSecurity "${levelText(policy.warn)}": ${warning}`);
  }

  async #policyFor(request: AdmissionRequest): Promise<{ policy: PodSecurityPolicy; isPrivileged: boolean }> {
    const namespace = await this.#store.get('', 'namespaces', '', request.namespace);
    if (namespace === undefined) throw newInternalError(`failed to lookup namespace "${request.namespace}"`);
    const { policy, errors } = policyOf(namespace.metadata?.labels, this.#configuration.defaults);
    if (errors.length > 0) request.annotate?.(`${auditPrefix}error`, 'Failed to parse policy');
    return { policy, isPrivileged: errors.length === 0 && isFullyPrivileged(policy) };
  }

  #isExempt({ namespace, user }: AdmissionRequest): boolean {
    const { namespaces, usernames } = this.#configuration.exemptions;
    return namespaces.includes(namespace) || (user !== undefined && usernames.includes(user.name));
  }

  #isExemptClass(runtimeClass: string | undefined): boolean {
    return !!runtimeClass && this.#configuration.exemptions.runtimeClasses.includes(runtimeClass);
  }
}

export const podSecurity = (
  store: ObjectStore,
  configuration: PodSecurityConfiguration = podSecurityDefault,
): AdmissionPlugin => new PodSecurity(store, configuration);
