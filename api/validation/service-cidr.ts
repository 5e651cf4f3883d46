/** ServiceCIDRs, and the IPAddresses that are taken out of them. */
import { invalid, required } from '../meta/field-error.ts';
import type { FieldError } from '../meta/field-error.ts';
import { GoSyntax, goQuote, goStrings } from '../meta/go-text.ts';
import { cidrFamily, validateCanonicalCidr, validateCanonicalIp } from '../meta/ip.ts';
import { nameIsDnsSubdomain } from '../meta/names.ts';
import type { NameCheck } from '../meta/names.ts';
import {
  fieldImmutable,
  validateImmutable,
  validateObjectMeta,
  validateObjectMetaUpdate,
} from '../meta/object-meta.ts';
import type { IPAddress, ParentReference, ServiceCIDR } from '../types/networking-v1.ts';
import { dnsSubdomain, each, named, pathSegment } from './field-checks.ts';
import { kindEntry } from './kind-validation.ts';
import { nameIsPathSegment } from '../meta/names.ts';

const nameIsIp: NameCheck = (name) => validateCanonicalIp(name, '').map(({ detail }) => detail);

function validateParent(parent: ParentReference | undefined): FieldError[] {
  const at = 'spec.parentRef';
  if (!parent) return [required(at)];
  const { group, resource, name, namespace } = parent;
  return [
    ...(group ? dnsSubdomain(`${at}.group`, group) : []),
    ...pathSegment(`${at}.resource`, resource),
    ...pathSegment(`${at}.name`, name),
    ...(namespace ? named(`${at}.namespace`, namespace, nameIsPathSegment(namespace, false)) : []),
  ];
}

const validateIpAddress = (address: IPAddress): FieldError[] => [
  ...validateObjectMeta(address.metadata, false, nameIsIp),
  ...validateParent(address.spec?.parentRef),
];

/** As Go prints it. */
function goParent(parent: ParentReference | undefined): GoSyntax {
  if (!parent) return new GoSyntax('(*networking.ParentReference)(nil)');
  const { group = '', resource = '', namespace = '', name = '' } = parent;
  return new GoSyntax(
    `networking.ParentReference{Group:${goQuote(group)}, Resource:${goQuote(resource)}, ` +
      `Namespace:${goQuote(namespace)}, Name:${goQuote(name)}}`,
  );
}

const validateIpAddressUpdate = (address: IPAddress, old: IPAddress): FieldError[] => [
  ...validateIpAddress(address),
  ...validateObjectMetaUpdate(address.metadata, old.metadata),
  ...validateImmutable(
    address.spec?.parentRef,
    old.spec?.parentRef,
    'spec.parentRef',
    goParent(address.spec?.parentRef),
  ),
];

function validateCidrs({ spec }: ServiceCIDR): FieldError[] {
  const at = 'spec.cidrs';
  const cidrs = spec?.cidrs ?? [];
  if (cidrs.length === 0) return [required(at, 'at least one CIDR required')];
  if (cidrs.length > 2) {
    const shown = new GoSyntax(`networking.ServiceCIDRSpec{CIDRs:${goStrings(cidrs).text}}`);
    return [invalid(at, shown, 'may only hold up to 2 values')];
  }
  const errors = each(cidrs, at, (cidr, cidrAt) => validateCanonicalCidr(cidr, cidrAt));
  const [first, second] = cidrs.map(cidrFamily);
  if (cidrs.length === 2 && first !== undefined && first === second) {
    const why = 'may specify no more than one IP for each IP family, i.e 192.168.0.0/24 and 2001:db8::/64';
    errors.push(invalid(at, goStrings(cidrs), why));
  }
  return errors;
}

/** The only change: a second family is added. */
function validateCidrsUpdate(cidr: ServiceCIDR, old: ServiceCIDR): FieldError[] {
  const [after, before] = [cidr.spec?.cidrs ?? [], old.spec?.cidrs ?? []];
  const at = 'spec.cidrs';
  if (after.length !== before.length && !(before.length === 1 && after.length === 2)) {
    return [invalid(at, goStrings(after), fieldImmutable)];
  }
  const changed = before.flatMap((one, i) =>
    one === after[i] ? [] : [invalid(`${at}[${i}]`, after[i] ?? '', fieldImmutable)],
  );
  return after.length === before.length ? changed : [...changed, ...validateCidrs(cidr)];
}

export const serviceCidrKinds = [
  kindEntry<IPAddress>('networking.k8s.io/IPAddress', { create: validateIpAddress, update: validateIpAddressUpdate }),
  kindEntry<ServiceCIDR>('networking.k8s.io/ServiceCIDR', {
    create: (cidr) => [...validateObjectMeta(cidr.metadata, false, nameIsDnsSubdomain), ...validateCidrs(cidr)],
    update: (cidr, old) => [
      ...validateObjectMetaUpdate(cidr.metadata, old.metadata),
      ...validateCidrsUpdate(cidr, old),
    ],
  }),
];
