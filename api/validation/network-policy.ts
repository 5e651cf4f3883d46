import { forbidden, invalid, notSupported, required } from '../meta/field-error.ts';
import type { FieldError } from '../meta/field-error.ts';
import { goStrings } from '../meta/go-text.ts';
import { isStrictSubnet, validateCidr } from '../meta/ip.ts';
import { validateLabelSelector } from '../meta/labels.ts';
import { isPortName, nameIsDnsSubdomain } from '../meta/names.ts';
import type { IPBlock, NetworkPolicy, NetworkPolicyPeer, NetworkPolicyPort } from '../types/networking-v1.ts';
import { each, named, portNumber } from './field-checks.ts';
import { kindEntry, plainValidation } from './kind-validation.ts';

const protocols = ['TCP', 'UDP', 'SCTP'];
const policyTypes = ['Ingress', 'Egress'];

function validatePort({ protocol, port, endPort }: NetworkPolicyPort, at: string): FieldError[] {
  const errors: FieldError[] = [];
  if (protocol !== undefined && !protocols.includes(protocol)) {
    errors.push(notSupported(`${at}.protocol`, protocol, protocols));
  }
  const refuseEnd = (why: string): void => {
    if (endPort !== undefined) errors.push(invalid(`${at}.endPort`, endPort, why));
  };
  if (port === undefined) refuseEnd('may not be specified when `port` is not specified');
  else if (typeof port === 'string') {
    refuseEnd('may not be specified when `port` is non-numeric');
    errors.push(...named(`${at}.port`, port, isPortName(port)));
  } else {
    errors.push(...portNumber(`${at}.port`, port));
    if (endPort === undefined) return errors;
    if (endPort < port) refuseEnd('must be greater than or equal to `port`');
    errors.push(...portNumber(`${at}.endPort`, endPort));
  }
  return errors;
}

/** `known`: blocks of the old version, which need no longer be right */
function validateBlock(block: IPBlock, at: string, known: readonly string[]): FieldError[] {
  if (!block.cidr) return [required(`${at}.cidr`)];
  const errors = validateCidr(block.cidr, `${at}.cidr`, known);
  return [
    ...errors,
    ...each(block.except, `${at}.except`, (except, exceptAt) => {
      const own = validateCidr(except, exceptAt, known);
      if (isStrictSubnet(except, block.cidr) !== false) return own;
      return [...own, invalid(exceptAt, except, 'must be a strict subset of `cidr`')];
    }),
  ];
}

function validatePeer(peer: NetworkPolicyPeer, at: string, known: readonly string[]): FieldError[] {
  const { podSelector, namespaceSelector, ipBlock } = peer;
  const errors = [
    ...validateLabelSelector(podSelector, `${at}.podSelector`),
    ...validateLabelSelector(namespaceSelector, `${at}.namespaceSelector`),
    ...(ipBlock ? validateBlock(ipBlock, `${at}.ipBlock`, known) : []),
  ];
  if (!podSelector && !namespaceSelector && !ipBlock) errors.push(required(at, 'must specify a peer'));
  else if (ipBlock && (podSelector || namespaceSelector)) {
    errors.push(forbidden(at, 'may not specify both ipBlock and another peer'));
  }
  return errors;
}

/** All blocks of a policy: an update may keep those that are wrong by now. */
function blocksOf(policy: NetworkPolicy | undefined): string[] {
  const peers = [
    ...(policy?.spec?.ingress ?? []).flatMap(({ from }) => from ?? []),
    ...(policy?.spec?.egress ?? []).flatMap(({ to }) => to ?? []),
  ];
  return peers.flatMap(({ ipBlock }) => (ipBlock ? [ipBlock.cidr, ...(ipBlock.except ?? [])] : []));
}

function validateSpec({ spec }: NetworkPolicy, old: NetworkPolicy | undefined): FieldError[] {
  const known = blocksOf(old);
  const peer = (one: NetworkPolicyPeer, at: string): FieldError[] => validatePeer(one, at, known);
  const errors = [
    ...validateLabelSelector(spec?.podSelector, 'spec.podSelector'),
    ...each(spec?.ingress, 'spec.ingress', (rule, at) => [
      ...each(rule.ports, `${at}.ports`, validatePort),
      ...each(rule.from, `${at}.from`, peer),
    ]),
    ...each(spec?.egress, 'spec.egress', (rule, at) => [
      ...each(rule.ports, `${at}.ports`, validatePort),
      ...each(rule.to, `${at}.to`, peer),
    ]),
  ];
  const types = spec?.policyTypes ?? [];
  if (types.length > policyTypes.length) {
    const shown = goStrings(types, 'networking.PolicyType');
    return [...errors, invalid('spec.policyTypes', shown, 'may not specify more than two policyTypes')];
  }
  const unknown = (type: string, at: string): FieldError[] =>
    policyTypes.includes(type) ? [] : [notSupported(at, type, policyTypes)];
  return [...errors, ...each(types, 'spec.policyTypes', unknown)];
}

export const networkPolicyKinds = [
  kindEntry('networking.k8s.io/NetworkPolicy', plainValidation(true, nameIsDnsSubdomain, validateSpec)),
];
