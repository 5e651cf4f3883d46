/** Claims of devices, their templates, and the classes they name. */
import { duplicate, forbidden, invalid, notSupported, required, tooLong, tooMany } from '../meta/field-error.ts';
import type { FieldError } from '../meta/field-error.ts';
import { isObject } from '../meta/clone.ts';
import { semanticEqual } from '../meta/deep-equal.ts';
import { validateLabels } from '../meta/labels.ts';
import { byteLength, isDns1123Label, isQualifiedName, nameIsDnsSubdomain } from '../meta/names.ts';
import {
  validateAnnotations,
  validateImmutable,
  validateObjectMeta,
  validateObjectMetaUpdate,
} from '../meta/object-meta.ts';
import type {
  AllocationResult,
  DeviceClaim,
  DeviceClass,
  DeviceConstraint,
  DeviceRequest,
  DeviceSelector,
  DeviceSubRequest,
  DeviceToleration,
  ExactDeviceRequest,
  OpaqueDeviceConfiguration,
  ResourceClaim,
  ResourceClaimConsumerReference,
  ResourceClaimTemplate,
} from '../types/resource-v1.ts';
import { csiDriverName } from './csi.ts';
import { dnsLabel, dnsSubdomain, each, named, qualifiedName } from './field-checks.ts';
import { kindEntry } from './kind-validation.ts';
import { validateNodeSelector } from './scheduling.ts';

const requestsMax = 32;
const selectorsMax = 32;
const firstAvailableMax = 8;
const expressionBytesMax = 10 * 1024;
const parametersBytesMax = 10 * 1024;
const reservedForMax = 256;
const resultsMax = 32;
const effects = ['NoExecute', 'NoSchedule', 'None'];
const notARequest =
  "must be the name of a request in the claim or the name of a request and a subrequest separated by '/'";

/** Errors of the items of a list that is not too long, then of those that are there twice. */
export function listOf<T>(
  items: readonly T[] | undefined,
  path: string,
  max: number,
  check: (item: T, at: string) => FieldError[],
  keyOf?: (item: T) => unknown,
): FieldError[] {
  const count = items?.length ?? 0;
  if (count > max) return [tooMany(path, count, max)];
  const seen = new Set<string>();
  const again = each(items, path, (item, at) => {
    const key = keyOf?.(item);
    const id = JSON.stringify(key);
    if (keyOf === undefined || !seen.has(id)) {
      seen.add(id);
      return [];
    }
    return [duplicate(at, key)];
  });
  return [...each(items, path, check), ...again];
}

const className = (path: string, name: string | undefined): FieldError[] =>
  name ? dnsSubdomain(path, name) : [required(path)];

function validateSelector({ cel }: DeviceSelector, path: string): FieldError[] {
  if (!cel) return [required(`${path}.cel`)];
  const long = byteLength(cel.expression ?? '') > expressionBytesMax;
  return long ? [tooLong(`${path}.cel.expression`, expressionBytesMax)] : [];
}

const validateSelectors = (selectors: DeviceSelector[] | undefined, path: string): FieldError[] =>
  listOf(selectors, path, selectorsMax, validateSelector);

export function validateDeviceToleration(toleration: DeviceToleration, path: string): FieldError[] {
  const { key, operator = '', value = '', effect } = toleration;
  const errors = key ? qualifiedName(`${path}.key`, key) : [];
  if (operator !== 'Exists' && operator !== 'Equal') {
    if (operator === '') errors.push(required(`${path}.operator`));
    else errors.push(notSupported(`${path}.operator`, operator, ['Equal', 'Exists']));
  } else if (operator === 'Exists' && value !== '') {
    errors.push(invalid(`${path}.value`, value, 'must be empty for operator `Exists`'));
  }
  if (effect && !effects.includes(effect)) errors.push(notSupported(`${path}.effect`, effect, effects));
  return errors;
}

/** What a request and each of its alternatives have in common. */
function validateWanted(request: ExactDeviceRequest | DeviceSubRequest, path: string): FieldError[] {
  const { allocationMode: mode = '', count = 0 } = request;
  const errors = [
    ...className(`${path}.deviceClassName`, request.deviceClassName),
    ...validateSelectors(request.selectors, `${path}.selectors`),
  ];
  if (mode === 'All') {
    const why = `must not be specified when allocationMode is '${mode}'`;
    if (count !== 0) errors.push(invalid(`${path}.count`, count, why));
  } else if (mode === 'ExactCount') {
    if (count <= 0) errors.push(invalid(`${path}.count`, count, 'must be greater than zero'));
  } else errors.push(notSupported(`${path}.allocationMode`, mode, ['All', 'ExactCount']));
  return [...errors, ...each(request.tolerations, `${path}.tolerations`, validateDeviceToleration)];
}

function validateRequest(request: DeviceRequest, path: string): FieldError[] {
  const { name, exactly, firstAvailable } = request;
  const errors = named(`${path}.name`, name ?? '', isDns1123Label(name ?? ''));
  const one = 'exactly one of `exactly` or `firstAvailable` is required';
  if (exactly && firstAvailable?.length) {
    return [...errors, invalid(path, null, `${one}, but multiple fields are set`)];
  }
  if (exactly) return [...errors, ...validateWanted(exactly, `${path}.exactly`)];
  if (!firstAvailable?.length) return [...errors, required(path, one)];
  const check = (sub: DeviceSubRequest, at: string): FieldError[] => [
    ...named(`${at}.name`, sub.name ?? '', isDns1123Label(sub.name ?? '')),
    ...validateWanted(sub, at),
  ];
  return [...errors, ...listOf(firstAvailable, `${path}.firstAvailable`, firstAvailableMax, check, ({ name: n }) => n)];
}

/** `request` and `request/alternative` */
function requestNames(claim: DeviceClaim | undefined): ReadonlySet<string> {
  const requests = claim?.requests ?? [];
  return new Set(
    requests.flatMap(({ name, firstAvailable }) => [
      name,
      ...(firstAvailable ?? []).map((sub) => `${name}/${sub.name}`),
    ]),
  );
}

function validateRequestRef(name: string, path: string, names: ReadonlySet<string>): FieldError[] {
  const parts = name.split('/');
  if (parts.length > 2) return [invalid(path, name, notARequest)];
  const errors = parts.flatMap((part) => dnsLabel(path, part));
  return names.has(name) ? errors : [...errors, invalid(path, name, notARequest)];
}

const validateRequestRefs = (
  refs: readonly string[] | undefined,
  path: string,
  names: ReadonlySet<string>,
): FieldError[] =>
  listOf(
    refs,
    path,
    requestsMax,
    (name, at) => validateRequestRef(name, at, names),
    (name) => name,
  );

function validateAttributeName(name: string, path: string): FieldError[] {
  if (name === '') return [required(path, 'name part must not be empty')];
  const parts = name.split('/');
  if (parts.length === 2) return [];
  return [invalid(path, name, 'a fully qualified name must be a domain and a name separated by a slash')];
}

function validateConstraint(constraint: DeviceConstraint, path: string, names: ReadonlySet<string>): FieldError[] {
  const { matchAttribute, distinctAttribute } = constraint;
  const errors = validateRequestRefs(constraint.requests, `${path}.requests`, names);
  if (matchAttribute !== undefined) {
    return [...errors, ...validateAttributeName(matchAttribute, `${path}.matchAttribute`)];
  }
  if (distinctAttribute !== undefined) {
    return [...errors, ...validateAttributeName(distinctAttribute, `${path}.distinctAttribute`)];
  }
  const why = 'exactly one of "matchAttribute" or "distinctAttribute" is required, but multiple fields are set';
  return [...errors, required(path, why)];
}

function validateOpaque(opaque: OpaqueDeviceConfiguration | undefined, path: string): FieldError[] {
  if (!opaque) return [required(path)];
  const errors = csiDriverName(`${path}.driver`, opaque.driver);
  const at = `${path}.parameters`;
  const parameters: unknown = opaque.parameters;
  if (parameters === undefined || parameters === null) return [...errors, required(at)];
  const bytes = byteLength(JSON.stringify(parameters));
  if (bytes > parametersBytesMax) return [...errors, tooLong(at, parametersBytesMax)];
  if (isObject(parameters)) return errors;
  return [...errors, invalid(at, '<value omitted>', 'must be a valid JSON object')];
}

function validateDeviceClaim(claim: DeviceClaim | undefined, path: string): FieldError[] {
  const names = requestNames(claim);
  return [
    ...listOf(claim?.requests, `${path}.requests`, requestsMax, validateRequest, ({ name }) => name),
    ...listOf(claim?.constraints, `${path}.constraints`, requestsMax, (constraint, at) =>
      validateConstraint(constraint, at, names),
    ),
    ...listOf(claim?.config, `${path}.config`, requestsMax, ({ requests, opaque }, at) => [
      ...validateRequestRefs(requests, `${at}.requests`, names),
      ...validateOpaque(opaque, `${at}.opaque`),
    ]),
  ];
}

const validateClaim = ({ metadata, spec }: ResourceClaim): FieldError[] => [
  ...validateObjectMeta(metadata, true, nameIsDnsSubdomain),
  ...validateDeviceClaim(spec?.devices, 'spec.devices'),
];

const validateClaimUpdate = (claim: ResourceClaim, old: ResourceClaim): FieldError[] => [
  ...validateObjectMetaUpdate(claim.metadata, old.metadata),
  ...validateImmutable(claim.spec, old.spec, 'spec'),
];

const validateConsumer = (consumer: ResourceClaimConsumerReference, path: string): FieldError[] =>
  (['resource', 'name', 'uid'] as const).flatMap((field) => (consumer[field] ? [] : [required(`${path}.${field}`)]));

export function poolName(path: string, name: string | undefined): FieldError[] {
  if (!name) return [required(path)];
  const errors = byteLength(name) > 253 ? [tooLong(path, 253)] : [];
  return [...errors, ...name.split('/').flatMap((part) => dnsSubdomain(path, part))];
}

function validateAllocation(allocation: AllocationResult, names: ReadonlySet<string>): FieldError[] {
  const path = 'status.allocation';
  const { devices, nodeSelector } = allocation;
  return [
    ...listOf(devices?.results, `${path}.devices.results`, resultsMax, (result, at) => [
      ...validateRequestRef(result.request ?? '', `${at}.request`, names),
      ...csiDriverName(`${at}.driver`, result.driver),
      ...poolName(`${at}.pool`, result.pool),
      ...dnsLabel(`${at}.device`, result.device ?? ''),
      ...each(result.tolerations, `${at}.tolerations`, validateDeviceToleration),
    ]),
    ...listOf(devices?.config, `${path}.devices.config`, 2 * requestsMax, ({ source, requests, opaque }, at) => {
      const sources = ['FromClaim', 'FromClass'];
      const errors = source ? [] : [required(`${at}.source`)];
      if (source && !sources.includes(source)) errors.push(notSupported(`${at}.source`, source, sources));
      return [
        ...errors,
        ...validateRequestRefs(requests, `${at}.requests`, names),
        ...validateOpaque(opaque, `${at}.opaque`),
      ];
    }),
    ...(nodeSelector ? validateNodeSelector(nodeSelector, `${path}.nodeSelector`) : []),
  ];
}

interface DeviceId {
  readonly driver?: string;
  readonly pool?: string;
  readonly device?: string;
  readonly shareID?: string;
}
const deviceId = ({ driver, pool, device, shareID }: DeviceId): string =>
  JSON.stringify([driver, pool, device, shareID]);

function validateDevices({ status }: ResourceClaim): FieldError[] {
  const allocated = new Set((status?.allocation?.devices?.results ?? []).map(deviceId));
  const check = (device: DeviceId, at: string): FieldError[] => [
    ...csiDriverName(`${at}.driver`, device.driver),
    ...poolName(`${at}.pool`, device.pool),
    ...dnsLabel(`${at}.device`, device.device ?? ''),
    ...(allocated.has(deviceId(device))
      ? []
      : [
          invalid(
            at,
            { driver: device.driver, pool: device.pool, device: device.device },
            'must be an allocated device in the claim',
          ),
        ]),
  ];
  return listOf(status?.devices, 'status.devices', Infinity, check, deviceId);
}

function validateClaimStatus(claim: ResourceClaim, old: ResourceClaim): FieldError[] {
  const { reservedFor, allocation } = claim.status ?? {};
  const at = 'status.reservedFor';
  const errors = [
    ...validateObjectMetaUpdate(claim.metadata, old.metadata),
    ...listOf(reservedFor, at, reservedForMax, validateConsumer, ({ uid }) => uid),
    ...validateDevices(claim),
  ];
  if (reservedFor?.length && !allocation) {
    errors.push(forbidden(at, 'may not be specified when `allocated` is not set'));
  } else if (claim.metadata?.deletionTimestamp) {
    const known = old.status?.reservedFor ?? [];
    const added = reservedFor?.some((consumer) => !known.some((other) => semanticEqual(other, consumer)));
    const why = 'new entries may not be added while `deallocationRequested` or `deletionTimestamp` are set';
    if (added) errors.push(forbidden(at, why));
  }
  const before = old.status?.allocation;
  if (!allocation) return errors;
  if (!before) return [...errors, ...validateAllocation(allocation, requestNames(claim.spec?.devices))];
  if (semanticEqual(allocation, before)) return errors;
  return [...errors, invalid('status.allocation', allocation, 'field cannot be modified once set')];
}

const validateTemplate = ({ metadata, spec }: ResourceClaimTemplate): FieldError[] => [
  ...validateObjectMeta(metadata, true, nameIsDnsSubdomain),
  ...validateLabels(spec?.metadata?.labels, 'spec.metadata.labels'),
  ...validateAnnotations(spec?.metadata?.annotations, 'spec.metadata.annotations'),
  ...validateDeviceClaim(spec?.spec?.devices, 'spec.spec.devices'),
];

const extendedName = /^[^/]+\/[^/]+$/;

function validateClass({ metadata, spec }: DeviceClass): FieldError[] {
  const errors = [
    ...validateObjectMeta(metadata, false, nameIsDnsSubdomain),
    ...validateSelectors(spec?.selectors, 'spec.selectors'),
    ...listOf(spec?.config, 'spec.config', requestsMax, ({ opaque }, at) => validateOpaque(opaque, `${at}.opaque`)),
  ];
  const name = spec?.extendedResourceName;
  if (name === undefined) return errors;
  const at = 'spec.extendedResourceName';
  if (!extendedName.test(name)) {
    return [...errors, invalid(at, name, "a name must be a domain-prefixed path, such as 'example.com/my-prop'")];
  }
  return isQualifiedName(name).length === 0 && !/(^|\.)kubernetes\.io\//.test(name) && !name.startsWith('requests.')
    ? errors
    : [...errors, invalid(at, name, 'must be a valid extended resource name')];
}

export const deviceClaimKinds = [
  kindEntry<ResourceClaim>('resource.k8s.io/ResourceClaim', {
    create: validateClaim,
    update: validateClaimUpdate,
    statusUpdate: validateClaimStatus,
  }),
  kindEntry<ResourceClaimTemplate>('resource.k8s.io/ResourceClaimTemplate', {
    create: validateTemplate,
    update: (template, old) => [
      ...validateObjectMetaUpdate(template.metadata, old.metadata),
      ...validateImmutable(template.spec, old.spec, 'spec'),
    ],
  }),
  kindEntry<DeviceClass>('resource.k8s.io/DeviceClass', {
    create: validateClass,
    update: (deviceClass, old) => [
      ...validateObjectMetaUpdate(deviceClass.metadata, old.metadata),
      ...validateClass(deviceClass),
    ],
  }),
];
