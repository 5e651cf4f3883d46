/** Ingresses and their classes. */
import { forbidden, invalid, notSupported, required, tooLong } from '../meta/field-error.ts';
import type { FieldError } from '../meta/field-error.ts';
import { GoSyntax } from '../meta/go-text.ts';
import { parseIp, validateIp } from '../meta/ip.ts';
import {
  byteLength,
  isDns1123Subdomain,
  isPortName,
  isWildcardDns1123Subdomain,
  nameIsDnsLabel,
  nameIsDnsSubdomain,
} from '../meta/names.ts';
import { validateImmutable, validateObjectMeta, validateObjectMetaUpdate } from '../meta/object-meta.ts';
import type { TypedLocalObjectReference } from '../types/core-v1.ts';
import type {
  HTTPIngressPath,
  Ingress,
  IngressBackend,
  IngressClass,
  IngressClassParametersReference,
  IngressRule,
  IngressTLS,
} from '../types/networking-v1.ts';
import { dnsLabel, dnsSubdomain, domainPrefixedPath, each, named, pathSegment, portNumber } from './field-checks.ts';
import { kindEntry } from './kind-validation.ts';

export const ingressClassAnnotation = 'kubernetes.io/ingress.class';
const controllerBytesMax = 250;
const pathTypes = ['Exact', 'ImplementationSpecific', 'Prefix'];
const forbiddenInPaths = ['//', '/./', '/../', '%2f', '%2F'];
const forbiddenPathEnds = ['/..', '/.'];
const notAnAddress = 'must be a DNS name, not an IP address';

const hostName = (path: string, host: string): FieldError[] =>
  named(path, host, host.includes('*') ? isWildcardDns1123Subdomain(host) : isDns1123Subdomain(host));

function validateObjectReference(reference: TypedLocalObjectReference, path: string): FieldError[] {
  const { apiGroup } = reference;
  return [
    ...(apiGroup === undefined ? [] : dnsSubdomain(`${path}.apiGroup`, apiGroup)),
    ...pathSegment(`${path}.kind`, reference.kind),
    ...pathSegment(`${path}.name`, reference.name),
  ];
}

function validateBackend(backend: IngressBackend | undefined, path: string): FieldError[] {
  const { resource, service } = backend ?? {};
  if (resource && service) return [invalid(path, '', 'cannot set both resource and service backends')];
  if (resource) return validateObjectReference(resource, `${path}.resource`);
  if (!service) return [invalid(path, '', 'resource or service backend is required')];
  const at = `${path}.service`;
  const errors = service.name
    ? named(`${at}.name`, service.name, nameIsDnsLabel(service.name, false))
    : [required(`${at}.name`)];
  const { name, number } = service.port ?? {};
  if (name && number) errors.push(invalid(path, '', 'cannot set both port name & port number'));
  else if (name) errors.push(...named(`${at}.port.name`, name, isPortName(name)));
  else if (number) errors.push(...portNumber(`${at}.port.number`, number));
  else errors.push(required(path, 'port name or number is required'));
  return errors;
}

function validatePathText(type: string, text: string, at: string): FieldError[] {
  const errors: FieldError[] = [];
  const exact = type !== 'ImplementationSpecific';
  if (!text.startsWith('/') && (exact || text !== '')) errors.push(invalid(at, text, 'must be an absolute path'));
  if (!exact) return errors;
  for (const part of forbiddenInPaths) {
    if (text.includes(part)) errors.push(invalid(at, text, `must not contain '${part}'`));
  }
  for (const end of forbiddenPathEnds) {
    if (text.endsWith(end)) errors.push(invalid(at, text, `cannot end with '${end}'`));
  }
  return errors;
}

function validatePath(path: HTTPIngressPath, at: string): FieldError[] {
  const { pathType } = path;
  if (pathType === undefined || pathType === null) return [required(`${at}.pathType`, 'pathType must be specified')];
  const errors = pathTypes.includes(pathType)
    ? validatePathText(pathType, path.path ?? '', `${at}.path`)
    : [notSupported(`${at}.pathType`, pathType, pathTypes)];
  return [...errors, ...validateBackend(path.backend, `${at}.backend`)];
}

function validateRule(rule: IngressRule, at: string): FieldError[] {
  const errors: FieldError[] = [];
  const host = rule.host ?? '';
  if (host !== '') {
    if (parseIp(host) !== undefined) errors.push(invalid(`${at}.host`, host, notAnAddress));
    errors.push(...hostName(`${at}.host`, host));
  }
  if (!rule.http) return errors;
  const paths = `${at}.http.paths`;
  if (!rule.http.paths?.length) errors.push(required(paths));
  return [...errors, ...each(rule.http.paths, paths, validatePath)];
}

const validateTls = (tls: IngressTLS, at: string): FieldError[] => [
  ...each(tls.hosts, `${at}.hosts`, (host, hostAt) => hostName(hostAt, host)),
  ...(tls.secretName ? dnsSubdomain(`${at}.secretName`, tls.secretName) : []),
];

function validateSpec({ spec }: Ingress): FieldError[] {
  const { rules, defaultBackend, tls, ingressClassName } = spec ?? {};
  const errors: FieldError[] = [];
  if (!rules?.length && !defaultBackend) {
    const empty = new GoSyntax(rules ? '[]networking.IngressRule{}' : '[]networking.IngressRule(nil)');
    errors.push(invalid('spec', empty, 'either `defaultBackend` or `rules` must be specified'));
  }
  if (defaultBackend) errors.push(...validateBackend(defaultBackend, 'spec.defaultBackend'));
  errors.push(...each(rules, 'spec.rules', validateRule), ...each(tls, 'spec.tls', validateTls));
  if (ingressClassName !== undefined) errors.push(...dnsSubdomain('spec.ingressClassName', ingressClassName));
  return errors;
}

function validateIngress(ingress: Ingress): FieldError[] {
  const annotation = ingress.metadata?.annotations?.[ingressClassAnnotation];
  const name = ingress.spec?.ingressClassName;
  const errors = [...validateObjectMeta(ingress.metadata, true, nameIsDnsSubdomain), ...validateSpec(ingress)];
  if (annotation !== undefined && name !== undefined && annotation !== name) {
    const at = `annotations.${ingressClassAnnotation}`;
    errors.push(invalid(at, annotation, 'must match `ingressClassName` when both are specified'));
  }
  return errors;
}

const validateIngressUpdate = (ingress: Ingress, old: Ingress): FieldError[] => [
  ...validateObjectMetaUpdate(ingress.metadata, old.metadata),
  ...validateObjectMeta(ingress.metadata, true, nameIsDnsSubdomain),
  ...validateSpec(ingress),
];

function validateIngressStatusUpdate(ingress: Ingress, old: Ingress): FieldError[] {
  const known = (old.status?.loadBalancer?.ingress ?? []).flatMap(({ ip }) => ip ?? []);
  return [
    ...validateObjectMetaUpdate(ingress.metadata, old.metadata),
    ...each(ingress.status?.loadBalancer?.ingress, 'status.loadBalancer.ingress', ({ ip, hostname }, at) => [
      ...(ip ? validateIp(ip, `${at}.ip`, known) : []),
      ...(hostname ? dnsSubdomain(`${at}.hostname`, hostname) : []),
      ...(hostname && parseIp(hostname) ? [invalid(`${at}.hostname`, hostname, notAnAddress)] : []),
    ]),
  ];
}

function validateParameters(parameters: IngressClassParametersReference | undefined): FieldError[] {
  if (!parameters) return [];
  const at = 'spec.parameters';
  const errors = validateObjectReference(parameters, at);
  const { scope, namespace } = parameters;
  if (scope === undefined) return [...errors, required(`${at}.scope`)];
  if (scope !== 'Cluster' && scope !== 'Namespace') {
    return [...errors, notSupported(`${at}.scope`, scope, ['Cluster', 'Namespace'])];
  }
  if (scope === 'Cluster') {
    if (namespace === undefined) return errors;
    return [...errors, forbidden(`${at}.namespace`, "`parameters.scope` is set to 'Cluster'")];
  }
  if (namespace === undefined) {
    return [...errors, required(`${at}.namespace`, "`parameters.scope` is set to 'Namespace'")];
  }
  return [...errors, ...dnsLabel(`${at}.namespace`, namespace)];
}

function validateIngressClass(ingressClass: IngressClass): FieldError[] {
  const controller = ingressClass.spec?.controller ?? '';
  const at = 'spec.controller';
  return [
    ...validateObjectMeta(ingressClass.metadata, false, nameIsDnsSubdomain),
    ...(byteLength(controller) > controllerBytesMax ? [tooLong(at, controllerBytesMax)] : []),
    ...domainPrefixedPath(at, controller),
    ...validateParameters(ingressClass.spec?.parameters),
  ];
}

const validateIngressClassUpdate = (ingressClass: IngressClass, old: IngressClass): FieldError[] => [
  ...validateObjectMetaUpdate(ingressClass.metadata, old.metadata),
  ...validateImmutable(ingressClass.spec?.controller, old.spec?.controller, 'spec.controller'),
  ...validateIngressClass(ingressClass),
];

export const ingressKinds = [
  kindEntry<Ingress>('networking.k8s.io/Ingress', {
    create: validateIngress,
    update: validateIngressUpdate,
    statusUpdate: validateIngressStatusUpdate,
  }),
  kindEntry<IngressClass>('networking.k8s.io/IngressClass', {
    create: validateIngressClass,
    update: validateIngressClassUpdate,
  }),
];
