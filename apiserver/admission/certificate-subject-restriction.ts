import type { CertificateSigningRequest } from '../../api/types/certificates-v1.ts';
import { parseSigningRequest } from '../auth/signing-request.ts';
import { isFor, refusal, type AdmissionPlugin } from './admission.ts';

const signer = 'kubernetes.io/kube-apiserver-client';
const forbiddenGroup = 'system:masters';

/** Nobody gets a certificate that no policy can limit. */
export const certificateSubjectRestriction: AdmissionPlugin = {
  name: 'CertificateSubjectRestriction',
  resources: ['certificatesigningrequests.certificates.k8s.io'],
  async validate(request) {
    if (request.operation !== 'CREATE' || request.subresource !== '') return;
    if (!isFor(request, 'certificates.k8s.io', 'certificatesigningrequests')) return;
    const { spec } = request.object as unknown as CertificateSigningRequest;
    if (spec.signerName !== signer) return;
    const parsed = await parseSigningRequest(spec.request);
    if ('problem' in parsed) throw refusal(request, `failed to parse CSR: ${parsed.problem}`);
    if (!parsed.organizations.includes(forbiddenGroup)) return;
    throw refusal(request, `use of ${signer} signer with ${forbiddenGroup} group is not allowed`);
  },
};
