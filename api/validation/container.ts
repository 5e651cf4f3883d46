/** Containers of all three sorts. */
import { duplicate, forbidden, invalid, notFound, notSupported, required } from '../meta/field-error.ts';
import type { FieldError } from '../meta/field-error.ts';
import type { Container, EphemeralContainer, PodSpec, Volume, VolumeDevice, VolumeMount } from '../types/core-v1.ts';
import { validateEnv, validateEnvFrom } from './env.ts';
import {
  dnsLabel,
  each,
  forbiddenIf,
  localPath,
  named,
  noBacksteps,
  oneOf,
  oneOfIfSet,
  portNumber,
  protocols,
  requiredText,
} from './field-checks.ts';
import { isPortName } from '../meta/names.ts';
import { validateLifecycle, validateProbe } from './probe.ts';
import { validateClaimNames } from './pod-resources.ts';
import { validateResources } from './resources.ts';
import { validateRestartRules } from './restart-rules.ts';
import { validateSecurityContext } from './security-context.ts';

/** What the checks of a container need to know of its pod. */
export interface PodContext {
  readonly spec: PodSpec;
  /** volumes that are fine themselves, by name */
  readonly volumes: ReadonlyMap<string, Volume>;
  readonly gracePeriod: number | undefined;
}

function validatePorts(container: Container, path: string): FieldError[] {
  const names = new Set<string>();
  return each(container.ports, `${path}.ports`, (port, at) => {
    const errors: FieldError[] = [];
    if (port.name) {
      const messages = isPortName(port.name);
      if (messages.length > 0) errors.push(...named(`${at}.name`, port.name, messages));
      else if (names.has(port.name)) errors.push(duplicate(`${at}.name`, port.name));
      else names.add(port.name);
    }
    if (!port.containerPort) errors.push(required(`${at}.containerPort`));
    else errors.push(...portNumber(`${at}.containerPort`, port.containerPort));
    if (port.hostPort) errors.push(...portNumber(`${at}.hostPort`, port.hostPort));
    return [...errors, ...oneOf(`${at}.protocol`, port.protocol, protocols)];
  });
}

/** Host ports of all these containers together are used once. */
export function validateHostPorts(containers: readonly Container[], path: string): FieldError[] {
  const taken = new Set<string>();
  return each(containers, path, (container, at) =>
    each(container.ports, `${at}.ports`, (port, portAt) => {
      if (!port.hostPort) return [];
      const key = `${port.protocol}/${port.hostIP ?? ''}/${port.hostPort}`;
      if (taken.has(key)) return [duplicate(`${portAt}.hostPort`, key)];
      taken.add(key);
      return [];
    }),
  );
}

function validateMounts(container: Container, context: PodContext, path: string): FieldError[] {
  const devices = container.volumeDevices ?? [];
  const paths = new Set<string>();
  const list = `${path}.volumeMounts`;
  return each(container.volumeMounts, list, (mount, at) => {
    const errors = requiredText(`${at}.name`, mount.name);
    if (!context.volumes.has(mount.name)) errors.push(notFound(`${at}.name`, mount.name));
    errors.push(...requiredText(`${at}.mountPath`, mount.mountPath));
    if (paths.has(mount.mountPath)) errors.push(invalid(`${at}.mountPath`, mount.mountPath, 'must be unique'));
    paths.add(mount.mountPath);
    if (devices.some((d) => d.name === mount.name)) {
      errors.push(invalid(`${at}.name`, mount.name, 'must not already exist in volumeDevices'));
    }
    if (devices.some((d) => d.devicePath === mount.mountPath)) {
      errors.push(invalid(`${at}.mountPath`, mount.mountPath, 'must not already exist as a path in volumeDevices'));
    }
    // the index is missing from these paths in a real server too
    if (mount.subPath) errors.push(...localPath(`${list}.subPath`, mount.subPath));
    if (mount.subPathExpr) {
      if (mount.subPath) {
        errors.push(invalid(`${at}.subPathExpr`, mount.subPathExpr, 'subPathExpr and subPath are mutually exclusive'));
      }
      errors.push(...localPath(`${list}.subPathExpr`, mount.subPathExpr));
    }
    return [...errors, ...validatePropagation(mount, container, list)];
  });
}

function validatePropagation(mount: VolumeMount, container: Container, list: string): FieldError[] {
  const propagation = mount.mountPropagation;
  const errors = oneOfIfSet(`${list}.mountPropagation`, propagation, ['Bidirectional', 'HostToContainer', 'None']);
  if (propagation === 'Bidirectional' && container.securityContext?.privileged !== true) {
    const why = 'Bidirectional mount propagation is available only to privileged containers';
    errors.push(forbidden(`${list}.mountPropagation`, why));
  }
  const recursive = mount.recursiveReadOnly;
  if (recursive === 'Enabled' || recursive === 'IfPossible') {
    const at = `${list}.recursiveReadOnly`;
    errors.push(...forbiddenIf(!mount.readOnly, at, 'may only be specified when readOnly is true'));
    const propagates = propagation !== undefined && propagation !== 'None';
    const why = 'may only be specified when mountPropagation is None or not specified';
    errors.push(...forbiddenIf(propagates, at, why));
  } else if (recursive !== undefined && recursive !== 'Disabled') {
    errors.push(notSupported(`${list}.recursiveReadOnly`, recursive, ['Disabled', 'Enabled', 'IfPossible']));
  }
  return errors;
}

function validateDevices(container: Container, context: PodContext, path: string): FieldError[] {
  const mounts = container.volumeMounts ?? [];
  const [paths, names] = [new Set<string>(), new Set<string>()];
  return each(container.volumeDevices, `${path}.volumeDevices`, (device: VolumeDevice, at) => {
    const { name, devicePath } = device;
    const volume = context.volumes.get(name);
    const errors = requiredText(`${at}.name`, name);
    const refuse = (key: string, value: string, why: string): void =>
      void errors.push(invalid(`${at}.${key}`, value, why));
    if (names.has(name)) refuse('name', name, 'must be unique');
    if (volume === undefined) errors.push(notFound(`${at}.name`, name));
    else if (!volume.persistentVolumeClaim && !volume.ephemeral) {
      refuse('name', name, 'can only use volume source type of PersistentVolumeClaim or Ephemeral for block mode');
    }
    errors.push(...requiredText(`${at}.devicePath`, devicePath));
    if (paths.has(devicePath)) refuse('devicePath', devicePath, 'must be unique');
    if (noBacksteps(at, devicePath).length > 0) refuse('devicePath', devicePath, "can not contain backsteps ('..')");
    else paths.add(devicePath);
    if (mounts.some((m) => m.name === name)) refuse('name', name, 'must not already exist in volumeMounts');
    if (mounts.some((m) => m.mountPath === devicePath)) {
      refuse('devicePath', devicePath, 'must not already exist as a path in volumeMounts');
    }
    if (name) names.add(name);
    return errors;
  });
}

function validateCommon(container: Container, context: PodContext, path: string): FieldError[] {
  return [
    ...(container.name ? dnsLabel(`${path}.name`, container.name) : [required(`${path}.name`)]),
    ...requiredText(`${path}.image`, container.image),
    ...oneOf(`${path}.terminationMessagePolicy`, container.terminationMessagePolicy, ['File', 'FallbackToLogsOnError']),
    ...validatePorts(container, path),
    ...validateEnv(container.env, `${path}.env`),
    ...validateEnvFrom(container.envFrom, `${path}.envFrom`),
    ...validateMounts(container, context, path),
    ...validateDevices(container, context, path),
    ...oneOf(`${path}.imagePullPolicy`, container.imagePullPolicy, ['Always', 'IfNotPresent', 'Never']),
    ...validateResources(container.resources, `${path}.resources`),
    ...validateClaimNames(container.resources?.claims, context.spec, `${path}.resources.claims`),
    ...validateResizePolicy(container, context, `${path}.resizePolicy`),
    ...validateSecurityContext(container.securityContext, `${path}.securityContext`, context.spec.hostUsers !== false),
  ];
}

function validateResizePolicy(container: Container, context: PodContext, path: string): FieldError[] {
  const seen = new Set<string>();
  return each(container.resizePolicy, path, (policy, at) => {
    const errors: FieldError[] = [];
    if (seen.has(policy.resourceName)) errors.push(duplicate(path, policy.resourceName));
    seen.add(policy.resourceName);
    errors.push(...oneOf(path, policy.resourceName, ['cpu', 'memory']));
    errors.push(...oneOf(path, policy.restartPolicy, ['NotRequired', 'RestartContainer']));
    if (context.spec.restartPolicy === 'Never' && policy.restartPolicy === 'RestartContainer') {
      errors.push(invalid(path, policy.restartPolicy, "must be 'NotRequired' when `restartPolicy` is 'Never'"));
    }
    void at;
    return errors;
  });
}

function validateProbes(container: Container, context: PodContext, path: string): FieldError[] {
  return [
    ...validateLifecycle(container.lifecycle, context.gracePeriod, `${path}.lifecycle`),
    ...validateProbe(container.livenessProbe, 'liveness', context.gracePeriod, `${path}.livenessProbe`),
    ...validateProbe(container.readinessProbe, 'readiness', context.gracePeriod, `${path}.readinessProbe`),
    ...validateProbe(container.startupProbe, 'startup', context.gracePeriod, `${path}.startupProbe`),
  ];
}

export function validateContainers(context: PodContext, path: string): FieldError[] {
  const { containers } = context.spec;
  if (!containers || containers.length === 0) return [required(path)];
  const names = new Set<string>();
  const errors = each(containers, path, (container, at) => {
    const found = validateCommon(container, context, at);
    if (names.has(container.name)) found.push(duplicate(`${at}.name`, container.name));
    names.add(container.name);
    found.push(...validateProbes(container, context, at));
    return [...found, ...validateRestartRules(container, at)];
  });
  return [...errors, ...validateHostPorts(containers, path)];
}

const notForInit = 'may not be set for init containers without restartPolicy=Always';

export function validateInitContainers(context: PodContext, path: string): FieldError[] {
  const names = new Set((context.spec.containers ?? []).map((c) => c.name));
  return each(context.spec.initContainers, path, (container, at) => {
    const errors = validateCommon(container, context, at);
    errors.push(...validateRestartRules(container, at));
    if (names.has(container.name)) errors.push(duplicate(`${at}.name`, container.name));
    else if (container.name) names.add(container.name);
    errors.push(...validateHostPorts([container], path));
    if (container.restartPolicy === 'Always') return [...errors, ...validateProbes(container, context, at)];
    for (const key of ['lifecycle', 'livenessProbe', 'readinessProbe', 'startupProbe'] as const) {
      errors.push(...forbiddenIf(container[key], `${at}.${key}`, notForInit));
    }
    return errors;
  });
}

/** Fields of a container that make no sense once its pod runs. */
const notEphemeral = [
  'ports',
  'resources',
  'resizePolicy',
  'restartPolicy',
  'restartPolicyRules',
  'livenessProbe',
  'readinessProbe',
  'startupProbe',
  'lifecycle',
] as const;

export function validateEphemeralContainers(context: PodContext, path: string): FieldError[] {
  const { spec } = context;
  const others = new Set([...(spec.containers ?? []), ...(spec.initContainers ?? [])].map((c) => c.name));
  const names = new Set<string>();
  return each(spec.ephemeralContainers, path, (container: EphemeralContainer, at) => {
    const errors = validateCommon(container, context, at);
    if (names.has(container.name) || others.has(container.name)) {
      errors.push(duplicate(`${at}.name`, container.name));
    }
    names.add(container.name);
    const target = container.targetContainerName;
    if (target && !others.has(target)) errors.push(notFound(`${at}.targetContainerName`, target));
    for (const key of notEphemeral) {
      const value = container[key];
      const isSet = typeof value === 'object' ? Object.keys(value).length > 0 : value !== undefined;
      errors.push(...forbiddenIf(isSet, `${at}.${key}`, 'cannot be set for an Ephemeral Container'));
    }
    for (const [i, mount] of (container.volumeMounts ?? []).entries()) {
      if (mount.subPath) {
        errors.push(forbidden(`${at}.volumeMounts[${i}].subPath`, 'cannot be set for an Ephemeral Container'));
      }
    }
    return errors;
  });
}
