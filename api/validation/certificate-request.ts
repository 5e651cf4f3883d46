/** CertificateSigningRequests. What is in `spec.request` is looked at elsewhere: that takes cryptography. */
import { duplicate, forbidden, invalid, notSupported, required } from '../meta/field-error.ts';
import type { FieldError } from '../meta/field-error.ts';
import { base64ToBytes } from '../meta/base64.ts';
import { semanticEqual } from '../meta/deep-equal.ts';
import { goQuote } from '../meta/go-text.ts';
import { validateObjectMeta, validateObjectMetaUpdate } from '../meta/object-meta.ts';
import type {
  CertificateSigningRequest,
  CertificateSigningRequestCondition as Condition,
} from '../types/certificates-v1.ts';
import { each } from './field-checks.ts';
import { kindEntry } from './kind-validation.ts';
import { validateSignerName } from './signer-name.ts';

const legacySigner = 'kubernetes.io/legacy-unknown';
const expirationSecondsMin = 600;
/** sorted, as messages show them */
const usages = [
  'any',
  'cert sign',
  'client auth',
  'code signing',
  'content commitment',
  'crl sign',
  'data encipherment',
  'decipher only',
  'digital signature',
  'email protection',
  'encipher only',
  'ipsec end system',
  'ipsec tunnel',
  'ipsec user',
  'key agreement',
  'key encipherment',
  'microsoft sgc',
  'netscape sgc',
  'ocsp signing',
  's/mime',
  'server auth',
  'signing',
  'timestamping',
];
const approvals = ['Approved', 'Denied'];
const lasting = [...approvals, 'Failed'];

const conditionsOf = (request: CertificateSigningRequest | undefined): readonly Condition[] =>
  request?.status?.conditions ?? [];
const ofType = (request: CertificateSigningRequest, type: string): Condition[] =>
  conditionsOf(request).filter((condition) => condition.type === type);

const repeats = (values: readonly string[]): boolean => new Set(values).size < values.length;

/** What was wrong before may stay so. */
function validateUsages(request: CertificateSigningRequest, old: CertificateSigningRequest | undefined): FieldError[] {
  const at = 'spec.usages';
  const listed = request.spec?.usages ?? [];
  const before = old?.spec?.usages ?? [];
  const errors = listed.length === 0 ? [required(at)] : [];
  if (before.every((usage) => usages.includes(usage))) {
    errors.push(
      ...each(listed, at, (usage, usageAt) => (usages.includes(usage) ? [] : [notSupported(usageAt, usage, usages)])),
    );
  }
  if (repeats(before)) return errors;
  const seen = new Set<string>();
  const again = each(listed, at, (usage, usageAt) => {
    const known = seen.has(usage);
    seen.add(usage);
    return known ? [duplicate(usageAt, usage)] : [];
  });
  return [...errors, ...again];
}

function validateStatusText({ type, status }: Condition, at: string): FieldError[] {
  const allowed = lasting.includes(type) ? ['True'] : ['False', 'True', 'Unknown'];
  if (!status) return [required(`${at}.status`)];
  return allowed.includes(status) ? [] : [notSupported(`${at}.status`, status, allowed)];
}

function validateConditions(
  request: CertificateSigningRequest,
  old: CertificateSigningRequest | undefined,
): FieldError[] {
  const path = 'status.conditions';
  const before = conditionsOf(old).map(({ type }) => type);
  const wasBoth = approvals.every((type) => before.includes(type));
  const seen = new Set<string>();
  return each(conditionsOf(request), path, (condition, at) => {
    const { type } = condition;
    const errors = type === '' && !before.includes('') ? [required(`${at}.type`)] : [];
    errors.push(...validateStatusText(condition, at));
    const other = approvals.find((approval) => approval !== type) ?? '';
    if (!wasBoth && approvals.includes(type) && seen.has(other)) {
      errors.push(invalid(path, type, 'Approved and Denied conditions are mutually exclusive'));
    }
    if (!repeats(before) && seen.has(type)) errors.push(duplicate(`${at}.type`, type));
    seen.add(type);
    return errors;
  });
}

function validateRequest(request: CertificateSigningRequest, old: CertificateSigningRequest | undefined): FieldError[] {
  const { signerName, expirationSeconds } = request.spec ?? {};
  const errors = [...validateObjectMeta(request.metadata, false, () => []), ...validateUsages(request, old)];
  if (signerName === legacySigner && old?.spec?.signerName !== legacySigner) {
    const why = 'the legacy signerName is not allowed via this API version';
    errors.push(invalid('spec.signerName', signerName, why));
  } else errors.push(...validateSignerName('spec.signerName', signerName));
  if (expirationSeconds !== undefined && expirationSeconds < expirationSecondsMin) {
    const why = 'may not specify a duration less than 600 seconds (10 minutes)';
    errors.push(invalid('spec.expirationSeconds', expirationSeconds, why));
  }
  return [...errors, ...validateConditions(request, old)];
}

const pemBlock = /-----BEGIN ([^-]*)-----\r?\n([^]*?)-----END \1-----/g;

/** Why it is no chain of certificates in PEM; what is in the blocks is for those who use them to read. */
function certificateProblem(certificate: string): string | undefined {
  if (certificate === '') return undefined;
  const text = new TextDecoder().decode(base64ToBytes(certificate));
  let blocks = 0;
  for (const [, type, body = ''] of text.matchAll(pemBlock)) {
    if (type !== 'CERTIFICATE') return `only CERTIFICATE PEM blocks are allowed, found ${goQuote(type ?? '')}`;
    if (body.includes(':')) return 'no PEM block headers are permitted';
    blocks++;
  }
  return blocks === 0 ? 'must contain at least one CERTIFICATE PEM block' : undefined;
}

/** What an update may do beyond what all may: `/status` sets the certificate, `/approval` approves and denies. */
interface Rights {
  readonly certificate: boolean;
  readonly approval: boolean;
}

function conditionErrors(request: CertificateSigningRequest, old: CertificateSigningRequest, rights: Rights) {
  const at = 'status.conditions';
  const errors = lasting
    .filter((type) => ofType(request, type).length < ofType(old, type).length)
    .map((type) => forbidden(at, `updates may not remove a condition of type "${type}"`));
  if (rights.approval) return errors;
  for (const type of approvals) {
    const [after, before] = [ofType(request, type), ofType(old, type)];
    if (after.length > before.length) {
      errors.push(forbidden(at, `updates may not add a condition of type "${type}"`));
    } else if (after.length === before.length && !semanticEqual(after, before)) {
      errors.push(forbidden(at, `updates may not modify a condition of type "${type}"`));
    }
  }
  return errors;
}

function validateRequestUpdate(
  request: CertificateSigningRequest,
  old: CertificateSigningRequest,
  rights: Rights,
): FieldError[] {
  const errors = [...validateRequest(request, old), ...conditionErrors(request, old, rights)];
  const [after, before] = [request.status?.certificate ?? '', old.status?.certificate ?? ''];
  if (after !== before && !rights.certificate) {
    errors.push(forbidden('status.certificate', 'updates may not set certificate content'));
  } else if (after !== before && certificateProblem(after) !== undefined && certificateProblem(before) === undefined) {
    errors.push(invalid('status.certificate', '<certificate data>', certificateProblem(after) ?? ''));
  } else if (after !== before && before !== '') {
    errors.push(forbidden('status.certificate', 'updates may not modify existing certificate content'));
  }
  return [...errors, ...validateObjectMetaUpdate(request.metadata, old.metadata)];
}

export const certificateRequestKinds = [
  kindEntry<CertificateSigningRequest>('certificates.k8s.io/CertificateSigningRequest', {
    create: (request) => validateRequest(request, undefined),
    update: (request, old) => validateRequestUpdate(request, old, { certificate: false, approval: false }),
    statusUpdate: (request, old) => validateRequestUpdate(request, old, { certificate: true, approval: false }),
    subresourceUpdates: {
      approval: (request, old) => validateRequestUpdate(request, old, { certificate: false, approval: true }),
    },
  }),
];
