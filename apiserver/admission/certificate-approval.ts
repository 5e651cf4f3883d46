import { goQuote } from '../../api/meta/go-text.ts';
import type { CertificateSigningRequest } from '../../api/types/certificates-v1.ts';
import { maySign } from '../auth/signer-permission.ts';
import type { Authorizer } from '../pipeline.ts';
import { isFor, refusal, type AdmissionPlugin } from './admission.ts';

/** Approving needs a right on the signer, beside the one on the request. */
export const certificateApproval = (authorizer: Authorizer): AdmissionPlugin => ({
  name: 'CertificateApproval',
  resources: ['certificatesigningrequests.certificates.k8s.io'],
  async validate(request) {
    if (request.operation !== 'UPDATE' || request.subresource !== 'approval' || request.user === undefined) return;
    if (!isFor(request, 'certificates.k8s.io', 'certificatesigningrequests')) return;
    // The old one counts: the new one may name another signer.
    const { spec } = request.old as unknown as CertificateSigningRequest;
    if (await maySign(authorizer, request.user, 'approve', spec.signerName)) return;
    throw refusal(request, `user not permitted to approve requests with signerName ${goQuote(spec.signerName)}`);
  },
});
