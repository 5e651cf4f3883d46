/** Annotations of a pod that mean something to the server: what fields have taken over from, mostly. */
import { forbidden, invalid } from '../meta/field-error.ts';
import type { FieldError } from '../meta/field-error.ts';
import { appArmorAnnotation } from '../pods/app-armor.ts';
import { containersOf } from '../pods/containers.ts';
import type { AppArmorProfile, PodSpec, SeccompProfile } from '../types/core-v1.ts';
import type { ObjectMeta } from '../types/meta-v1.ts';
import { localPath } from './field-checks.ts';

export const mirrorAnnotation = 'kubernetes.io/config.mirror';
const deletionCost = 'controller.kubernetes.io/pod-deletion-cost';
const podSeccomp = 'seccomp.security.alpha.kubernetes.io/pod';
const containerSeccomp = 'container.seccomp.security.alpha.kubernetes.io/';
const localhost = 'localhost/';
const int32 = 2 ** 31;

type Annotations = Readonly<Record<string, string>>;

function isDeletionCost(text: string): boolean {
  if (!/^-?(?:0|[1-9][0-9]*)$/.test(text)) return false;
  const cost = Number(text);
  return cost >= -int32 && cost < int32;
}

function validateSeccompValue(value: string, path: string): FieldError[] {
  if (['runtime/default', 'docker/default', 'unconfined'].includes(value)) return [];
  if (value.startsWith(localhost)) return localPath(path, value.slice(localhost.length));
  return [invalid(path, value, 'must be a valid seccomp profile')];
}

/** `path` of the annotations. */
export function validatePodAnnotations(
  annotations: Annotations | undefined,
  spec: PodSpec,
  path: string,
): FieldError[] {
  if (annotations === undefined) return [];
  const errors: FieldError[] = [];
  const mirror = annotations[mirrorAnnotation];
  if (mirror !== undefined && !spec.nodeName) {
    const why = 'must set spec.nodeName if mirror pod annotation is set';
    errors.push(invalid(`${path}[${mirrorAnnotation}]`, mirror, why));
  }
  const cost = annotations[deletionCost];
  if (cost !== undefined && !isDeletionCost(cost)) {
    errors.push(invalid(`${path}[${deletionCost}]`, cost, 'must be a 32bit integer'));
  }
  for (const [key, value] of Object.entries(annotations)) {
    if (key === podSeccomp || key.startsWith(containerSeccomp)) {
      errors.push(...validateSeccompValue(value, `${path}[${key}]`));
    }
  }
  const names = new Set(containersOf(spec, '').map(([{ name }]) => name));
  for (const [key, value] of Object.entries(annotations)) {
    if (!key.startsWith(appArmorAnnotation)) continue;
    const name = key.slice(appArmorAnnotation.length);
    if (!names.has(name)) errors.push(invalid(`${path}[${key}]`, name, 'container not found'));
    const known = value === '' || value === 'runtime/default' || value === 'unconfined' || value.startsWith(localhost);
    if (!known) {
      const why = `invalid AppArmor profile name: ${JSON.stringify(value)}`;
      errors.push(invalid(`${path}[${key}]`, value, why));
    }
  }
  return errors;
}

const annotated: Readonly<Record<string, readonly string[]>> = {
  Unconfined: ['unconfined'],
  RuntimeDefault: ['runtime/default', 'docker/default'],
};

/** Where both are there they must say the same. */
function validateMatch(
  value: string | undefined,
  profile: AppArmorProfile | SeccompProfile | undefined,
  path: string,
  what: 'apparmor' | 'seccomp',
): FieldError[] {
  if (value === undefined || profile === undefined) return [];
  const typeDiffers = [forbidden(`${path}.type`, `${what} type in annotation and field must match`)];
  if (profile.type !== 'Localhost') {
    const values = annotated[profile.type] ?? [value];
    const fits = values.includes(value) && !(what === 'apparmor' && value === 'docker/default');
    return fits ? [] : typeDiffers;
  }
  if (!value.startsWith(localhost)) return typeDiffers;
  if (value.slice(localhost.length) === profile.localhostProfile) return [];
  return [forbidden(`${path}.localhostProfile`, `${what} profile in annotation and field must match`)];
}

/** `path` of the pod's spec. */
export function validateAnnotationsAgainstFields(
  meta: ObjectMeta | undefined,
  spec: PodSpec,
  path: string,
): FieldError[] {
  const annotations = meta?.annotations;
  if (annotations === undefined) return [];
  const ofPod = spec.securityContext;
  const containers = containersOf(spec, path);
  const errors = validateMatch(
    annotations[podSeccomp],
    ofPod?.seccompProfile,
    `${path}.securityContext.seccompProfile`,
    'seccomp',
  );
  for (const [container, at] of containers) {
    const value = annotations[containerSeccomp + container.name];
    const profileAt = `${at}.securityContext.seccompProfile`;
    errors.push(...validateMatch(value, container.securityContext?.seccompProfile, profileAt, 'seccomp'));
  }
  if (spec.os?.name === 'windows') return errors;
  for (const [container, at] of containers) {
    const value = annotations[appArmorAnnotation + container.name];
    const profile = container.securityContext?.appArmorProfile ?? ofPod?.appArmorProfile;
    errors.push(...validateMatch(value, profile, `${at}.securityContext.appArmorProfile`, 'apparmor'));
  }
  return errors;
}

/** Some stay as the pod was made with them. */
export function validatePodAnnotationsUpdate(now: Annotations = {}, old: Annotations = {}): FieldError[] {
  const errors: FieldError[] = [];
  const changes: [key: string, verb: string][] = [
    ...Object.keys(old).flatMap((key): [string, string][] =>
      now[key] === old[key] ? [] : [[key, 'remove or update']],
    ),
    ...Object.keys(now).flatMap((key): [string, string][] => (Object.hasOwn(old, key) ? [] : [[key, 'add']])),
  ];
  for (const [key, verb] of changes) {
    const at = `metadata.annotations[${key}]`;
    if (key.startsWith(appArmorAnnotation)) errors.push(forbidden(at, `may not ${verb} AppArmor annotations`));
    if (key === mirrorAnnotation) errors.push(forbidden(at, `may not ${verb} mirror pod annotation`));
  }
  return errors;
}
