import 'reflect-metadata';
import { webcrypto } from 'node:crypto';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { TLSSocket } from 'node:tls';
import * as x509 from '@peculiar/x509';
import t from 'tap';
import { createKubeClient } from './kube-client.ts';

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
const validity = { notBefore: new Date('2020-01-01'), notAfter: new Date('2120-01-01') };

interface Identity {
  readonly cert: string;
  readonly key: string;
}

async function authority(name: string) {
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const extensions = [new x509.BasicConstraintsExtension(true, 1, true)];
  const common = { ...validity, signingAlgorithm: algorithm };
  const ca = await x509.X509CertificateGenerator.createSelfSigned({
    ...common,
    name: `CN=${name}`,
    keys,
    extensions,
    serialNumber: '01',
  });
  const issue = async (subject: string, serialNumber: string): Promise<Identity> => {
    const own = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
    const cert = await x509.X509CertificateGenerator.create({
      ...common,
      subject,
      serialNumber,
      issuer: ca.subject,
      publicKey: own.publicKey,
      signingKey: keys.privateKey,
      extensions: [new x509.SubjectAlternativeNameExtension([{ type: 'ip', value: '127.0.0.1' }])],
    });
    const key = await webcrypto.subtle.exportKey('pkcs8', own.privateKey);
    return { cert: cert.toString('pem'), key: x509.PemConverter.encode(key, 'PRIVATE KEY') };
  };
  return { pem: ca.toString('pem'), issue };
}

void t.test('client shows its certificate, and trusts only its CA', async (test) => {
  const ca = await authority('ours');
  const foreign = await authority('foreign');
  const server = await ca.issue('CN=kube-apiserver', '02');
  const admin = await ca.issue('CN=admin,O=system:masters', '03');
  const listener = createServer(
    { ...server, ca: ca.pem, requestCert: true, rejectUnauthorized: true },
    (request, response) => {
      response.end((request.socket as TLSSocket).getPeerCertificate().subject.CN);
    },
  );
  await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve));
  const servers = [`https://127.0.0.1:${(listener.address() as AddressInfo).port}`];
  const ask = async (config: { ca: string; cert?: string; key?: string }): Promise<unknown> => {
    const client = createKubeClient({ servers, ...config });
    try {
      return await client.request('GET', '/who');
    } finally {
      await client.close();
    }
  };
  test.equal(await ask({ ca: ca.pem, ...admin }), 'admin');
  await test.rejects(ask({ ca: foreign.pem, ...admin }), { name: 'ApiError', code: 0 }, 'a server of another CA');
  await test.rejects(ask({ ca: ca.pem }), { name: 'ApiError', code: 0 }, 'no client certificate');
  await test.rejects(
    ask({ ca: ca.pem, ...(await foreign.issue('CN=x', '04')) }),
    { code: 0 },
    'a client of another CA',
  );
  listener.closeAllConnections();
  listener.close();
});
