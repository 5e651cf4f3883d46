import { invalid, required, tooLong } from '../meta/field-error.ts';
import type { FieldError } from '../meta/field-error.ts';
import {
  byteLength,
  dns1123LabelMaxLength,
  dns1123SubdomainMaxLength,
  isDns1123Label,
  isDns1123Subdomain,
} from '../meta/names.ts';

const domainBytesMax = dns1123SubdomainMaxLength;
const pathBytesMax = dns1123SubdomainMaxLength + dns1123LabelMaxLength + 1;
const signerNameBytesMax = domainBytesMax + pathBytesMax + 1;

/** The messages of the first part that is wrong. */
function firstWrong(
  parts: readonly string[],
  path: string,
  shown: string,
  check: (text: string) => string[],
): FieldError[] {
  for (const label of parts) {
    const messages = check(label);
    if (messages.length === 0) continue;
    return messages.map((message) => invalid(path, shown, `validating label "${label}": ${message}`));
  }
  return [];
}

/** `example.com/signer-name` */
export function validateSignerName(path: string, name: string | undefined): FieldError[] {
  if (!name) return [required(path)];
  const segments = name.split('/');
  const [domain = '', rest = ''] = segments;
  if (segments.length !== 2) {
    const form = "must be a fully qualified domain and path of the form 'example.com/signer-name'";
    return [invalid(path, name, form)];
  }
  const errors = byteLength(domain) > domainBytesMax ? [tooLong(path, domainBytesMax)] : [];
  const labels = domain.split('.');
  errors.push(...firstWrong(labels, path, domain, isDns1123Label));
  if (labels.length < 2) {
    errors.push(invalid(path, domain, 'should be a domain with at least two segments separated by dots'));
  }
  errors.push(...firstWrong(rest.split('.'), path, rest, isDns1123Subdomain));
  if (byteLength(name) > signerNameBytesMax) errors.push(tooLong(path, signerNameBytesMax));
  return errors;
}
