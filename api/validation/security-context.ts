/** Security contexts of containers and pods. */
import { duplicate, invalid, notSupported, required } from '../meta/field-error.ts';
import type { FieldError } from '../meta/field-error.ts';
import { isInRange } from '../meta/names.ts';
import type { AppArmorProfile, PodSpec, SeccompProfile, SecurityContext } from '../types/core-v1.ts';
import { validateWindowsOptions } from './windows.ts';
import { each, localPath, oneOfIfSet } from './field-checks.ts';

const idMax = 2 ** 31 - 1;

const validateId = (id: number | undefined, path: string): FieldError[] =>
  id === undefined ? [] : isInRange(id, 0, idMax).map((message) => invalid(path, id, message));

export function validateSeccomp(profile: SeccompProfile | undefined, path: string): FieldError[] {
  if (profile === undefined) return [];
  const errors: FieldError[] = [];
  if (!profile.type) errors.push(required(`${path}.type`, 'type is required when seccompProfile is set'));
  else errors.push(...oneOfIfSet(`${path}.type`, profile.type, ['Localhost', 'RuntimeDefault', 'Unconfined']));
  const at = `${path}.localhostProfile`;
  if (profile.type === 'Localhost') {
    if (profile.localhostProfile === undefined) errors.push(required(at, 'must be set when seccomp type is Localhost'));
    else errors.push(...localPath(at, profile.localhostProfile));
  } else if (profile.localhostProfile !== undefined) {
    errors.push(invalid(at, profile, 'can only be set when seccomp type is Localhost'));
  }
  return errors;
}

function validateAppArmor(profile: AppArmorProfile | undefined, path: string): FieldError[] {
  if (profile === undefined) return [];
  const at = `${path}.localhostProfile`;
  const name = profile.localhostProfile;
  if (profile.type === 'Localhost') {
    if (name !== undefined && name.trim() !== name) return [invalid(at, name, 'must not be padded with whitespace')];
    return name ? [] : [required(at, 'must be set when AppArmor type is Localhost')];
  }
  if (profile.type === 'RuntimeDefault' || profile.type === 'Unconfined') {
    return name === undefined ? [] : [invalid(at, name, 'can only be set when AppArmor type is Localhost')];
  }
  if (!profile.type) return [required(`${path}.type`, 'type is required when appArmorProfile is set')];
  return [notSupported(`${path}.type`, profile.type, ['Localhost', 'RuntimeDefault', 'Unconfined'])];
}

export function validateSecurityContext(
  context: SecurityContext | undefined,
  path: string,
  hostUsers: boolean,
): FieldError[] {
  if (context === undefined) return [];
  const errors = [
    ...validateId(context.runAsUser, `${path}.runAsUser`),
    ...validateId(context.runAsGroup, `${path}.runAsGroup`),
    ...oneOfIfSet(`${path}.procMount`, context.procMount, ['Default', 'Unmasked']),
  ];
  if (hostUsers && context.procMount === 'Unmasked') {
    errors.push(invalid(`${path}.procMount`, context.procMount, '`hostUsers` must be false to use `Unmasked`'));
  }
  errors.push(...validateSeccomp(context.seccompProfile, `${path}.seccompProfile`));
  if (context.allowPrivilegeEscalation === false) {
    if (context.privileged) {
      const why = 'cannot set `allowPrivilegeEscalation` to false and `privileged` to true';
      errors.push(invalid(path, context, why));
    }
    if (context.capabilities?.add?.includes('CAP_SYS_ADMIN')) {
      const why = 'cannot set `allowPrivilegeEscalation` to false and `capabilities.Add` CAP_SYS_ADMIN';
      errors.push(invalid(path, context, why));
    }
  }
  return [
    ...errors,
    ...validateWindowsOptions(context.windowsOptions, `${path}.windowsOptions`),
    ...validateAppArmor(context.appArmorProfile, `${path}.appArmorProfile`),
  ];
}

const sysctlFormat = String.raw`^([a-z0-9]([-_a-z0-9]*[a-z0-9])?[\./])*[a-z0-9]([-_a-z0-9]*[a-z0-9])?$`;
const sysctlName = new RegExp(sysctlFormat);

export function validatePodSecurityContext(spec: PodSpec, path: string): FieldError[] {
  const context = spec.securityContext;
  if (context === undefined) return [];
  const errors = [
    ...validateId(context.fsGroup, `${path}.fsGroup`),
    ...validateId(context.runAsUser, `${path}.runAsUser`),
    ...validateId(context.runAsGroup, `${path}.runAsGroup`),
    ...each(context.supplementalGroups, `${path}.supplementalGroups`, (id, at) => validateId(id, at)),
  ];
  const names = new Set<string>();
  errors.push(
    ...each(context.sysctls, `${path}.sysctls`, (sysctl, at) => {
      const name = sysctl.name;
      if (!name) return [required(`${at}.name`)];
      if (name.length > 253 || !sysctlName.test(name)) {
        const why = `must have at most 253 characters and match regex ${sysctlFormat}`;
        return [invalid(`${at}.name`, name, why)];
      }
      if (names.has(name)) return [duplicate(`${at}.name`, name)];
      names.add(name);
      return [];
    }),
    ...oneOfIfSet(`${path}.fsGroupChangePolicy`, context.fsGroupChangePolicy, ['Always', 'OnRootMismatch']),
    ...validateSeccomp(context.seccompProfile, `${path}.seccompProfile`),
    ...validateWindowsOptions(context.windowsOptions, `${path}.windowsOptions`),
    ...validateAppArmor(context.appArmorProfile, `${path}.appArmorProfile`),
    ...oneOfIfSet(`${path}.supplementalGroupsPolicy`, context.supplementalGroupsPolicy, ['Merge', 'Strict']),
    ...oneOfIfSet(`${path}.seLinuxChangePolicy`, context.seLinuxChangePolicy, ['Recursive']),
  );
  return errors;
}
