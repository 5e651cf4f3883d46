import type { Ingress, IngressClass, IPAddress, NetworkPolicy, ServiceCIDR } from '../../../api/types/networking-v1.ts';
import { age, nameOf, none, selectorText } from '../cell-text.ts';
import { rows } from '../row-printer.ts';
import { loadBalancerText } from './service.ts';

const hostsShownMax = 3;

function hosts(ingress: Ingress): string {
  const named = (ingress.spec?.rules ?? []).map((rule) => rule.host ?? '').filter((host) => host !== '');
  if (named.length === 0) return '*';
  const shown = named.slice(0, hostsShownMax).join(',');
  return named.length > hostsShownMax ? `${shown} + ${named.length - hostsShownMax} more...` : shown;
}

export const ingressRows = rows<Ingress>((object, nowMs) => [
  nameOf(object),
  object.spec?.ingressClassName ?? none,
  hosts(object),
  loadBalancerText(object.status?.loadBalancer?.ingress),
  object.spec?.tls?.length ? '80, 443' : '80',
  age(object, nowMs),
]);

export const ingressClassRows = rows<IngressClass>((object, nowMs) => {
  const parameters = object.spec?.parameters;
  const kind = parameters?.apiGroup ? `${parameters.kind}.${parameters.apiGroup}` : parameters?.kind;
  return [
    nameOf(object),
    object.spec?.controller ?? '',
    parameters === undefined ? none : `${kind ?? ''}/${parameters.name}`,
    age(object, nowMs),
  ];
});

export const networkPolicyRows = rows<NetworkPolicy>((object, nowMs) => [
  nameOf(object),
  selectorText(object.spec?.podSelector),
  age(object, nowMs),
]);

export const ipAddressRows = rows<IPAddress>((object, nowMs) => {
  const parent = object.spec?.parentRef;
  const parts = [parent?.group, parent?.resource, parent?.namespace, parent?.name].filter((part) => part);
  return [nameOf(object), parts.length === 0 ? none : parts.join('/'), age(object, nowMs)];
});

export const serviceCidrRows = rows<ServiceCIDR>((object, nowMs) => [
  nameOf(object),
  (object.spec?.cidrs ?? []).join(','),
  age(object, nowMs),
]);
