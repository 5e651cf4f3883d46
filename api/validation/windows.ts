/** What a pod's operating system allows, and the options of Windows. */
import { forbidden, invalid, notSupported, required } from '../meta/field-error.ts';
import type { FieldError } from '../meta/field-error.ts';
import { byteLength, isDns1123Subdomain } from '../meta/names.ts';
import { containersOf } from '../pods/containers.ts';
import type { PodSpec, WindowsSecurityContextOptions } from '../types/core-v1.ts';

const credentialKiBMax = 64;
const domainLengthMax = 256;
const userLengthMax = 104;
const netBios = /^[^\\/:*?"<>|.][^\\/:*?"<>|]{0,14}$/;
const dnsDomain = /^[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?(?:\.[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?)*$/;
const userCharacters = /["/\\:;|=,+*?<>@[\]]/;

function userProblems(name: string): string[] {
  if (name === '') return ['runAsUserName cannot be an empty string'];
  if (/\p{Cc}/u.test(name)) return ['runAsUserName cannot contain control characters'];
  const parts = name.split('\\');
  if (parts.length > 2) return ['runAsUserName cannot contain more than one backslash'];
  const user = parts.at(-1) ?? '';
  const domain = parts.length === 2 ? (parts[0] ?? '') : undefined;
  const problems: string[] = [];
  if ((domain?.length ?? 0) >= domainLengthMax) {
    problems.push(`runAsUserName's Domain length must be under ${domainLengthMax} characters`);
  }
  if (domain !== undefined && !netBios.test(domain) && !dnsDomain.test(domain)) {
    problems.push("runAsUserName's Domain doesn't match the NetBios nor the DNS format");
  }
  if (user === '') problems.push("runAsUserName's User cannot be empty");
  if (user.length > userLengthMax) {
    problems.push(`runAsUserName's User length must not be longer than ${userLengthMax} characters`);
  }
  if (/^[. ]+$/.test(user)) problems.push("runAsUserName's User cannot contain only periods or spaces");
  if (userCharacters.test(user)) {
    problems.push(`runAsUserName's User cannot contain the following characters: "/\\:;|=,+*?<>@[]`);
  }
  return problems;
}

export function validateWindowsOptions(options: WindowsSecurityContextOptions | undefined, path: string): FieldError[] {
  if (options === undefined) return [];
  const { gmsaCredentialSpecName: specName, gmsaCredentialSpec: spec, runAsUserName: user } = options;
  const errors: FieldError[] = [];
  if (specName !== undefined) {
    errors.push(...isDns1123Subdomain(specName).map((m) => invalid(`${path}.gmsaCredentialSpecName`, specName, m)));
  }
  const specAt = `${path}.gmsaCredentialSpec`;
  if (spec === '') errors.push(invalid(specAt, spec, 'gmsaCredentialSpec cannot be an empty string'));
  else if (byteLength(spec ?? '') > credentialKiBMax * 1024) {
    errors.push(invalid(specAt, spec, `gmsaCredentialSpec size must be under ${credentialKiBMax} KiB`));
  }
  if (user !== undefined) {
    errors.push(...userProblems(user).map((why) => invalid(`${path}.runAsUserName`, user, why)));
  }
  return errors;
}

/** Either all containers are processes of the host, or none is. */
export function validateHostProcesses(spec: PodSpec, path: string): FieldError[] {
  const ofPod = spec.securityContext?.windowsOptions?.hostProcess;
  const containers = containersOf(spec, path);
  const errors: FieldError[] = [];
  let count = 0;
  for (const [container, at] of containers) {
    const own = container.securityContext?.windowsOptions?.hostProcess;
    if (ofPod !== undefined && own !== undefined && ofPod !== own) {
      const why = `pod hostProcess value must be identical if both are specified, was ${ofPod}`;
      errors.push(invalid(`${at}.securityContext.windowsOptions.hostProcess`, own, why));
    }
    if (own ?? ofPod) count++;
  }
  if (count === 0) return errors;
  if (count !== containers.length) {
    const why = 'If pod contains any hostProcess containers then all containers must be HostProcess containers';
    errors.push(invalid(path, '', why));
  }
  if (!spec.hostNetwork) {
    const why = 'hostNetwork must be true if pod contains any hostProcess containers';
    errors.push(invalid(`${path}.hostNetwork`, false, why));
  }
  return errors;
}

const podFieldsOfLinux = [
  'appArmorProfile',
  'seLinuxOptions',
  'seccompProfile',
  'fsGroup',
  'fsGroupChangePolicy',
  'sysctls',
  'runAsUser',
  'runAsGroup',
  'supplementalGroups',
  'supplementalGroupsPolicy',
  'seLinuxChangePolicy',
] as const;
const containerFieldsOfLinux = [
  'appArmorProfile',
  'seLinuxOptions',
  'seccompProfile',
  'capabilities',
  'readOnlyRootFilesystem',
  'privileged',
  'allowPrivilegeEscalation',
  'procMount',
  'runAsUser',
  'runAsGroup',
] as const;
const notForWindows = 'cannot be set for a windows pod';

function validateWindows(spec: PodSpec, path: string): FieldError[] {
  const context = spec.securityContext;
  const set: string[] = podFieldsOfLinux
    .filter((key) => context?.[key] !== undefined)
    .map((key) => `${path}.securityContext.${key}`);
  if (spec.hostUsers !== undefined) set.push(`${path}.hostUsers`);
  for (const key of ['hostPID', 'hostIPC'] as const) if (spec[key]) set.push(`${path}.${key}`);
  if (spec.shareProcessNamespace !== undefined) set.push(`${path}.shareProcessNamespace`);
  for (const [container, at] of containersOf(spec, path)) {
    const own = container.securityContext;
    const keys = containerFieldsOfLinux.filter((key) => own?.[key] !== undefined);
    set.push(...keys.map((key) => `${at}.securityContext.${key}`));
  }
  return set.map((at) => forbidden(at, notForWindows));
}

function validateLinux(spec: PodSpec, path: string): FieldError[] {
  const why = 'windows options cannot be set for a linux pod';
  const contexts = [[spec, path] as const, ...containersOf(spec, path)];
  return contexts
    .filter(([{ securityContext }]) => securityContext?.windowsOptions !== undefined)
    .map(([, at]) => forbidden(`${at}.securityContext.windowsOptions`, why));
}

export function validateOs(spec: PodSpec, path: string): FieldError[] {
  if (!spec.os) return [];
  const name = spec.os.name;
  if (!name) return [required(`${path}.os.name`)];
  if (name === 'linux') return validateLinux(spec, path);
  if (name === 'windows') return validateWindows(spec, path);
  return [notSupported(`${path}.os`, name, ['linux', 'windows'])];
}
