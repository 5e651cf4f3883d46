/** What a projected volume takes from the cluster's certificates. */
import { invalid, notSupported, required, tooLong } from '../meta/field-error.ts';
import type { FieldError } from '../meta/field-error.ts';
import { goLabelSelector, goQuote } from '../meta/go-text.ts';
import { validateLabelSelector } from '../meta/labels.ts';
import { isDns1123Label, isDns1123Subdomain, nameIsDnsSubdomain } from '../meta/names.ts';
import type { ClusterTrustBundleProjection, PodCertificateProjection } from '../types/core-v1.ts';
import { localNonReservedPath, requiredText } from './field-checks.ts';

const keyTypes = ['RSA3072', 'RSA4096', 'ECDSAP256', 'ECDSAP384', 'ECDSAP521', 'ED25519'];
const expirationSecondsMin = 3600;
const expirationSecondsMax = 91 * 86_400;
const kubernetesExpirationSecondsMax = 86_400;
/** 253 of the domain, 63 and 253 of the path with their dots, and a slash */
const signerNameLengthMax = 571;

/** Only the first: those of the others would read the same. */
function firstBadLabel(
  labels: readonly string[],
  check: (label: string) => string[],
  shown: string,
  path: string,
): FieldError[] {
  const bad = labels.find((label) => check(label).length > 0);
  if (bad === undefined) return [];
  return check(bad).map((why) => invalid(path, shown, `validating label ${goQuote(bad)}: ${why}`));
}

/** `example.com/signer` */
export function validateSignerName(name: string, path: string): FieldError[] {
  if (name === '') return [required(path)];
  const segments = name.split('/');
  const shape = "must be a fully qualified domain and path of the form 'example.com/signer-name'";
  if (segments.length !== 2) return [invalid(path, name, shape)];
  const [domain = '', signer = ''] = segments;
  const labels = domain.split('.');
  const errors = domain.length > 253 ? [tooLong(path, 253)] : [];
  errors.push(...firstBadLabel(labels, isDns1123Label, domain, path));
  if (labels.length < 2) {
    errors.push(invalid(path, domain, 'should be a domain with at least two segments separated by dots'));
  }
  errors.push(...firstBadLabel(signer.split('.'), isDns1123Subdomain, signer, path));
  return name.length > signerNameLengthMax ? [...errors, tooLong(path, signerNameLengthMax)] : errors;
}

/** `example.com:signer:name` of a signer's bundle, `name` of any other */
const bundleNameErrors = (name: string): string[] => nameIsDnsSubdomain(name.slice(name.lastIndexOf(':') + 1), false);

export function validateTrustBundle(bundle: ClusterTrustBundleProjection, path: string): FieldError[] {
  const { name, signerName, labelSelector } = bundle;
  const errors: FieldError[] = [];
  if (name !== undefined && signerName !== undefined) {
    errors.push(invalid(path, bundle, 'only one of name and signerName may be used'));
  } else if (name !== undefined) {
    if (name === '') errors.push(required(`${path}.name`, 'must be a valid object name'));
    for (const why of bundleNameErrors(name)) {
      errors.push(invalid(`${path}.name`, name, `not a valid clustertrustbundlename: ${why}`));
    }
    if (labelSelector) {
      const why = 'labelSelector must be unset if name is specified';
      errors.push(invalid(`${path}.labelSelector`, goLabelSelector(labelSelector), why));
    }
  } else if (signerName === undefined) {
    errors.push(required(path, 'either name or signerName must be specified'));
  } else {
    if (signerName === '') errors.push(required(`${path}.signerName`, 'must be a valid signer name'));
    errors.push(...validateSignerName(signerName, `${path}.signerName`));
    errors.push(...validateLabelSelector(labelSelector, `${path}.labelSelector`));
  }
  return [
    ...errors,
    ...requiredText(`${path}.path`, bundle.path),
    ...localNonReservedPath(`${path}.path`, bundle.path ?? ''),
  ];
}

export function validatePodCertificate(certificate: PodCertificateProjection, path: string): FieldError[] {
  const { signerName = '', keyType = '', maxExpirationSeconds: seconds } = certificate;
  const errors = validateSignerName(signerName, `${path}.signerName`);
  if (!keyTypes.includes(keyType)) errors.push(notSupported(`${path}.keyType`, keyType, keyTypes));
  if (seconds !== undefined) {
    const at = `${path}.maxExpirationSeconds`;
    const most = /(^|\.)kubernetes\.io\//.test(signerName) ? kubernetesExpirationSecondsMax : expirationSecondsMax;
    if (seconds < expirationSecondsMin) {
      const why = `if provided, maxExpirationSeconds must be >= ${expirationSecondsMin}`;
      errors.push(invalid(at, seconds, why));
    }
    if (seconds > most) errors.push(invalid(at, seconds, `if provided, maxExpirationSeconds must be <= ${most}`));
  }
  const keys = ['credentialBundlePath', 'keyPath', 'certificateChainPath'] as const;
  for (const key of keys)
    if (certificate[key]) errors.push(...localNonReservedPath(`${path}.${key}`, certificate[key]));
  if (keys.every((key) => !certificate[key])) {
    const why = 'specify at least one of credentialBundlePath, keyPath, and certificateChainPath';
    errors.push(required(path, why));
  }
  return errors;
}
