import type {
  CertificateSigningRequest,
  CertificateSigningRequestCondition as Condition,
} from '../../../api/types/certificates-v1.ts';
import type { RequestedCertificate } from '../certificate-request.ts';
import { isDecided, kubeletClientProblem, signers } from '../csr-signing/plan.ts';

/** A right on certificatesigningrequests by which whoever asks gets approval without anybody looking. */
export interface Recognition {
  readonly subresource: 'selfnodeclient' | 'nodeclient';
  readonly message: string;
}

const self: Recognition = {
  subresource: 'selfnodeclient',
  message: 'Auto approving self kubelet client certificate after SubjectAccessReview.',
};
const node: Recognition = {
  subresource: 'nodeclient',
  message: 'Auto approving kubelet client certificate after SubjectAccessReview.',
};

export const isPending = (request: CertificateSigningRequest): boolean =>
  !isDecided(request) && !request.status?.certificate && request.spec.signerName === signers.kubeletClient;

/** What the request may be approved as, in the order in which it is tried: a renewal, then a first certificate. */
export function recognitionsOf(request: CertificateSigningRequest, asked: RequestedCertificate): Recognition[] {
  if (!isPending(request) || kubeletClientProblem(asked, request.spec.usages ?? []) !== '') return [];
  return request.spec.username === asked.commonName ? [self, node] : [node];
}

export function withApproval(request: CertificateSigningRequest, message: string): CertificateSigningRequest {
  const approved = { type: 'Approved', status: 'True', reason: 'AutoApproved', message } as Condition;
  return { ...request, status: { ...request.status, conditions: [...(request.status?.conditions ?? []), approved] } };
}
