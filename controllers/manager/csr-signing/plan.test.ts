import t from 'tap';
import type { CertificateSigningRequest } from '../../../api/types/certificates-v1.ts';
import type { RequestedCertificate } from '../certificate-request.ts';
import { recognitionsOf } from '../csr-approving/plan.ts';
import { isOutdated } from '../csr-cleaner/plan.ts';
import { certificateSeconds, isToSign, signerProblem, signers } from './plan.ts';

const asked = (more: Partial<RequestedCertificate> = {}): RequestedCertificate => ({
  commonName: 'system:node:n',
  organizations: ['system:nodes'],
  dnsNames: [],
  ipAddresses: [],
  emails: [],
  uris: [],
  ...more,
});
const client = ['digital signature', 'client auth'];
const server = ['digital signature', 'key encipherment', 'server auth'];

const cases: [title: string, signer: string, asked: RequestedCertificate, usages: string[], problem: string][] = [
  ['a kubelet client', signers.kubeletClient, asked(), client, ''],
  ['with key encipherment', signers.kubeletClient, asked(), [...client, 'key encipherment'], ''],
  [
    'of another group',
    signers.kubeletClient,
    asked({ organizations: ['a'] }),
    client,
    'subject organization is not system:nodes',
  ],
  ['with a name', signers.kubeletClient, asked({ dnsNames: ['a'] }), client, 'DNS subjectAltNames are not allowed'],
  [
    'of no node',
    signers.kubeletClient,
    asked({ commonName: 'n' }),
    client,
    'subject common name does not begin with system:node:',
  ],
  [
    'of other usages',
    signers.kubeletClient,
    asked(),
    ['client auth'],
    'usages did not match [client auth digital signature key encipherment]',
  ],
  ['a kubelet server', signers.kubeletServing, asked({ ipAddresses: ['10.0.0.1'] }), server, ''],
  ['without a name', signers.kubeletServing, asked(), server, 'DNS or IP subjectAltName is required'],
  [
    'with an address of mail',
    signers.kubeletServing,
    asked({ dnsNames: ['n'], emails: ['a@b'] }),
    server,
    'Email subjectAltNames are not allowed',
  ],
  ['a client', signers.client, asked(), client, ''],
  ['a client that serves', signers.client, asked(), server, 'invalid usage for client certificate: server auth'],
  [
    'a client without the usage',
    signers.client,
    asked(),
    ['digital signature'],
    'missing required usage for client certificate: client auth',
  ],
  ['anything', signers.legacy, asked({ organizations: [] }), ['cert sign'], ''],
];

void t.test('signerProblem', (t) => {
  for (const [title, signer, own, usages, problem] of cases)
    t.equal(signerProblem(signer, own, usages), problem, title);
  t.end();
});

const request = (conditions: object[], more: object = {}, spec: object = {}) =>
  ({
    metadata: { name: 'r', creationTimestamp: '1970-01-01T00:00:00Z' },
    spec: { request: '', signerName: signers.kubeletClient, usages: client, ...spec },
    status: { conditions, ...more },
  }) as CertificateSigningRequest;
const approved = { type: 'Approved', status: 'True', lastUpdateTime: '1970-01-01T00:00:00Z' };

void t.test('isToSign: approved, ours, and not done', (t) => {
  t.ok(isToSign(request([approved])));
  t.notOk(isToSign(request([])));
  t.notOk(isToSign(request([approved, { type: 'Denied', status: 'True' }])));
  t.notOk(isToSign(request([approved, { type: 'Failed', status: 'True' }])));
  t.notOk(isToSign(request([approved], { certificate: 'x' })));
  t.notOk(isToSign(request([approved], {}, { signerName: 'example.com/s' })));
  t.end();
});

void t.test('certificateSeconds: at least ten minutes, at most what there is', (t) => {
  t.equal(certificateSeconds(undefined, 1000), 1000);
  t.equal(certificateSeconds(5, 1000), 600);
  t.equal(certificateSeconds(700, 1000), 700);
  t.equal(certificateSeconds(5000, 1000), 1000);
  t.end();
});

void t.test('recognitionsOf: a renewal, then a first certificate', (t) => {
  const names = (of: CertificateSigningRequest): string[] => recognitionsOf(of, asked()).map((own) => own.subresource);
  t.same(names(request([], {}, { username: 'system:node:n' })), ['selfnodeclient', 'nodeclient']);
  t.same(names(request([], {}, { username: 'boot' })), ['nodeclient']);
  t.same(names(request([approved])), []);
  t.same(names(request([], {}, { usages: server })), []);
  t.end();
});

const hourMs = 3_600_000;
const ages: [title: string, request: CertificateSigningRequest, keptMs: number][] = [
  ['nobody looked at', request([]), 24 * hourMs],
  ['denied', request([{ ...approved, type: 'Denied' }]), hourMs],
  ['failed', request([{ ...approved, type: 'Failed' }]), hourMs],
  ['approved and not signed', request([approved]), 24 * hourMs],
  ['signed', request([approved], { certificate: 'x' }), hourMs],
];

void t.test('isOutdated', (t) => {
  for (const [title, own, keptMs] of ages) {
    t.notOk(isOutdated(own, undefined, keptMs), title);
    t.ok(isOutdated(own, undefined, keptMs + 1), title);
  }
  t.ok(isOutdated(request([approved], { certificate: 'x' }), 10, 11), 'its certificate has ended');
  t.end();
});
