import type {
  CertificateSigningRequest,
  CertificateSigningRequestCondition as Condition,
} from '../../../api/types/certificates-v1.ts';
import type { RequestedCertificate } from '../certificate-request.ts';

export const signers = {
  client: 'kubernetes.io/kube-apiserver-client',
  kubeletClient: 'kubernetes.io/kube-apiserver-client-kubelet',
  kubeletServing: 'kubernetes.io/kubelet-serving',
  legacy: 'kubernetes.io/legacy-unknown',
} as const;

const nodeGroup = 'system:nodes';
const nodePrefix = 'system:node:';
/** lifetimes below this are not worth the signing, and clocks differ */
const secondsMin = 600;

const has = ({ status }: CertificateSigningRequest, type: string): boolean =>
  status?.conditions?.some((condition) => condition.type === type) ?? false;
export const isApproved = (request: CertificateSigningRequest): boolean =>
  has(request, 'Approved') && !has(request, 'Denied');
export const isDecided = (request: CertificateSigningRequest): boolean =>
  has(request, 'Approved') || has(request, 'Denied');
const isFailed = ({ status }: CertificateSigningRequest): boolean =>
  status?.conditions?.some(({ type, status: value }) => type === 'Failed' && value === 'True') ?? false;

/** Approved, for one of our signers, and neither signed nor failed. */
export const isToSign = (request: CertificateSigningRequest): boolean =>
  isApproved(request) &&
  !isFailed(request) &&
  !request.status?.certificate &&
  Object.values<string>(signers).includes(request.spec.signerName);

const same = (usages: readonly string[], wanted: readonly string[]): boolean => {
  const set = new Set(usages);
  return set.size === wanted.length && wanted.every((usage) => set.has(usage));
};

/** Key encipherment is for RSA keys; others do without. */
const usageProblem = (usages: readonly string[], auth: 'client auth' | 'server auth'): string => {
  const all = ['digital signature', 'key encipherment', auth].sort();
  const isMatch = same(usages, all) || same(usages, ['digital signature', auth]);
  return isMatch ? '' : `usages did not match [${all.join(' ')}]`;
};

const isNodesOnly = ({ organizations }: RequestedCertificate): boolean =>
  organizations.length === 1 && organizations[0] === nodeGroup;

/** Why a kubelet's client certificate cannot be issued for this; '' where it can. */
export function kubeletClientProblem(asked: RequestedCertificate, usages: readonly string[]): string {
  if (!isNodesOnly(asked)) return 'subject organization is not system:nodes';
  if (asked.dnsNames.length > 0) return 'DNS subjectAltNames are not allowed';
  if (asked.emails.length > 0) return 'Email subjectAltNames are not allowed';
  if (asked.ipAddresses.length > 0) return 'IP subjectAltNames are not allowed';
  if (asked.uris.length > 0) return 'URI subjectAltNames are not allowed';
  if (!asked.commonName.startsWith(nodePrefix)) return 'subject common name does not begin with system:node:';
  return usageProblem(usages, 'client auth');
}

export function kubeletServingProblem(asked: RequestedCertificate, usages: readonly string[]): string {
  if (!isNodesOnly(asked)) return 'subject organization is not system:nodes';
  if (asked.dnsNames.length + asked.ipAddresses.length === 0) return 'DNS or IP subjectAltName is required';
  if (asked.emails.length > 0) return 'Email subjectAltNames are not allowed';
  if (asked.uris.length > 0) return 'URI subjectAltNames are not allowed';
  const usage = usageProblem(usages, 'server auth');
  if (usage !== '') return usage;
  return asked.commonName.startsWith(nodePrefix) ? '' : 'subject common name does not begin with system:node:';
}

function clientProblem(usages: readonly string[]): string {
  const allowed = ['digital signature', 'key encipherment', 'client auth'];
  const other = usages.find((usage) => !allowed.includes(usage));
  if (other !== undefined) return `invalid usage for client certificate: ${other}`;
  return usages.includes('client auth') ? '' : 'missing required usage for client certificate: client auth';
}

/** Why its signer does not sign this; '' where it does. */
export function signerProblem(signerName: string, asked: RequestedCertificate, usages: readonly string[]): string {
  switch (signerName) {
    case signers.kubeletClient:
      return kubeletClientProblem(asked, usages);
    case signers.kubeletServing:
      return kubeletServingProblem(asked, usages);
    case signers.client:
      return clientProblem(usages);
    default:
      return '';
  }
}

/** How long the certificate is good: what is asked for, between ten minutes and the most there is. */
export function certificateSeconds(asked: number | undefined, most: number): number {
  if (asked === undefined) return most;
  return Math.min(Math.max(asked, secondsMin), most);
}

/** The request with the reason why it got no certificate. */
export function withFailure(
  request: CertificateSigningRequest,
  message: string,
  now: string,
): CertificateSigningRequest {
  const failed: Condition = {
    type: 'Failed',
    status: 'True',
    reason: 'SignerValidationFailure',
    message,
    lastUpdateTime: now,
  };
  return { ...request, status: { ...request.status, conditions: [...(request.status?.conditions ?? []), failed] } };
}
