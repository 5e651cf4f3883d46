import t from 'tap';
import 'reflect-metadata'; // @peculiar/x509 needs it to be there first
import { Pkcs10CertificateRequestGenerator } from '@peculiar/x509';
import { webcrypto } from 'node:crypto';
import type { Authorizer, RequestInfo } from '../pipeline.ts';
import { certificateApproval } from './certificate-approval.ts';
import { certificateSigning } from './certificate-signing.ts';
import { certificateSubjectRestriction } from './certificate-subject-restriction.ts';
import { admissionRequest, admit } from './testing/admission-request.ts';

const resource = 'certificates.k8s.io/certificatesigningrequests';
const user = { name: 'u', groups: [] };
const signerName = 'example.com/s';
const head = 'certificatesigningrequests.certificates.k8s.io "r" is forbidden: ';
const request = (status: object = {}, spec: object = {}) => ({
  metadata: { name: 'r' },
  spec: { signerName, ...spec },
  status,
});

const mayOnly = (verb: string, name: string): Authorizer => ({
  authorize: (_, info: RequestInfo) => ({
    allowed: info.resource === 'signers' && info.verb === verb && info.name === name,
    reason: '',
  }),
});

async function pem(subject: string): Promise<string> {
  const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
  const keys = await webcrypto.subtle.generateKey(algorithm, false, ['sign', 'verify']);
  const made = await Pkcs10CertificateRequestGenerator.create(
    { name: subject, keys: keys, signingAlgorithm: algorithm },
    webcrypto,
  );
  return Buffer.from(made.toString('pem')).toString('base64');
}

void t.test('CertificateApproval asks for the right on the signer, or on its domain', async (t) => {
  const approval = admissionRequest(resource, request(), { old: request(), subresource: 'approval', user });
  await t.resolves(admit(certificateApproval(mayOnly('approve', signerName)), approval));
  await t.resolves(admit(certificateApproval(mayOnly('approve', 'example.com/*')), approval));
  await t.rejects(admit(certificateApproval(mayOnly('sign', signerName)), approval), {
    code: 403,
    message: `${head}user not permitted to approve requests with signerName "example.com/s"`,
  });
});

void t.test('CertificateSigning looks at certificates and conditions', async (t) => {
  const plugin = certificateSigning(mayOnly('approve', signerName));
  const same = admissionRequest(resource, request(), { old: request(), subresource: 'status', user });
  await t.resolves(admit(plugin, same));
  const signed = admissionRequest(resource, request({ certificate: 'x' }), {
    old: request(),
    subresource: 'status',
    user,
  });
  await t.resolves(admit(certificateSigning(mayOnly('sign', signerName)), signed));
  await t.rejects(admit(plugin, signed), {
    message: `${head}user not permitted to sign requests with signerName "example.com/s"`,
  });
});

void t.test('CertificateSubjectRestriction: nobody becomes system:masters', async (t) => {
  const client = 'kubernetes.io/kube-apiserver-client';
  const asked = async (subject: string, signer = client) =>
    admissionRequest(resource, request({}, { signerName: signer, request: await pem(subject) }));
  await t.rejects(admit(certificateSubjectRestriction, await asked('CN=a, O=system:masters')), {
    code: 403,
    message: `${head}use of ${client} signer with system:masters group is not allowed`,
  });
  await t.resolves(admit(certificateSubjectRestriction, await asked('CN=a, O=devs')));
  await t.resolves(admit(certificateSubjectRestriction, await asked('CN=a, O=system:masters', 'example.com/s')));
  const broken = admissionRequest(resource, request({}, { signerName: client, request: 'AAAA' }));
  await t.rejects(admit(certificateSubjectRestriction, broken), {
    message: `${head}failed to parse CSR: PEM block type must be CERTIFICATE REQUEST`,
  });
});
