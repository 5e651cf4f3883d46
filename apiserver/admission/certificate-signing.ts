import { semanticEqual } from '../../api/meta/deep-equal.ts';
import { goQuote } from '../../api/meta/go-text.ts';
import type { CertificateSigningRequest } from '../../api/types/certificates-v1.ts';
import { maySign } from '../auth/signer-permission.ts';
import type { Authorizer } from '../pipeline.ts';
import { isFor, refusal, type AdmissionPlugin } from './admission.ts';

/** Certificates are filled in by who may act for the signer. */
export const certificateSigning = (authorizer: Authorizer): AdmissionPlugin => ({
  name: 'CertificateSigning',
  resources: ['certificatesigningrequests.certificates.k8s.io'],
  async validate(request) {
    if (request.operation !== 'UPDATE' || request.subresource !== 'status' || request.user === undefined) return;
    if (!isFor(request, 'certificates.k8s.io', 'certificatesigningrequests')) return;
    const now = (request.object as unknown as CertificateSigningRequest).status;
    const { spec, status: before } = request.old as unknown as CertificateSigningRequest;
    const sameCertificate = (now?.certificate ?? '') === (before?.certificate ?? '');
    if (sameCertificate && semanticEqual(now?.conditions, before?.conditions)) return;
    if (await maySign(authorizer, request.user, 'sign', spec.signerName)) return;
    throw refusal(request, `user not permitted to sign requests with signerName ${goQuote(spec.signerName)}`);
  },
});
