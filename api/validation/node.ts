import { duplicate, forbidden, invalid } from '../meta/field-error.ts';
import type { FieldError } from '../meta/field-error.ts';
import { goStrings } from '../meta/go-text.ts';
import { ipFamily, validateCidr } from '../meta/ip.ts';
import { nameIsDnsSubdomain } from '../meta/names.ts';
import { validateObjectMeta, validateObjectMetaUpdate } from '../meta/object-meta.ts';
import type { Node } from '../types/core-v1.ts';
import { each } from './field-checks.ts';
import { validateQuantityValue } from './resources.ts';
import { validateTaints } from './scheduling.ts';

function validateStatusResources(node: Node): FieldError[] {
  return (['capacity', 'allocatable'] as const).flatMap((key) =>
    Object.entries(node.status?.[key] ?? {}).flatMap(([name, value]) =>
      validateQuantityValue(name, value, `status.${key}.${name}`),
    ),
  );
}

export function validateNode(node: Node): FieldError[] {
  const cidrs = node.spec?.podCIDRs ?? [];
  const at = 'spec.podCIDRs';
  const errors = [
    ...validateObjectMeta(node.metadata, false, nameIsDnsSubdomain),
    // a real server reports taints below metadata, too
    ...validateTaints(node.spec?.taints, 'metadata.taints'),
    ...validateStatusResources(node),
    ...each(cidrs, at, (cidr, cidrAt) => validateCidr(cidr, cidrAt)),
  ];
  const bad = cidrs.findIndex((cidr) => validateCidr(cidr, at).length > 0);
  if (cidrs.length > 1 && bad >= 0) {
    const why = `invalid CIDR[${bad}]: <nil> (invalid CIDR address: ${cidrs[bad] ?? ''})`;
    const detail = `invalid PodCIDRs. failed to check with dual stack with error:${why}`;
    errors.push({ type: 'InternalError', field: at, detail });
  }
  const families = cidrs.map((cidr) => ipFamily(cidr.split('/')[0] as string));
  if (cidrs.length > 1 && (cidrs.length > 2 || families[0] === families[1])) {
    errors.push(invalid(at, goStrings(cidrs), 'may specify no more than one CIDR for each IP family'));
  }
  return errors;
}

/** Of the spec and of the status: a node has one rule for both. */
export function validateNodeUpdate(node: Node, old: Node): FieldError[] {
  const errors = [...validateObjectMetaUpdate(node.metadata, old.metadata), ...validateStatusResources(node)];
  const seen = new Set<string>();
  errors.push(
    ...each(node.status?.addresses, 'status.addresses', (address, at) => {
      const key = `${address.type}/${address.address}`;
      const again = seen.has(key) ? [duplicate(at, address)] : [];
      seen.add(key);
      return again;
    }),
  );
  const before = old.spec?.podCIDRs ?? [];
  const now = node.spec?.podCIDRs ?? [];
  if (before.length > 0 && (before.length !== now.length || before.some((cidr, i) => cidr !== now[i]))) {
    errors.push(forbidden('spec.podCIDRs', 'node updates may not change podCIDR except from "" to valid'));
  }
  if (old.spec?.providerID && old.spec.providerID !== node.spec?.providerID) {
    errors.push(forbidden('spec.providerID', 'node updates may not change providerID except from "" to valid'));
  }
  return [...errors, ...validateTaints(node.spec?.taints, 'metadata.taints')];
}
