import { forbidden, invalid, notSupported } from '../meta/field-error.ts';
import type { FieldError } from '../meta/field-error.ts';
import { nameIsDnsSubdomain } from '../meta/names.ts';
import { validateObjectMeta, validateObjectMetaUpdate } from '../meta/object-meta.ts';
import type { Lease } from '../types/coordination-v1.ts';

function validateSpec(lease: Lease): FieldError[] {
  const { leaseDurationSeconds: duration, leaseTransitions: transitions, strategy, preferredHolder } = lease.spec ?? {};
  const errors: FieldError[] = [];
  if (duration !== undefined && duration <= 0) {
    errors.push(invalid('spec.leaseDurationSeconds', duration, 'must be greater than 0'));
  }
  if (transitions !== undefined && transitions < 0) {
    errors.push(invalid('spec.leaseTransitions', transitions, 'must be greater than or equal to 0'));
  }
  if (strategy && strategy !== 'OldestEmulationVersion' && !strategy.includes('/')) {
    errors.push(notSupported('spec.strategy', strategy, ['OldestEmulationVersion']));
  }
  if (preferredHolder && !strategy) {
    errors.push(forbidden('spec.preferredHolder', 'may only be specified if `strategy` is defined'));
  }
  return errors;
}

export const validateLease = (lease: Lease): FieldError[] => [
  ...validateObjectMeta(lease.metadata, true, nameIsDnsSubdomain),
  ...validateSpec(lease),
];

export const validateLeaseUpdate = (lease: Lease, old: Lease): FieldError[] => [
  ...validateObjectMetaUpdate(lease.metadata, old.metadata),
  ...validateSpec(lease),
];
