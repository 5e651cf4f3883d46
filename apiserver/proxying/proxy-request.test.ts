import t from 'tap';
import { proxyPath, rewrittenLocation } from './proxy-request.ts';
import { isPodAddress, splitName } from './proxy-target.ts';

void t.test('splitName knows names with a port and a scheme', async (t) => {
  t.same(splitName('web'), { scheme: 'http', name: 'web', port: '' });
  t.same(splitName('web:metrics'), { scheme: 'http', name: 'web', port: 'metrics' });
  t.same(splitName('https:web:443'), { scheme: 'https', name: 'web', port: '443' });
  t.same(splitName('https:web:'), { scheme: 'https', name: 'web', port: '' });
  for (const bad of ['', ':80', 'ftp:web:21', 'a:b:c:d']) t.equal(splitName(bad), undefined, bad);
});

void t.test('proxyPath parts a path behind /proxy, as it was written', async (t) => {
  const pod = '/api/v1/namespaces/x/pods/web/proxy';
  t.same(proxyPath(pod, true), { prefix: pod, rest: '' });
  t.same(proxyPath(`${pod}/`, true), { prefix: pod, rest: '/' });
  t.same(proxyPath(`${pod}/a%2Fb/proxy/`, true), { prefix: pod, rest: '/a%2Fb/proxy/' });
  t.same(proxyPath('/api/v1/nodes/n/proxy/pods', false), { prefix: '/api/v1/nodes/n/proxy', rest: '/pods' });
});

void t.test('rewrittenLocation keeps redirects of the backend to itself behind the proxy', async (t) => {
  const rewrite = (location: string): string => rewrittenLocation(location, '10.0.0.1:80', 'api:6443', '/p/proxy');
  t.equal(rewrite('/login?a=b'), '/p/proxy/login?a=b');
  t.equal(rewrite('http://10.0.0.1:80/login'), '/p/proxy/login');
  t.equal(rewrite('/p/proxy/login'), '/p/proxy/login');
  t.equal(rewrite('next'), 'next', 'relative');
  t.equal(rewrite('https://elsewhere/login'), 'https://elsewhere/login');
});

void t.test('isPodAddress is false of addresses no pod has', async (t) => {
  for (const address of ['127.0.0.1', '169.254.169.254', '224.0.0.1', '0.0.0.0', '::1', 'fe80::1', 'localhost', '']) {
    t.notOk(isPodAddress(address), address);
  }
  for (const address of ['10.244.1.2', '192.168.0.1', 'fd00::1']) t.ok(isPodAddress(address), address);
});
