/** What devices a driver has on which nodes. */
import { forbidden, invalid, notSupported, required, tooLong } from '../meta/field-error.ts';
import type { FieldError } from '../meta/field-error.ts';
import { semanticEqual } from '../meta/deep-equal.ts';
import { goQuote } from '../meta/go-text.ts';
import { byteLength, isLabelValue, nameIsDnsSubdomain, regexMessage } from '../meta/names.ts';
import { validateImmutable, validateObjectMeta, validateObjectMetaUpdate } from '../meta/object-meta.ts';
import type {
  Counter,
  Device,
  DeviceAttribute,
  DeviceCapacity,
  DeviceTaint,
  ResourceSlice,
  ResourceSliceSpec,
} from '../types/resource-v1.ts';
import { listOf, poolName } from './device-claim.ts';
import { csiDriverName } from './csi.ts';
import { dnsLabel, dnsSubdomain, named, qualifiedName } from './field-checks.ts';
import { kindEntry } from './kind-validation.ts';
import { validateNodeSelector } from './scheduling.ts';

const devicesMax = 128;
/** where devices have taints or share counters */
const richDevicesMax = 64;
const counterSetsMax = 8;
const consumedSetsMax = 2;
const countersMax = 32;
const attributesMax = 32;
const taintsMax = 16;
const valueBytesMax = 64;
const domainBytesMax = 63;
const idBytesMax = 32;
const taintEffects = ['NoExecute', 'NoSchedule', 'None'];
const attributeTypes = ['int', 'bool', 'string', 'version', 'ints', 'bools', 'strings', 'versions'] as const;
const semver =
  /^(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(-(0|[1-9]\d*|\d*[a-zA-Z-][0-9a-zA-Z-]*)(\.(0|[1-9]\d*|\d*[a-zA-Z-][0-9a-zA-Z-]*))*)?(\+[0-9a-zA-Z-]+(\.[0-9a-zA-Z-]+)*)?$/;
const identifier = '[A-Za-z_][A-Za-z0-9_]*';

/** `domain/id`, or an id in the driver's own domain */
function validateQualifiedId(name: string, path: string): FieldError[] {
  if (name === '') return [required(path, 'name required')];
  const slash = name.indexOf('/');
  const [domain, id] = slash < 0 ? [undefined, name] : [name.slice(0, slash), name.slice(slash + 1)];
  const errors: FieldError[] = [];
  if (domain !== undefined) {
    if (domain === '') errors.push(required(path, 'the domain must not be empty'));
    else if (byteLength(domain) > domainBytesMax) errors.push(tooLong(path, domainBytesMax));
    else errors.push(...dnsSubdomain(path, domain));
  }
  if (id === '') return [...errors, required(path, 'the name must not be empty')];
  if (byteLength(id) > idBytesMax) return [...errors, tooLong(path, idBytesMax)];
  if (new RegExp(`^${identifier}$`).test(id)) return errors;
  const what =
    "a valid C identifier must start with alphabetic character or '_', followed by a string of alphanumeric characters or '_'";
  return [...errors, invalid(path, id, regexMessage(what, identifier, 'my_name', 'MY_NAME', 'MyName'))];
}

function validateVersion(version: string, path: string): FieldError[] {
  const errors = semver.test(version)
    ? []
    : [invalid(path, version, 'must be a string compatible with semver.org spec 2.0.0')];
  return byteLength(version) > valueBytesMax ? [...errors, tooLong(path, valueBytesMax)] : errors;
}

function validateAttribute(attribute: DeviceAttribute, path: string): FieldError[] {
  const errors: FieldError[] = [];
  const { string, version } = attribute;
  if (string !== undefined && byteLength(string) > valueBytesMax) errors.push(tooLong(`${path}.string`, valueBytesMax));
  if (version !== undefined) errors.push(...validateVersion(version, `${path}.version`));
  const set = attributeTypes.filter((type) => (attribute as Record<string, unknown>)[type] !== undefined);
  if (set.length === 1) return errors;
  const all = attributeTypes.map((type) => `\`${type}\``).join(', ');
  if (set.length === 0) return [...errors, invalid(path, '', `must specify one of: ${all}`)];
  return [...errors, invalid(path, `{${set.join(', ')}}`, `must specify exactly one of: ${all}`)];
}

const mapOf = <T>(
  map: Readonly<Record<string, T>> | undefined,
  path: string,
  checkKey: (key: string, at: string) => FieldError[],
  check: (item: T, at: string) => FieldError[] = () => [],
): FieldError[] =>
  Object.entries(map ?? {}).flatMap(([key, item]) => [...checkKey(key, path), ...check(item, `${path}[${key}]`)]);

function validateTaint({ key, value = '', effect }: DeviceTaint, path: string): FieldError[] {
  const errors = qualifiedName(`${path}.key`, key ?? '');
  if (value !== '') errors.push(...named(`${path}.value`, value, isLabelValue(value)));
  if (!effect) errors.push(required(`${path}.effect`));
  else if (!taintEffects.includes(effect)) errors.push(notSupported(`${path}.effect`, effect, taintEffects));
  return errors;
}

const validateCounters = (counters: Record<string, Counter> | undefined, path: string): FieldError[] => {
  if (Object.keys(counters ?? {}).length === 0) return [required(path)];
  return mapOf(counters, path, (key, at) => dnsLabel(at, key));
};

const validateCapacity =
  (shared: boolean) =>
  ({ requestPolicy }: DeviceCapacity, path: string): FieldError[] =>
    requestPolicy && !shared ? [forbidden(`${path}.requestPolicy`, 'allowMultipleAllocations must be true')] : [];

/** Which of the ways to name nodes are used, and what is wrong with them. */
function nodeChoice(
  of: ResourceSliceSpec | Device,
  path: string,
  emptyName: string,
): { set: string[]; errors: FieldError[] } {
  const { nodeName, nodeSelector, allNodes } = of;
  const set: string[] = [];
  const errors: FieldError[] = [];
  if (nodeName !== undefined) {
    if (nodeName === '') errors.push(invalid(`${path}.nodeName`, nodeName, emptyName));
    else {
      set.push('`nodeName`');
      errors.push(...dnsSubdomain(`${path}.nodeName`, nodeName));
    }
  }
  if (nodeSelector) {
    set.push('`nodeSelector`');
    errors.push(...validateNodeSelector(nodeSelector, `${path}.nodeSelector`));
  }
  if (allNodes) set.push('`allNodes`');
  else if (allNodes !== undefined) {
    errors.push(invalid(`${path}.allNodes`, allNodes, 'must be either unset or set to true'));
  }
  return { set, errors };
}

function validateDeviceNodes(device: Device, path: string, perDevice: boolean): FieldError[] {
  const why =
    'exactly one of `nodeName`, `nodeSelector`, or `allNodes` is required when `perDeviceNodeSelection` is set to true ' +
    'in the ResourceSlice spec';
  if (perDevice) {
    const { set, errors } = nodeChoice(device, path, 'must not be empty');
    if (set.length === 1) return errors;
    return [...errors, set.length === 0 ? required(path, why) : invalid(path, `{${set.join(', ')}}`, why)];
  }
  if (device.nodeName === undefined && !device.nodeSelector && device.allNodes === undefined) return [];
  const only =
    '`nodeName`, `nodeSelector` and `allNodes` can only be set if `perDeviceNodeSelection` is set to true in the ' +
    'ResourceSlice spec';
  return [invalid(path, null, only)];
}

function validateDevice(device: Device, old: Device | undefined, path: string, perDevice: boolean): FieldError[] {
  const { attributes, capacity, taints } = device;
  const errors = dnsLabel(`${path}.name`, device.name ?? '');
  const count = Object.keys(attributes ?? {}).length + Object.keys(capacity ?? {}).length;
  if (count > attributesMax) {
    const why = `the total number of attributes and capacities must not exceed ${attributesMax}`;
    errors.push(invalid(path, count, why));
  }
  errors.push(...mapOf(attributes, `${path}.attributes`, validateQualifiedId, validateAttribute));
  if (!old || !semanticEqual(old.capacity, capacity)) {
    const check = validateCapacity(device.allowMultipleAllocations === true);
    errors.push(...mapOf(capacity, `${path}.capacity`, validateQualifiedId, check));
  }
  if (!old || !semanticEqual(old.taints, taints)) {
    errors.push(...listOf(taints, `${path}.taints`, taintsMax, validateTaint));
  }
  const consume = listOf(
    device.consumesCounters,
    `${path}.consumesCounters`,
    consumedSetsMax,
    ({ counterSet, counters }, at) => [
      ...(counterSet ? dnsLabel(`${at}.counterSet`, counterSet) : [required(`${at}.counterSet`)]),
      ...validateCounters(counters, `${at}.counters`),
    ],
    ({ counterSet }) => counterSet,
  );
  return [...errors, ...consume, ...validateDeviceNodes(device, path, perDevice)];
}

function validateNodes(spec: ResourceSliceSpec): FieldError[] {
  const { set, errors } = nodeChoice(spec, 'spec', 'must be either unset or set to a non-empty string');
  const terms = spec.nodeSelector?.nodeSelectorTerms;
  if (spec.nodeSelector && terms?.length !== 1) {
    const at = 'spec.nodeSelector.nodeSelectorTerms';
    errors.push(invalid(at, terms, 'must have exactly one node selector term'));
  }
  if (spec.perDeviceNodeSelection) set.push('`perDeviceNodeSelection`');
  else if (spec.perDeviceNodeSelection !== undefined) {
    errors.push(invalid('spec.perDeviceNodeSelection', false, 'must be either unset or set to true'));
  }
  const one = 'exactly one of `nodeName`, `nodeSelector`, `allNodes`, `perDeviceNodeSelection` is required';
  if (set.length === 0) errors.push(required('spec', one));
  else if (set.length > 1) {
    errors.push(invalid('spec', `{${set.join(', ')}}`, `${one}, but multiple fields are set`));
  }
  return errors;
}

function validateSpec(spec: ResourceSliceSpec, old: ResourceSliceSpec | undefined): FieldError[] {
  const { pool, devices, sharedCounters } = spec;
  const errors = [...csiDriverName('spec.driver', spec.driver), ...poolName('spec.pool.name', pool?.name)];
  const count = pool?.resourceSliceCount ?? 0;
  if (count <= 0) errors.push(invalid('spec.pool.resourceSliceCount', count, 'must be greater than zero'));
  if ((pool?.generation ?? 0) < 0) {
    errors.push(invalid('spec.pool.generation', pool?.generation, 'must be greater than or equal to zero'));
  }
  if (old !== undefined) {
    errors.push(
      ...validateImmutable(pool?.name, old.pool?.name, 'spec.pool.name'),
      ...validateImmutable(spec.driver, old.driver, 'spec.driver'),
      ...validateImmutable(spec.nodeName, old.nodeName, 'spec.nodeName'),
    );
  }
  errors.push(...validateNodes(spec));
  if (sharedCounters && devices) {
    errors.push(invalid('spec', '', 'only one of `sharedCounters` or `devices` is allowed'));
  }
  const rich = devices?.some(({ taints, consumesCounters }) => taints?.length || consumesCounters?.length);
  const perDevice = spec.perDeviceNodeSelection === true;
  const before = new Map((old?.devices ?? []).map((device) => [device.name, device]));
  const check = (device: Device, at: string): FieldError[] =>
    validateDevice(device, before.get(device.name), at, perDevice);
  errors.push(...listOf(devices, 'spec.devices', rich ? richDevicesMax : devicesMax, check, ({ name }) => name));
  const sets = listOf(
    sharedCounters,
    'spec.sharedCounters',
    counterSetsMax,
    ({ name, counters }, at) => [
      ...(name ? dnsLabel(`${at}.name`, name) : [required(`${at}.name`)]),
      ...(Object.keys(counters ?? {}).length > countersMax
        ? [invalid(`${at}.counters`, Object.keys(counters ?? {}).length, `must have at most ${countersMax} items`)]
        : validateCounters(counters, `${at}.counters`)),
    ],
    ({ name }) => name,
  );
  return [...errors, ...sets];
}

const specOf = ({ spec }: ResourceSlice): ResourceSliceSpec => spec ?? ({} as ResourceSliceSpec);

/** Drivers are named in small letters; capitals are taken, and told. */
export function resourceSliceWarnings({ spec }: ResourceSlice): string[] {
  const driver = spec?.driver ?? '';
  if (driver === driver.toLowerCase()) return [];
  return [`spec.driver: driver names should be lowercase; ${goQuote(driver)} contains uppercase characters`];
}

export const resourceSliceKinds = [
  kindEntry<ResourceSlice>('resource.k8s.io/ResourceSlice', {
    create: (slice) => [
      ...validateObjectMeta(slice.metadata, false, nameIsDnsSubdomain),
      ...validateSpec(specOf(slice), undefined),
    ],
    update: (slice, old) => [
      ...validateObjectMetaUpdate(slice.metadata, old.metadata),
      ...validateSpec(specOf(slice), specOf(old)),
    ],
  }),
];
