/** Pod specs, of pods and of templates. */
import { duplicate, forbidden, invalid, required, tooLong } from '../meta/field-error.ts';
import type { FieldError } from '../meta/field-error.ts';
import { goStrings } from '../meta/go-text.ts';
import { validateIp } from '../meta/ip.ts';
import { validateLabels } from '../meta/labels.ts';
import { isDns1123Subdomain, isDns1123SubdomainWithUnderscore, isInRange } from '../meta/names.ts';
import { validateAnnotations } from '../meta/object-meta.ts';
import { containersOf } from '../pods/containers.ts';
import type { PodSpec, PodTemplateSpec } from '../types/core-v1.ts';
import { validateContainers, validateEphemeralContainers, validateInitContainers } from './container.ts';
import { dnsLabel, dnsSubdomain, each, forbiddenIf, named, oneOf, oneOfIfSet, qualifiedName } from './field-checks.ts';
import { validateAnnotationsAgainstFields, validatePodAnnotations } from './pod-annotations.ts';
import { validatePodLevelResources, validateResourceClaims } from './pod-resources.ts';
import { validateQuantityValue } from './resources.ts';
import { validateAffinity, validateTolerations, validateTopologySpread } from './scheduling.ts';
import { validatePodSecurityContext } from './security-context.ts';
import { validateVolumes } from './volume.ts';
import { validateHostProcesses, validateOs } from './windows.ts';

const int32Max = 2 ** 31 - 1;
const nameserversMax = 3;
const searchPathsMax = 32;
const searchListLengthMax = 2048;

function validateDns(spec: PodSpec, path: string): FieldError[] {
  const at = `${path}.dnsConfig`;
  const config = spec.dnsConfig;
  if (spec.dnsPolicy === 'None') {
    if (!config) return [required(at, 'must provide `dnsConfig` when `dnsPolicy` is None')];
    if (!config.nameservers?.length) {
      return [required(`${at}.nameservers`, 'must provide at least one DNS nameserver when `dnsPolicy` is None')];
    }
  }
  if (!config) return [];
  const errors: FieldError[] = [];
  const { nameservers = [], searches = [], options = [] } = config;
  if (nameservers.length > nameserversMax) {
    const why = `must not have more than ${nameserversMax} nameservers`;
    errors.push(invalid(`${at}.nameservers`, goStrings(nameservers), why));
  }
  errors.push(...each(nameservers, `${at}.nameservers`, (server, serverAt) => validateIp(server, serverAt)));
  if (searches.length > searchPathsMax) {
    const why = `must not have more than ${searchPathsMax} search paths`;
    errors.push(invalid(`${at}.searches`, goStrings(searches), why));
  }
  if (searches.join(' ').length > searchListLengthMax) {
    const why = `must not have more than ${searchListLengthMax} characters (including spaces) in the search list`;
    errors.push(invalid(`${at}.searches`, goStrings(searches), why));
  }
  for (const [i, search] of searches.entries()) {
    const name = search.replace(/\.$/, '');
    if (search !== '.') errors.push(...named(`${at}.searches[${i}]`, name, isDns1123SubdomainWithUnderscore(name)));
  }
  errors.push(
    ...each(options, `${at}.options`, (o, optionAt) => (o.name ? [] : [required(optionAt, 'must not be empty')])),
  );
  return errors;
}

function validateHost(spec: PodSpec, path: string, isPod: boolean): FieldError[] {
  const errors: FieldError[] = [];
  if (spec.hostNetwork) {
    const why = 'must match `containerPort` when `hostNetwork` is true';
    errors.push(
      ...each(spec.containers, `${path}.containers`, (container, at) =>
        each(container.ports, `${at}.ports`, (port, portAt) => {
          const host = port.hostPort ?? 0;
          const wrong = (isPod || host !== 0) && host !== port.containerPort;
          return wrong ? [invalid(`${portAt}.hostPort`, host, why)] : [];
        }),
      ),
    );
  }
  return errors;
}

/** Users of its own go with no other namespace of the host. */
function validateHostUsers(spec: PodSpec, path: string): FieldError[] {
  if (spec.hostUsers !== false) return [];
  const why = 'when `hostUsers` is false';
  return [
    ...forbiddenIf(spec.hostNetwork, `${path}.hostNetwork`, why),
    ...forbiddenIf(spec.hostPID, `${path}.HostPID`, why),
    ...forbiddenIf(spec.hostIPC, `${path}.HostIPC`, why),
    ...containersOf(spec, path).flatMap(([container, at]) =>
      forbiddenIf(container.volumeDevices?.length, `${at}.volumeDevices`, why),
    ),
  ];
}

function validateSharedProcesses(spec: PodSpec, path: string): FieldError[] {
  if (!spec.shareProcessNamespace || !spec.hostPID) return [];
  const why = 'ShareProcessNamespace and HostPID cannot both be enabled';
  return [invalid(`${path}.shareProcessNamespace`, true, why)];
}

function validateGates(spec: PodSpec, path: string): FieldError[] {
  const seen = new Set<string>();
  return [
    ...each(spec.readinessGates, `${path}.readinessGates`, (gate, at) =>
      qualifiedName(`${at}.conditionType`, gate.conditionType),
    ),
    ...each(spec.schedulingGates, `${path}.schedulingGates`, (gate, at) => {
      const errors = qualifiedName(at, gate.name);
      if (seen.has(gate.name)) errors.push(duplicate(at, gate.name));
      seen.add(gate.name);
      return errors;
    }),
  ];
}

function validateNames(spec: PodSpec, path: string): FieldError[] {
  const errors: FieldError[] = [];
  const check = (key: 'serviceAccountName' | 'nodeName', value: string | undefined): void => {
    if (value) errors.push(...dnsSubdomain(`${path}.${key}`, value));
  };
  check('serviceAccountName', spec.serviceAccountName);
  check('nodeName', spec.nodeName);
  const deadline = spec.activeDeadlineSeconds;
  if (deadline !== undefined) {
    errors.push(...isInRange(deadline, 1, int32Max).map((m) => invalid(`${path}.activeDeadlineSeconds`, deadline, m)));
  }
  if (spec.hostname) errors.push(...dnsLabel(`${path}.hostname`, spec.hostname));
  if (spec.subdomain) errors.push(...dnsLabel(`${path}.subdomain`, spec.subdomain));
  return errors;
}

function validateHostnameOverride(spec: PodSpec, path: string): FieldError[] {
  const name = spec.hostnameOverride;
  if (name === undefined) return [];
  const at = `${path}.hostnameOverride`;
  const errors = [
    ...forbiddenIf(spec.setHostnameAsFQDN, at, 'may not be specified when setHostnameAsFQDN is true'),
    ...forbiddenIf(spec.hostNetwork, at, 'may not be specified when hostNetwork is true'),
  ];
  if (name.length > 64) errors.push(tooLong(at, 64));
  return [...errors, ...dnsSubdomain(at, name)];
}

/** `podName` is absent in templates, whose names are not known. */
export function validatePodSpec(spec: PodSpec, path: string, podName?: string, isPod = false): FieldError[] {
  const gracePeriod = spec.terminationGracePeriodSeconds;
  const volumes = validateVolumes(spec.volumes, podName, `${path}.volumes`);
  const context = { spec, volumes: volumes.usable, gracePeriod };
  const errors = [
    ...(gracePeriod === undefined ? [required(`${path}.terminationGracePeriodSeconds`)] : []),
    ...volumes.errors,
    ...validateResourceClaims(spec, path),
    ...validateContainers(context, `${path}.containers`),
    ...validateInitContainers(context, `${path}.initContainers`),
    ...validateEphemeralContainers(context, `${path}.ephemeralContainers`),
    ...validatePodLevelResources(spec, path),
    ...validateHost(spec, path, isPod),
    ...oneOf(`${path}.restartPolicy`, spec.restartPolicy, ['Always', 'OnFailure', 'Never']),
    ...oneOf(`${path}.dnsPolicy`, spec.dnsPolicy, ['ClusterFirstWithHostNet', 'ClusterFirst', 'Default', 'None']),
    ...validateLabels(spec.nodeSelector, `${path}.nodeSelector`),
    ...validatePodSecurityContext(spec, `${path}.securityContext`),
    ...validateSharedProcesses(spec, path),
    ...validateAffinity(spec.affinity, `${path}.affinity`),
    ...validateDns(spec, path),
    ...validateGates(spec, path),
    ...validateTopologySpread(spec.topologySpreadConstraints, `${path}.topologySpreadConstraints`),
    ...validateHostProcesses(spec, path),
    ...validateHostUsers(spec, path),
    ...validateHostnameOverride(spec, path),
    ...validateNames(spec, path),
    ...validateTolerations(spec.tolerations, `${path}.tolerations`),
    ...each(spec.hostAliases, `${path}.hostAliases`, (alias, at) => [
      ...validateIp(alias.ip, `${at}.ip`),
      ...each(alias.hostnames, `${at}.hostnames`, (name, nameAt) => dnsSubdomain(nameAt, name)),
    ]),
  ];
  return [...errors, ...validateClasses(spec, path)];
}

function validateClasses(spec: PodSpec, path: string): FieldError[] {
  const errors: FieldError[] = [];
  for (const key of ['priorityClassName', 'runtimeClassName'] as const) {
    const name = spec[key];
    if (name) errors.push(...isDns1123Subdomain(name).map((m) => invalid(`${path}.${key}`, name, m)));
  }
  errors.push(...oneOfIfSet(`${path}.preemptionPolicy`, spec.preemptionPolicy, ['PreemptLowerPriority', 'Never']));
  for (const [name, value] of Object.entries(spec.overhead ?? {})) {
    errors.push(...validateQuantityValue(name, value, `${path}.overhead.limits[${name}]`));
  }
  return [...errors, ...validateOs(spec, path)];
}

/** What a workload makes pods from. */
export function validatePodTemplate(template: PodTemplateSpec, path: string): FieldError[] {
  const spec = template.spec ?? ({} as PodSpec);
  const errors = [
    ...validateLabels(template.metadata?.labels, `${path}.labels`),
    ...validateAnnotations(template.metadata?.annotations, `${path}.annotations`),
    ...validatePodAnnotations(template.metadata?.annotations, spec, `${path}.annotations`),
    ...validatePodSpec(spec, `${path}.spec`),
    ...validateAnnotationsAgainstFields(template.metadata, spec, `${path}.spec`),
  ];
  if (template.spec?.ephemeralContainers?.length) {
    errors.push(forbidden(`${path}.spec.ephemeralContainers`, 'ephemeral containers not allowed in pod template'));
  }
  return errors;
}
