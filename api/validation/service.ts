import { duplicate, forbidden, invalid, notSupported, required } from '../meta/field-error.ts';
import type { FieldError } from '../meta/field-error.ts';
import { goStrings } from '../meta/go-text.ts';
import { parseIp, validateCidr, validateEndpointIp, validateIp } from '../meta/ip.ts';
import { validateLabels } from '../meta/labels.ts';
import { nameIsDnsLabel } from '../meta/names.ts';
import { validateObjectMeta, validateObjectMetaUpdate } from '../meta/object-meta.ts';
import type { Service, ServicePort, ServiceSpec } from '../types/core-v1.ts';
import {
  dnsLabel,
  dnsSubdomain,
  each,
  forbiddenIf,
  oneOf,
  oneOfIfSet,
  portNumber,
  portNumberOrName,
  protocols,
  qualifiedName,
} from './field-checks.ts';
import { validateClusterIps, validateClusterIpsUpdate } from './service-ips.ts';

const affinityTimeoutMax = 86_400;
const policies = ['Cluster', 'Local'];
/** types with a cluster IP */
const addressed = ['ClusterIP', 'NodePort', 'LoadBalancer'];

const isHeadless = (spec: ServiceSpec): boolean => spec.clusterIPs?.length === 1 && spec.clusterIPs[0] === 'None';
const isExternal = (spec: ServiceSpec): boolean =>
  spec.type === 'LoadBalancer' ||
  spec.type === 'NodePort' ||
  (spec.type === 'ClusterIP' && (spec.externalIPs?.length ?? 0) > 0);
const needsHealthCheck = (spec: ServiceSpec): boolean =>
  spec.type === 'LoadBalancer' && spec.externalTrafficPolicy === 'Local';

function validateType(spec: ServiceSpec): FieldError[] {
  const errors: FieldError[] = [];
  if (!spec.ports?.length && !isHeadless(spec) && spec.type !== 'ExternalName') errors.push(required('spec.ports'));
  if ((spec.type === 'LoadBalancer' || spec.type === 'NodePort') && isHeadless(spec)) {
    errors.push(invalid('spec.clusterIPs[0]', 'None', `may not be set to 'None' for ${spec.type} services`));
  }
  if (spec.type === 'ExternalName') {
    const why = 'may not be set for ExternalName services';
    errors.push(
      ...forbiddenIf(spec.clusterIPs?.length, 'spec.clusterIPs', why),
      ...forbiddenIf(spec.ipFamilies?.length, 'spec.ipFamilies', why),
      ...forbiddenIf(spec.ipFamilyPolicy, 'spec.ipFamilyPolicy', why),
    );
    const name = (spec.externalName ?? '').replace(/\.$/, '');
    errors.push(...(name ? dnsSubdomain('spec.externalName', name) : [required('spec.externalName')]));
  }
  return errors;
}

function validatePort(port: ServicePort, at: string, many: boolean, names: Set<string>): FieldError[] {
  const errors: FieldError[] = [];
  if (port.name) {
    errors.push(...dnsLabel(`${at}.name`, port.name));
    if (names.has(port.name)) errors.push(duplicate(`${at}.name`, port.name));
    names.add(port.name);
  } else if (many) errors.push(required(`${at}.name`));
  return [
    ...errors,
    ...portNumber(`${at}.port`, port.port),
    ...oneOf(`${at}.protocol`, port.protocol, protocols),
    ...portNumberOrName(`${at}.targetPort`, port.targetPort),
    ...(port.appProtocol === undefined ? [] : qualifiedName(`${at}.appProtocol`, port.appProtocol)),
  ];
}

function validatePorts(spec: ServiceSpec): FieldError[] {
  const [names, nodePorts, ports] = [new Set<string>(), new Set<string>(), new Set<string>()];
  const many = (spec.ports?.length ?? 0) > 1;
  const errors = each(spec.ports, 'spec.ports', (port, at) => validatePort(port, at, many, names));
  if (spec.type === 'ClusterIP') {
    const why = "may not be used when `type` is 'ClusterIP'";
    errors.push(...each(spec.ports, 'spec.ports', (port, at) => forbiddenIf(port.nodePort, `${at}.nodePort`, why)));
  }
  return [
    ...errors,
    ...each(spec.ports, 'spec.ports', (port, at) => {
      const key = `${port.protocol}/${port.nodePort}`;
      const again = Boolean(port.nodePort) && nodePorts.has(key);
      nodePorts.add(key);
      return again ? [duplicate(`${at}.nodePort`, port.nodePort)] : [];
    }),
    ...each(spec.ports, 'spec.ports', (port, at) => {
      const key = `${port.protocol}/${port.port}`;
      const again = ports.has(key);
      ports.add(key);
      return again ? [duplicate(at, { protocol: port.protocol, port: port.port })] : [];
    }),
  ];
}

function validateAffinity(spec: ServiceSpec): FieldError[] {
  const errors = oneOf('spec.sessionAffinity', spec.sessionAffinity, ['ClientIP', 'None']);
  const at = 'spec.sessionAffinityConfig';
  if (spec.sessionAffinity === 'ClientIP') {
    const why = 'when session affinity type is ClientIP';
    const seconds = spec.sessionAffinityConfig?.clientIP?.timeoutSeconds;
    if (!spec.sessionAffinityConfig) errors.push(required(at, why));
    else if (!spec.sessionAffinityConfig.clientIP) errors.push(required(`${at}.clientIP`, why));
    else if (seconds === undefined) errors.push(required(`${at}.clientIP.timeoutSeconds`, why));
    else if (seconds <= 0 || seconds > affinityTimeoutMax) {
      const range = `must be greater than 0 and less than ${affinityTimeoutMax}`;
      errors.push(invalid(`${at}.clientIP.timeoutSeconds`, seconds, range));
    }
  } else if (spec.sessionAffinity === 'None' && spec.sessionAffinityConfig) {
    errors.push(forbidden(at, 'must not be set when session affinity is None'));
  }
  return errors;
}

function validateLoadBalancer(spec: ServiceSpec, old: ServiceSpec | undefined): FieldError[] {
  const isBalancer = spec.type === 'LoadBalancer';
  const only = "may only be used when `type` is 'LoadBalancer'";
  const ranges = 'spec.LoadBalancerSourceRanges';
  const known = (old?.loadBalancerSourceRanges ?? []).map((range) => range.trim());
  const errors = [
    ...forbiddenIf(spec.loadBalancerSourceRanges?.length && !isBalancer, ranges, only),
    ...each(spec.loadBalancerSourceRanges, ranges, (range, at) => validateCidr(range.trim(), at, known)),
    ...forbiddenIf(
      spec.allocateLoadBalancerNodePorts !== undefined && !isBalancer,
      'spec.allocateLoadBalancerNodePorts',
      only,
    ),
  ];
  if (isBalancer && spec.allocateLoadBalancerNodePorts === undefined) {
    errors.push(required('allocateLoadBalancerNodePorts'));
  }
  const name = spec.loadBalancerClass;
  if (name !== undefined) {
    if (isBalancer) errors.push(...qualifiedName('spec.loadBalancerClass', name));
    else errors.push(forbidden('spec.loadBalancerClass', only));
  }
  return errors;
}

function validateTraffic(spec: ServiceSpec): FieldError[] {
  const errors: FieldError[] = [];
  const external = spec.externalTrafficPolicy;
  if (isExternal(spec)) errors.push(...oneOf('spec.externalTrafficPolicy', external, policies));
  else if (external) {
    const why = 'may only be set for externally-accessible services';
    errors.push(invalid('spec.externalTrafficPolicy', external, why));
  }
  const port = spec.healthCheckNodePort ?? 0;
  if (!needsHealthCheck(spec)) {
    const why = "may only be set when `type` is 'LoadBalancer' and `externalTrafficPolicy` is 'Local'";
    if (port !== 0) errors.push(invalid('spec.healthCheckNodePort', port, why));
    // none yet: the server gives it one
  } else if (port !== 0) errors.push(...portNumber('spec.healthCheckNodePort', port));
  if (spec.internalTrafficPolicy === undefined && addressed.includes(spec.type ?? '')) {
    errors.push(required('spec.internalTrafficPolicy'));
  }
  return [
    ...errors,
    ...oneOfIfSet('spec.internalTrafficPolicy', spec.internalTrafficPolicy, policies),
    ...oneOfIfSet('spec.trafficDistribution', spec.trafficDistribution, [
      'PreferClose',
      'PreferSameZone',
      'PreferSameNode',
    ]),
  ];
}

function validateSpec(spec: ServiceSpec, old?: ServiceSpec): FieldError[] {
  return [
    ...validateType(spec),
    ...validatePorts(spec),
    ...validateLabels(spec.selector, 'spec.selector'),
    ...validateAffinity(spec),
    ...validateClusterIps(spec, old),
    ...each(spec.externalIPs, 'spec.externalIPs', (ip, at) => {
      const errors = validateIp(ip, at, old?.externalIPs);
      return errors.length > 0 ? errors : validateEndpointIp(ip, at);
    }),
    ...oneOf('spec.type', spec.type, ['ClusterIP', 'ExternalName', 'LoadBalancer', 'NodePort']),
    ...validateLoadBalancer(spec, old),
    ...validateTraffic(spec),
  ];
}

const specOf = (service: Service): ServiceSpec => service.spec ?? {};

/** After the server has given the service its addresses and ports. */
export const validateService = (service: Service): FieldError[] => [
  ...validateObjectMeta(service.metadata, true, nameIsDnsLabel),
  ...validateSpec(specOf(service)),
];

export function validateServiceUpdate(service: Service, oldService: Service): FieldError[] {
  const [spec, old] = [specOf(service), specOf(oldService)];
  const errors = [
    ...validateObjectMetaUpdate(service.metadata, oldService.metadata),
    ...validateClusterIpsUpdate(spec, old),
  ];
  const bothBalancers = spec.type === 'LoadBalancer' && old.type === 'LoadBalancer';
  if (bothBalancers && spec.loadBalancerClass !== old.loadBalancerClass) {
    errors.push(invalid('spec.loadBalancerClass', spec.loadBalancerClass ?? null, 'may not change once set'));
  }
  if (needsHealthCheck(spec) && needsHealthCheck(old) && spec.healthCheckNodePort !== old.healthCheckNodePort) {
    errors.push(forbidden('spec.healthCheckNodePort', 'field is immutable'));
  }
  return [...errors, ...validateSpec(spec, old)];
}

export function validateServiceStatusUpdate(service: Service, old: Service): FieldError[] {
  const errors = validateObjectMetaUpdate(service.metadata, old.metadata);
  const ingress = service.status?.loadBalancer?.ingress ?? [];
  const path = 'status.loadBalancer.ingress';
  if (service.spec?.type !== 'LoadBalancer' && ingress.length > 0) {
    return [...errors, forbidden(path, "may only be used when `spec.type` is 'LoadBalancer'")];
  }
  const known = (old.status?.loadBalancer?.ingress ?? []).map((entry) => entry.ip ?? '');
  errors.push(
    ...each(ingress, path, (entry, at) => {
      const found = entry.ip ? validateIp(entry.ip, `${at}.ip`, known) : [];
      if (entry.ipMode === undefined) {
        if (entry.ip) found.push(required(`${at}.ipMode`, 'must be specified when `ip` is set'));
      } else if (!entry.ip) found.push(forbidden(`${at}.ipMode`, 'may not be specified when `ip` is not set'));
      else if (!['Proxy', 'VIP'].includes(entry.ipMode)) {
        found.push(notSupported(`${at}.ipMode`, entry.ipMode, ['Proxy', 'VIP']));
      }
      if (!entry.hostname) return found;
      found.push(...dnsSubdomain(`${at}.hostname`, entry.hostname));
      if (parseIp(entry.hostname) === undefined) return found;
      return [...found, invalid(`${at}.hostname`, entry.hostname, 'must be a DNS name, not an IP address')];
    }),
  );
  return errors;
}

/** What allocators answer, in Kubernetes' words. */
export const nodePortTaken = (index: number, port: number): FieldError =>
  invalid(`spec.ports[${index}].nodePort`, port, 'provided port is already allocated');
export const nodePortOutOfRange = (index: number, port: number, range: string): FieldError =>
  invalid(
    `spec.ports[${index}].nodePort`,
    port,
    `provided port is not in the valid range. The range of valid ports is ${range}`,
  );
export const clusterIpTaken = (ips: readonly string[], ip: string): FieldError =>
  invalid('spec.clusterIPs', goStrings(ips), `failed to allocate IP ${ip}: provided IP is already allocated`);
export const clusterIpOutOfRange = (ips: readonly string[], ip: string, cidr: string): FieldError =>
  invalid(
    'spec.clusterIPs',
    goStrings(ips),
    `failed to allocate IP ${ip}: the provided IP (${ip}) is not in the valid range. The range of valid IPs is ${cidr}`,
  );
