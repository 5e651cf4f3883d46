import { clone } from '../meta/clone.ts';
import { semanticEqual } from '../meta/deep-equal.ts';
import { forbidden, invalid, notSupported, required } from '../meta/field-error.ts';
import type { FieldError } from '../meta/field-error.ts';
import { ipFamily, validateIp } from '../meta/ip.ts';
import { isInRange, nameIsDnsSubdomain } from '../meta/names.ts';
import { validateImmutable, validateObjectMeta, validateObjectMetaUpdate } from '../meta/object-meta.ts';
import { goStringMap } from '../meta/go-text.ts';
import type { Binding, Container, ContainerStatus, NodeSelectorTerm, Pod, PodSpec } from '../types/core-v1.ts';
import { dnsSubdomain, each, forbiddenIf, qualifiedName } from './field-checks.ts';
import {
  validateAnnotationsAgainstFields,
  validatePodAnnotations,
  validatePodAnnotationsUpdate,
} from './pod-annotations.ts';
import { validatePodSpec } from './pod-spec.ts';
import { validateTolerations } from './scheduling.ts';

const int32Max = 2 ** 31 - 1;
const empty = {} as PodSpec;

export function validatePod(pod: Pod): FieldError[] {
  const spec = pod.spec ?? empty;
  return [
    ...validateObjectMeta(pod.metadata, true, nameIsDnsSubdomain),
    ...validatePodAnnotations(pod.metadata?.annotations, spec, 'metadata.annotations'),
    ...validatePodSpec(spec, 'spec', pod.metadata?.name, true),
    ...(spec.serviceAccountName ? [] : tokensWithoutAccount(spec)),
    ...each(spec.containers, 'spec.containers', imageWithoutSpace),
    ...each(spec.initContainers, 'spec.initContainers', imageWithoutSpace),
  ];
}

/** Admission names an account before this; where none is named there is none to make tokens for. */
const tokensWithoutAccount = (spec: PodSpec): FieldError[] =>
  each(spec.volumes, 'spec.volumes', (volume, at) =>
    each(volume.projected?.sources, `${at}.projected.sources`, (source, sourceAt) =>
      forbiddenIf(
        source.serviceAccountToken,
        `${sourceAt}.serviceAccountToken`,
        'must not be specified when serviceAccountName is not set',
      ),
    ),
  );

const imageWithoutSpace = (container: Container, at: string): FieldError[] => {
  const image = container.image ?? '';
  return image.trim() === image ? [] : [invalid(`${at}.image`, image, 'must not have leading or trailing whitespace')];
};

export function validatePodCreate(pod: Pod): FieldError[] {
  const spec = pod.spec ?? empty;
  return [
    ...validatePod(pod),
    ...validateAnnotationsAgainstFields(pod.metadata, spec, 'spec'),
    ...forbiddenIf(spec.ephemeralContainers?.length, 'spec.ephemeralContainers', 'cannot be set on create'),
    ...forbiddenIf(
      spec.nodeName && spec.schedulingGates?.length,
      'spec.nodeName',
      'cannot be set until all schedulingGates have been cleared',
    ),
  ];
}

/** Metadata are compared with those of before; annotations are looked at each time. */
const withoutMetadata = (errors: readonly FieldError[]): FieldError[] =>
  errors.filter(({ field }) => !/^metadata\.(?!annotations\[)/.test(field));

const updatable = [
  '`spec.containers[*].image`',
  '`spec.initContainers[*].image`',
  '`spec.activeDeadlineSeconds`',
  '`spec.tolerations` (only additions to existing tolerations)',
  '`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)',
].join(',');

function validateDeadline(spec: PodSpec, old: PodSpec): FieldError[] {
  const at = 'spec.activeDeadlineSeconds';
  const [now, before] = [spec.activeDeadlineSeconds, old.activeDeadlineSeconds];
  if (now === undefined) {
    const why = 'must not update from a positive integer to nil value';
    return before === undefined ? [] : [invalid(at, null, why)];
  }
  const range = isInRange(now, 0, int32Max).map((message) => invalid(at, now, message));
  if (range.length > 0 || before === undefined || now <= before) return range;
  return [invalid(at, now, 'must be less than or equal to previous value')];
}

/** Tolerations may be added, and their seconds changed; nothing else. */
function validateAddedTolerations(spec: PodSpec, old: PodSpec): FieldError[] {
  const at = 'spec.tolerations';
  const kept = (old.tolerations ?? []).every((before) =>
    spec.tolerations?.some((now) => semanticEqual({ ...before, tolerationSeconds: now.tolerationSeconds }, now)),
  );
  return kept
    ? validateTolerations(spec.tolerations, at)
    : [forbidden(at, 'existing toleration can not be modified except its tolerationSeconds')];
}

function validateRemovedGates(spec: PodSpec, old: PodSpec): FieldError[] {
  const before = new Set((old.schedulingGates ?? []).map((gate) => gate.name));
  return each(spec.schedulingGates, 'spec.schedulingGates', (gate, at) =>
    before.has(gate.name)
      ? []
      : [forbidden(`${at}.name`, `only deletion is allowed, but found new scheduling gate '${gate.name}'`)],
  );
}

/** New requirements behind those that were there, none of them changed. */
function onlyAdds(now: NodeSelectorTerm | undefined, before: NodeSelectorTerm): boolean {
  const lists = ['matchExpressions', 'matchFields'] as const;
  if (lists.every((key) => !before[key]?.length)) return lists.every((key) => !now?.[key]?.length);
  return lists.every((key) => {
    const old = before[key] ?? [];
    return old.length === 0 || semanticEqual((now?.[key] ?? []).slice(0, old.length), old);
  });
}

/** A pod that waits for its gates may be given fewer nodes to choose from, not others. */
function validateNarrowing(spec: PodSpec, old: PodSpec): FieldError[] {
  const errors: FieldError[] = [];
  const selector = old.nodeSelector ?? {};
  if (Object.keys(selector).some((key) => spec.nodeSelector?.[key] !== selector[key])) {
    const why = 'only additions to spec.nodeSelector are allowed (no mutations or deletions)';
    errors.push(invalid('spec.nodeSelector', goStringMap(spec.nodeSelector), why));
  }
  const needed = 'requiredDuringSchedulingIgnoredDuringExecution';
  const before = old.affinity?.nodeAffinity?.[needed]?.nodeSelectorTerms ?? [];
  const now = spec.affinity?.nodeAffinity?.[needed]?.nodeSelectorTerms ?? [];
  const at = `spec.affinity.nodeAffinity.${needed}.nodeSelectorTerms`;
  if (before.length > 0 && before.length !== now.length) {
    return [...errors, invalid(at, now, 'no additions/deletions to non-empty NodeSelectorTerms list are allowed')];
  }
  for (const [i, term] of before.entries()) {
    if (onlyAdds(now[i], term)) continue;
    errors.push(invalid(`${at}[${i}]`, now[i], 'only additions are allowed (no mutations or deletions)'));
  }
  return errors;
}

/** The new spec with what may change set back; what still differs then was changed against the rules. */
function withoutAllowedChanges(spec: PodSpec, old: PodSpec): PodSpec {
  const same = clone(spec);
  for (const [list, before] of [
    [same.containers, old.containers],
    [same.initContainers, old.initContainers],
  ] as const) {
    for (const [i, container] of (list ?? []).entries()) container.image = before?.[i]?.image;
  }
  same.activeDeadlineSeconds = old.activeDeadlineSeconds;
  same.schedulingGates = old.schedulingGates;
  same.tolerations = old.tolerations;
  if ((old.terminationGracePeriodSeconds ?? 0) < 0 && same.terminationGracePeriodSeconds === 1) {
    same.terminationGracePeriodSeconds = old.terminationGracePeriodSeconds;
  }
  // a pod that waits for its gates may still be narrowed down
  if (old.schedulingGates?.length) {
    same.nodeSelector = old.nodeSelector;
    const { nodeAffinity: _, ...others } = same.affinity ?? {};
    const affinity = { ...others, ...(old.affinity?.nodeAffinity && { nodeAffinity: old.affinity.nodeAffinity }) };
    same.affinity = Object.keys(affinity).length === 0 && old.affinity === undefined ? undefined : affinity;
  }
  return same;
}

/** First field that differs, as a hint: a real server prints a diff of the whole spec here. */
function firstDifference(a: unknown, b: unknown, path = 'spec'): string {
  if (a === null || b === null || typeof a !== 'object' || typeof b !== 'object') return path;
  const [left, right] = [a as Record<string, unknown>, b as Record<string, unknown>];
  const key = [...new Set([...Object.keys(left), ...Object.keys(right)])].find(
    (k) => !semanticEqual(left[k], right[k]),
  );
  if (key === undefined) return path;
  return firstDifference(left[key], right[key], Array.isArray(a) ? `${path}[${key}]` : `${path}.${key}`);
}

export function validatePodUpdate(pod: Pod, oldPod: Pod): FieldError[] {
  const [spec, old] = [pod.spec ?? empty, oldPod.spec ?? empty];
  const errors = [
    ...validateObjectMetaUpdate(pod.metadata, oldPod.metadata),
    ...withoutMetadata(validatePod(pod)),
    ...validatePodAnnotationsUpdate(pod.metadata?.annotations, oldPod.metadata?.annotations),
  ];
  for (const key of ['containers', 'initContainers'] as const) {
    if ((spec[key] ?? []).length !== (old[key] ?? []).length) {
      return [...errors, forbidden(`spec.${key}`, 'pod updates may not add or remove containers')];
    }
  }
  errors.push(
    ...validateDeadline(spec, old),
    ...validateAddedTolerations(spec, old),
    ...validateRemovedGates(spec, old),
    ...(old.schedulingGates?.length ? validateNarrowing(spec, old) : []),
  );
  const same = withoutAllowedChanges(spec, old);
  if (!semanticEqual(same, old)) {
    const where = firstDifference(same, old);
    errors.push(forbidden('spec', `pod updates may not change fields other than ${updatable}\n${where} was changed`));
  }
  return errors;
}

/** Through the ephemeralcontainers subresource: they may be added only. */
export function validateEphemeralContainersUpdate(pod: Pod, oldPod: Pod): FieldError[] {
  const at = 'spec.ephemeralContainers';
  const now = new Map((pod.spec?.ephemeralContainers ?? []).map((c) => [c.name, c]));
  const errors = [
    ...validateObjectMetaUpdate(pod.metadata, oldPod.metadata),
    ...withoutMetadata(validatePod(pod)),
    ...validatePodAnnotationsUpdate(pod.metadata?.annotations, oldPod.metadata?.annotations),
  ];
  for (const before of oldPod.spec?.ephemeralContainers ?? []) {
    const same = now.get(before.name);
    if (same === undefined)
      errors.push(forbidden(at, `existing ephemeral containers "${before.name}" may not be removed\n`));
    else if (!semanticEqual(same, before)) {
      errors.push(forbidden(at, `existing ephemeral containers "${before.name}" may not be changed\n`));
    }
  }
  return errors;
}

function validateIps(
  ips: { ip?: string }[] | undefined,
  old: { ip?: string }[] | undefined,
  path: string,
): FieldError[] {
  const before = (old ?? []).map((entry) => entry.ip ?? '');
  const errors = each(ips, path, (entry, at) => validateIp(entry.ip ?? '', at, before));
  const families = (ips ?? []).map((entry) => ipFamily(entry.ip ?? ''));
  const first = families.indexOf(undefined);
  if (first >= 0) {
    const why = `failed to check for dual stack with error:invalid IP[${first}]: ${ips?.[first]?.ip ?? ''}`;
    errors.push({ type: 'InternalError', field: path, detail: why });
  }
  if (families.length > 1 && (families.length > 2 || families[0] === families[1])) {
    errors.push(invalid(path, ips, 'may specify no more than one IP for each IP family'));
  }
  return errors;
}

/** What has ended stays ended, unless its pod restarts it. */
function validateTransitions(
  now: ContainerStatus[] | undefined,
  before: ContainerStatus[] | undefined,
  spec: PodSpec,
  path: string,
): FieldError[] {
  return each(before, path, (old, at) => {
    const ended = old.state?.terminated;
    if (!ended) return [];
    const container = [...(spec.containers ?? []), ...(spec.initContainers ?? [])].find((c) => c.name === old.name);
    const policy = container?.restartPolicy ?? spec.restartPolicy;
    if (policy === 'Always' || (policy === 'OnFailure' && ended.exitCode !== 0)) return [];
    const status = now?.find((s) => s.name === old.name);
    const why = 'may not be transitioned to non-terminated state';
    return status !== undefined && !status.state?.terminated ? [forbidden(`${at}.state`, why)] : [];
  });
}

const ownConditions = new Set(['PodScheduled', 'Ready', 'Initialized']);

export function validatePodStatusUpdate(pod: Pod, oldPod: Pod): FieldError[] {
  const [status, old] = [pod.status ?? {}, oldPod.status ?? {}];
  const errors = [
    ...validateObjectMetaUpdate(pod.metadata, oldPod.metadata),
    ...each(status.conditions, 'status.conditions', (condition, at) =>
      ownConditions.has(condition.type) ? [] : qualifiedName(`${at}.Type`, condition.type),
    ),
    ...forbiddenIf(
      (pod.spec?.nodeName ?? '') !== (oldPod.spec?.nodeName ?? ''),
      'status.nodeName',
      'may not be changed directly',
    ),
  ];
  if (status.nominatedNodeName && status.nominatedNodeName !== old.nominatedNodeName) {
    errors.push(...dnsSubdomain('status.nominatedNodeName', status.nominatedNodeName));
  }
  if (old.qosClass !== undefined) errors.push(...validateImmutable(status.qosClass, old.qosClass, 'status.qosClass'));
  const spec = oldPod.spec ?? empty;
  errors.push(
    ...validateTransitions(status.containerStatuses, old.containerStatuses, spec, 'status.containerStatuses'),
    ...validateIps(status.podIPs, old.podIPs, 'status.podIPs'),
    ...validateIps(status.hostIPs, old.hostIPs, 'status.hostIPs'),
  );
  const first = status.podIPs?.[0]?.ip;
  if (first !== undefined && status.podIP !== first) {
    errors.push(invalid('status.podIPs[0].ip', first, 'must be equal to `podIP`'));
  }
  return errors;
}

export function validateBinding(binding: Binding): FieldError[] {
  const { kind = '', name = '' } = binding.target ?? {};
  return [
    ...(kind === '' || kind === 'Node' ? [] : [notSupported('target.kind', kind, ['Node', '<empty>'])]),
    ...(name === '' ? [required('target.name')] : []),
  ];
}
