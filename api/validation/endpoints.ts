/** Endpoints and EndpointSlices. */
import { semanticEqual } from '../meta/deep-equal.ts';
import { duplicate, invalid, required, tooMany } from '../meta/field-error.ts';
import type { FieldError } from '../meta/field-error.ts';
import { isIpv4, isIpv6, validateCanonicalIp, validateEndpointIp, validateIp } from '../meta/ip.ts';
import { validateLabels } from '../meta/labels.ts';
import { isDns1123Label, isDns1123Subdomain, isLabelValue, nameIsDnsSubdomain } from '../meta/names.ts';
import { validateImmutable, validateObjectMeta, validateObjectMetaUpdate } from '../meta/object-meta.ts';
import type { EndpointAddress, Endpoints, EndpointSubset } from '../types/core-v1.ts';
import type { Endpoint, EndpointHints, EndpointSlice } from '../types/discovery-v1.ts';
import {
  dnsLabel,
  dnsSubdomain,
  each,
  named,
  oneOf,
  oneOfIfSet,
  portNumber,
  protocols,
  qualifiedName,
} from './field-checks.ts';

const addressesMax = 100;
const endpointsMax = 1000;
const portsMax = 20_000;
const topologyLabelsMax = 16;
const hintsMax = 8;

const validateAddress = (address: EndpointAddress, at: string): FieldError[] => [
  ...validateIp(address.ip, `${at}.ip`),
  ...(address.hostname ? dnsLabel(`${at}.hostname`, address.hostname) : []),
  ...(address.nodeName === undefined ? [] : dnsSubdomain(`${at}.nodeName`, address.nodeName)),
  ...validateEndpointIp(address.ip, `${at}.ip`),
];

function validateSubset(subset: EndpointSubset, at: string): FieldError[] {
  const many = (subset.ports?.length ?? 0) > 1;
  const none = !subset.addresses?.length && !subset.notReadyAddresses?.length;
  return [
    ...(none ? [required(at, 'must specify `addresses` or `notReadyAddresses`')] : []),
    ...each(subset.addresses, `${at}.addresses`, validateAddress),
    ...each(subset.notReadyAddresses, `${at}.notReadyAddresses`, validateAddress),
    ...each(subset.ports, `${at}.ports`, (port, portAt) => [
      ...(port.name ? dnsLabel(`${portAt}.name`, port.name) : many ? [required(`${portAt}.name`)] : []),
      ...portNumber(`${portAt}.port`, port.port),
      ...oneOf(`${portAt}.protocol`, port.protocol, protocols),
      ...(port.appProtocol === undefined ? [] : qualifiedName(`${portAt}.appProtocol`, port.appProtocol)),
    ]),
  ];
}

export const validateEndpoints = (endpoints: Endpoints): FieldError[] => [
  ...validateObjectMeta(endpoints.metadata, true, nameIsDnsSubdomain),
  ...each(endpoints.subsets, 'subsets', validateSubset),
];

/** Subsets that did not change may be as wrong as they were. */
export const validateEndpointsUpdate = (endpoints: Endpoints, old: Endpoints): FieldError[] => [
  ...validateObjectMetaUpdate(endpoints.metadata, old.metadata),
  ...(semanticEqual(endpoints.subsets, old.subsets) ? [] : each(endpoints.subsets, 'subsets', validateSubset)),
];

function validateSliceAddress(type: string, address: string, at: string, list: string): FieldError[] {
  if (type === 'IPv4') {
    const errors = validateIp(address, at);
    if (errors.length > 0) return errors;
    const family = isIpv4(address) ? [] : [invalid(list, address, 'must be an IPv4 address')];
    return [...family, ...validateEndpointIp(address, at)];
  }
  if (type === 'IPv6') {
    const errors = validateCanonicalIp(address, at);
    if (errors.length > 0) return errors;
    const family = isIpv6(address) ? [] : [invalid(list, address, 'must be an IPv6 address')];
    return [...family, ...validateEndpointIp(address, at)];
  }
  return type === 'FQDN' ? validateDomain(address, at) : [];
}

function validateDomain(name: string, at: string): FieldError[] {
  if (name === '') return [required(at)];
  const bare = name.replace(/\.$/, '');
  const messages = isDns1123Subdomain(bare);
  if (messages.length > 0) return [invalid(at, bare, messages.join(','))];
  const labels = bare.split('.');
  if (labels.length < 2) return [invalid(at, bare, 'should be a domain with at least two segments separated by dots')];
  return labels.flatMap((label) => {
    const wrong = isDns1123Label(label);
    return wrong.length > 0 ? [invalid(at, label, wrong.join(','))] : [];
  });
}

function validateHints(hints: EndpointHints | undefined, path: string): FieldError[] {
  const errors: FieldError[] = [];
  for (const [key, check] of [
    ['forZones', isLabelValue],
    ['forNodes', isDns1123Subdomain],
  ] as const) {
    const list = hints?.[key] ?? [];
    if (list.length > hintsMax) return [...errors, tooMany(`${path}.${key}`, list.length, hintsMax)];
    const seen = new Set<string>();
    errors.push(
      ...each(list, `${path}.${key}`, ({ name }, at) => {
        const again = seen.has(name) ? [duplicate(`${at}.name`, name)] : [];
        seen.add(name);
        return [...again, ...named(`${at}.name`, name, check(name))];
      }),
    );
  }
  return errors;
}

function validateEndpoint(endpoint: Endpoint, type: string, at: string): FieldError[] {
  const addresses = endpoint.addresses ?? [];
  const list = `${at}.addresses`;
  const errors: FieldError[] = [];
  if (addresses.length === 0) errors.push(required(list, 'must contain at least 1 address'));
  if (addresses.length > addressesMax) errors.push(tooMany(list, addresses.length, addressesMax));
  errors.push(...each(addresses, list, (address, addressAt) => validateSliceAddress(type, address, addressAt, list)));
  if (endpoint.nodeName !== undefined) errors.push(...dnsSubdomain(`${at}.nodeName`, endpoint.nodeName));
  const labels = Object.keys(endpoint.deprecatedTopology ?? {}).length;
  if (labels > topologyLabelsMax) errors.push(tooMany(`${at}.deprecatedTopology`, labels, topologyLabelsMax));
  errors.push(...validateLabels(endpoint.deprecatedTopology, `${at}.deprecatedTopology`));
  if (endpoint.hostname !== undefined) errors.push(...dnsLabel(`${at}.hostname`, endpoint.hostname));
  return [...errors, ...validateHints(endpoint.hints, `${at}.hints`)];
}

function validateSliceEndpoints(slice: EndpointSlice): FieldError[] {
  const endpoints = slice.endpoints ?? [];
  if (endpoints.length > endpointsMax) return [tooMany('endpoints', endpoints.length, endpointsMax)];
  return each(endpoints, 'endpoints', (endpoint, at) => validateEndpoint(endpoint, slice.addressType, at));
}

function validateSliceRest(slice: EndpointSlice): FieldError[] {
  const errors = oneOf('addressType', slice.addressType, ['FQDN', 'IPv4', 'IPv6']);
  const ports = slice.ports ?? [];
  if (ports.length > portsMax) return [...errors, tooMany('ports', ports.length, portsMax)];
  const names = new Set<string>();
  return [
    ...errors,
    ...each(ports, 'ports', (port, at) => {
      const name = port.name ?? '';
      const found = name ? dnsLabel(`${at}.name`, name) : [];
      if (names.has(name)) found.push(duplicate(`${at}.name`, name));
      names.add(name);
      found.push(...oneOfIfSet(`${at}.protocol`, port.protocol ?? '', protocols));
      return port.appProtocol === undefined
        ? found
        : [...found, ...qualifiedName(`${at}.appProtocol`, port.appProtocol)];
    }),
  ];
}

export const validateEndpointSlice = (slice: EndpointSlice): FieldError[] => [
  ...validateObjectMeta(slice.metadata, true, nameIsDnsSubdomain),
  ...validateSliceRest(slice),
  ...validateSliceEndpoints(slice),
];

export const validateEndpointSliceUpdate = (slice: EndpointSlice, old: EndpointSlice): FieldError[] => [
  ...validateObjectMetaUpdate(slice.metadata, old.metadata),
  ...validateSliceRest(slice),
  ...(semanticEqual(slice.endpoints, old.endpoints) ? [] : validateSliceEndpoints(slice)),
  ...validateImmutable(slice.addressType, old.addressType, 'addressType'),
];
