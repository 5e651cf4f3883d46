import t from 'tap';
import type { HttpAnswer, HttpHandler, HttpRequest } from '../../grpc/server.ts';
import { withPolicy } from './http-policy.ts';

const handler: HttpHandler = () => ({ status: 200, headers: { 'content-type': 'x' }, body: Buffer.from('answer') });

async function* noParts(): AsyncIterable<Uint8Array> {}

function ask(guarded: HttpHandler, headers: Record<string, string>, more: Partial<HttpRequest> = {}) {
  const request = {
    method: 'GET',
    path: '/health',
    parts: noParts(),
    signal: new AbortController().signal,
    peer: '127.0.0.1:1',
    encrypted: false,
    peerCommonName: undefined,
  };
  return guarded({ ...request, header: (name) => headers[name], ...more }) as Promise<HttpAnswer>;
}

void t.test('withPolicy: only names of the whitelist may be asked for, unless it is encrypted', async (t) => {
  const guarded = withPolicy({ hosts: ['etcd.local', '127.0.0.1'], origins: ['*'] }, handler);
  t.equal((await ask(guarded, { host: 'etcd.local:2379' })).status, 200);
  t.equal((await ask(guarded, { host: '127.0.0.1' })).status, 200);
  const refused = await ask(guarded, { host: 'evil.example:2379' });
  t.equal(refused.status, 421);
  t.match(Buffer.from(refused.body as Uint8Array).toString(), /"evil\.example".*--host-whitelist/);
  t.equal((await ask(guarded, { host: 'evil.example' }, { encrypted: true })).status, 200);
  t.equal((await ask(withPolicy({ hosts: [], origins: [] }, handler), { host: 'any' })).status, 200);
});

void t.test('withPolicy: origins get the headers that let their pages read', async (t) => {
  const origin = 'access-control-allow-origin';
  const some = withPolicy({ hosts: ['*'], origins: ['https://a.example'] }, handler);
  t.equal((await ask(some, { origin: 'https://a.example' })).headers[origin], 'https://a.example');
  t.equal((await ask(some, { origin: 'https://b.example' })).headers[origin], undefined);
  const all = withPolicy({ hosts: ['*'], origins: ['*'] }, handler);
  t.equal((await ask(all, { origin: 'https://b.example' })).headers[origin], '*');
  const preflight = await ask(all, { origin: 'https://b.example' }, { method: 'OPTIONS' });
  t.match(preflight, { status: 200, headers: { 'access-control-allow-methods': /POST/, [origin]: '*' } });
  t.equal((preflight.body as Uint8Array).length, 0);
});
