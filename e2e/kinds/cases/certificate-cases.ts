import { ResourceCases } from '../kind-case.ts';
import type { KindGroup } from '../kind-case.ts';

const requests = new ResourceCases('/apis/certificates.k8s.io/v1/certificatesigningrequests');
const base64 = (text: string): string => Buffer.from(text).toString('base64');

/** signed by its own key; nobody needs the key any more */
const request = base64(
  [
    '-----BEGIN CERTIFICATE REQUEST-----',
    'MIHYMH8CAQAwHTENMAsGA1UEAwwEamFuZTEMMAoGA1UECgwDZGV2MFkwEwYHKoZI',
    'zj0CAQYIKoZIzj0DAQcDQgAEPjEq9UldX3Jg2OimWXJu5j2HKnW+H/zbX3hZtwvP',
    'qHANuB3y4A/cKeX8No0/29Ghk74TfSdlW5n4tdMnzgNEUqAAMAoGCCqGSM49BAMC',
    'A0kAMEYCIQDVN/Bj5ZcH5xGBmw3KaN1b01bRWHlSnLh1XoCGnFdY8wIhAIEn/2F1',
    'N54XdjJXgqlowJHttl1ygkVu1OmIJKO4HvtI',
    '-----END CERTIFICATE REQUEST-----',
    '',
  ].join('\n'),
);
const good = { spec: { request, signerName: 'example.com/signer', usages: ['client auth', 'digital signature'] } };
const approved = { type: 'Approved', status: 'True', reason: 'Because', message: 'm' };
const denied = { ...approved, type: 'Denied' };

export const certificateGroup: KindGroup = {
  name: 'certificates',
  cases: [
    requests.create('request', good),
    requests.create('request with all', {
      spec: {
        ...good.spec,
        expirationSeconds: 3600,
        username: 'mallory',
        groups: ['x'],
        extra: { a: ['b'] },
        uid: 'u',
      },
      status: { conditions: [approved], certificate: base64('x') },
    }),
    ...requests.creates(good, {
      'request that is no PEM': { 'spec.request': base64('x') },
      'request that is a certificate': {
        'spec.request': base64('-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n'),
      },
      'request of nothing': { spec: {} },
      'request with unknown usages': { 'spec.usages': ['flying', 'any', 'any'] },
      'request without a signer': { 'spec.signerName': '' },
      'request with a short signer': { 'spec.signerName': 'signer' },
      'request with a bad signer': { 'spec.signerName': 'A_.b/C_' },
      'request with a signer without dots': { 'spec.signerName': 'a/b' },
      'request with the old signer': { 'spec.signerName': 'kubernetes.io/legacy-unknown' },
      'request for too short': { 'spec.expirationSeconds': 599 },
      'request with a name in capitals': { 'metadata.name': 'Name:With_All' },
    }),
    requests.put('request changes', 'request', {
      'spec.signerName': 'example.com/other',
      status: { conditions: [approved] },
    }),
    requests.put('request is approved through its status', 'request', { status: { conditions: [approved] } }, 'status'),
    requests.put(
      'request fails',
      'request with all',
      { status: { conditions: [{ type: 'Failed', status: 'True' }] } },
      'status',
    ),
    requests.put(
      'request is approved without a status',
      'request',
      { status: { conditions: [{ type: 'Approved', reason: 'x' }] } },
      'approval',
    ),
    requests.put(
      'request is not quite approved',
      'request',
      { status: { conditions: [{ ...approved, status: 'False' }] } },
      'approval',
    ),
    requests.put(
      'request is approved and denied',
      'request',
      { status: { conditions: [approved, denied] } },
      'approval',
    ),
    requests.put(
      'request is approved',
      'request',
      { status: { conditions: [approved], certificate: base64('x') } },
      'approval',
    ),
    requests.put('request is approved twice', 'request', { status: { conditions: [approved, approved] } }, 'approval'),
    requests.put('request is approved no more', 'request', { status: { conditions: [] } }, 'approval'),
    requests.put('request is denied after all', 'request', { status: { conditions: [approved, denied] } }, 'approval'),
    requests.get('request approval', 'request/approval'),
    requests.put(
      'request gets a bad certificate',
      'request',
      { status: { conditions: [approved], certificate: base64('x') } },
      'status',
    ),
    requests.table('request as a table', 'request-with-all'),
    requests.delete('request goes', 'request'),
  ],
};
