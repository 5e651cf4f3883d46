import 'reflect-metadata';
import { webcrypto } from 'node:crypto';
import { Pkcs10CertificateRequestGenerator } from '@peculiar/x509';
import t from 'tap';
import { utf8ToBase64 } from '../../../api/meta/base64.ts';
import { startTestServer } from '../../testing/test-server.ts';
import { requestProblem } from './request-problem.ts';

const path = '/apis/certificates.k8s.io/v1/certificatesigningrequests';
const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };

async function pemRequest(): Promise<string> {
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const request = await Pkcs10CertificateRequestGenerator.create(
    { name: 'CN=jane', keys, signingAlgorithm: algorithm },
    webcrypto,
  );
  return request.toString('pem');
}

void t.test('a request must be PEM, a request, and signed by its own key', async (t) => {
  const pem = await pemRequest();
  t.equal(await requestProblem(utf8ToBase64(pem)), undefined);
  const notPem = 'PEM block type must be CERTIFICATE REQUEST';
  t.equal(await requestProblem(utf8ToBase64('x')), notPem);
  t.equal(await requestProblem(utf8ToBase64(pem.replaceAll('CERTIFICATE REQUEST', 'CERTIFICATE'))), notPem);
  const lines = pem.split('\n');
  lines.splice(2, 1);
  t.match(await requestProblem(utf8ToBase64(lines.join('\n'))), /^asn1: /);
  const last = lines.length - 1;
  const broken = pem
    .split('\n')
    .map((line, i) => (i === last - 1 ? line.replace(/^./, (c) => (c === 'A' ? 'B' : 'A')) : line));
  t.match(await requestProblem(utf8ToBase64(broken.join('\n'))), /^x509: invalid signature/);
});

void t.test('who asks is the server’s word; approval and certificate come through subresources', async (t) => {
  const server = await startTestServer();
  t.teardown(() => server.stop());
  const send = (method: string, at: string, body?: unknown) => server.admin.request(method, path + at, { body });
  const spec = {
    request: utf8ToBase64(await pemRequest()),
    signerName: 'example.com/test',
    usages: ['client auth'],
    username: 'mallory',
    groups: ['system:masters-of-all'],
  };
  t.equal((await send('POST', '', { metadata: { name: 'r' }, spec: null })).status, 422, 'no spec is no request');
  const made = await send('POST', '', {
    metadata: { name: 'r' },
    spec,
    status: { conditions: [{ type: 'Approved' }] },
  });
  t.equal(made.status, 201, made.text);
  t.match(made.json, { spec: { username: 'admin', groups: ['system:masters', 'system:authenticated'] } });
  t.same((made.json as { status?: unknown }).status, {}, 'nobody creates an approved request');

  const conditions = [{ type: 'Approved', status: 'True', reason: 'Because' }];
  const withStatus = (status: object): object => ({ ...made.json, metadata: { name: 'r' }, status });
  const approved = await send('PUT', '/r/approval', withStatus({ conditions, certificate: 'eA==' }));
  t.equal(approved.status, 200, approved.text);
  t.match(approved.json, {
    status: { conditions: [{ type: 'Approved', lastUpdateTime: /Z$/, lastTransitionTime: /Z$/ }] },
  });
  t.notMatch(approved.json, { status: { certificate: 'eA==' } }, 'no certificate comes with the approval');
  const changed = await send('PUT', '/r', withStatus({ conditions: [] }));
  t.equal(changed.status, 200, 'a plain update keeps the status');
  t.match(changed.json, { status: { conditions: [{ type: 'Approved' }] } });
  const denied = await send(
    'PUT',
    '/r/status',
    withStatus({ conditions: [...conditions, { type: 'Denied', status: 'True' }] }),
  );
  t.equal(denied.status, 422, denied.text);
  const bad = await send('POST', '', { metadata: { name: 'b' }, spec: { ...spec, request: utf8ToBase64('no') } });
  t.equal(bad.status, 422);
  t.match(bad.json, { details: { causes: [{ field: 'spec.request', message: /PEM block type must be/ }] } });
});
