/** pods/proxy, services/proxy and nodes/proxy, to a server at an address of this machine that is not loopback. */
import { createServer } from 'node:http';
import { request } from 'node:https';
import type { AddressInfo } from 'node:net';
import { networkInterfaces } from 'node:os';
import t from 'tap';
import type { Test } from 'tap';
import { endpointSlices, pods, services } from '../client/resources.ts';
import { startOneNode } from './testing/one-node.ts';
import type { OneNode } from './testing/one-node.ts';

t.setTimeout(120_000);

const address = Object.values(networkInterfaces())
  .flatMap((each) => each ?? [])
  .find(({ family, internal, address: own }) => family === 'IPv4' && !internal && !own.startsWith('169.254.'))?.address;

interface Answer {
  readonly code: number;
  readonly location: string | undefined;
  readonly body: string;
}

async function caller({ apiPort, ca, identity }: OneNode) {
  const pair = await identity('root', 'system:masters');
  return (method: string, path: string, body = ''): Promise<Answer> =>
    new Promise((resolve, reject) => {
      const headers = { 'content-type': 'text/plain', 'content-length': body.length };
      const call = request(
        { host: '127.0.0.1', port: apiPort, ca: ca.cert, ...pair, method, path, headers },
        (answer) => {
          let text = '';
          answer.on('data', (chunk: Buffer) => (text += chunk.toString()));
          const { statusCode = 0, headers: told } = answer;
          answer.on('end', () => resolve({ code: statusCode, location: told.location, body: text }));
        },
      );
      call.on('error', reject).end(body);
    });
}

/** Says what it was asked; redirects from /from; speaks `echo` after an upgrade. */
async function backend(test: Test): Promise<number> {
  const server = createServer((asked, answer) => {
    let body = '';
    asked.on('data', (chunk: Buffer) => (body += chunk.toString()));
    asked.on('end', () => {
      if (asked.url === '/from') answer.writeHead(302, { location: '/to' }).end();
      else
        answer.end(
          JSON.stringify({ asked: `${asked.method} ${asked.url}`, body, by: asked.headers.authorization ?? '' }),
        );
    });
  });
  server.on('upgrade', (_asked, socket) => {
    socket.write('HTTP/1.1 101 Switching Protocols\r\nconnection: Upgrade\r\nupgrade: echo\r\n\r\n');
    socket.pipe(socket);
  });
  await new Promise<void>((resolve) => void server.listen(0, '0.0.0.0', () => resolve()));
  test.teardown(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  return (server.address() as AddressInfo).port;
}

void t.test('proxies pass requests on', { skip: address === undefined && 'no address but loopback' }, async (t) => {
  const ip = address ?? '';
  const port = await backend(t);
  const node = await startOneNode(t);
  const ask = await caller(node);
  await node.run('web', {
    containers: [{ name: 'c', image: 'app', ports: [{ containerPort: port }] }],
    nodeName: 'elsewhere',
  });
  const status = { phase: 'Running' as const, podIP: ip, podIPs: [{ ip }] };
  await node.admin.resource(pods).patch('web', 'strategic', { status }, 'default', 'status');
  const spec = { ports: [{ name: 'http', port: 80, targetPort: port }] };
  await node.admin.resource(services).create({ metadata: { name: 'web' }, spec }, 'default');
  await node.admin.resource(endpointSlices).create(
    {
      metadata: { name: 'web-1', labels: { 'kubernetes.io/service-name': 'web' } },
      addressType: 'IPv4',
      ports: [{ name: 'http', port }],
      endpoints: [
        { addresses: [ip], conditions: { ready: true }, targetRef: { kind: 'Pod', name: 'web', namespace: 'default' } },
      ],
    },
    'default',
  );
  const root = '/api/v1/namespaces/default';

  await t.test('pods', async (t) => {
    const pod = `${root}/pods/web/proxy`;
    t.match(await ask('GET', pod), { code: 301, location: `${pod}/` });
    t.match(await ask('GET', `${pod}/a%2Fb?c=d`), { code: 200, body: '{"asked":"GET /a%2Fb?c=d","body":"","by":""}' });
    t.match(await ask('POST', `${root}/pods/http:web:${port}/proxy/x`, 'hello'), {
      code: 200,
      body: /"POST \/x","body":"hello"/,
    });
    t.match(await ask('GET', `${pod}/from`), { code: 302, location: `${pod}/to` });
    t.match(await ask('GET', `${root}/pods/web:1/proxy/`), { code: 503, body: /error trying to reach service: / });
    t.match(await ask('GET', `${root}/pods/ftp:web:1/proxy/`), {
      code: 400,
      body: /invalid pod request \\"ftp:web:1\\"/,
    });
    t.match(await ask('GET', `${root}/pods/none/proxy/`), { code: 404, body: /pods \\"none\\" not found/ });
  });
  await t.test('services', async (t) => {
    for (const name of ['web:http', 'web:80', 'http:web:80']) {
      t.match(await ask('GET', `${root}/services/${name}/proxy/x`), { code: 200, body: /"GET \/x"/ }, name);
    }
    t.match(await ask('GET', `${root}/services/web:81/proxy/`), {
      code: 503,
      body: /no service port 81 found for service \\"web\\"/,
    });
    t.match(await ask('GET', `${root}/services/web/proxy/`), {
      code: 503,
      body: /no endpoints available for service \\"web\\"/,
    });
  });
  await t.test('nodes', async (t) => {
    t.match(await ask('GET', '/api/v1/nodes/n1/proxy/healthz'), { code: 200, body: 'ok' });
    t.match(await ask('GET', '/api/v1/nodes/n1/proxy/pods'), { code: 200, body: /"kind":"PodList"/ });
    t.match(await ask('GET', '/api/v1/nodes/n1:1/proxy/'), { code: 400, body: /address not allowed/ });
  });
  t.equal(await upgraded(node, `${root}/pods/web/proxy/`), 'hello', 'an upgraded connection goes on');
});

async function upgraded({ apiPort, ca, identity }: OneNode, path: string): Promise<string> {
  const pair = await identity('root', 'system:masters');
  return new Promise((resolve, reject) => {
    const headers = { connection: 'Upgrade', upgrade: 'echo' };
    const call = request({ host: '127.0.0.1', port: apiPort, ca: ca.cert, ...pair, path, headers, agent: false });
    call.on('upgrade', (_answer, socket) => {
      socket.once('data', (chunk: Buffer) => {
        socket.destroy();
        resolve(chunk.toString());
      });
      socket.write('hello');
    });
    call.on('response', (answer) => reject(new Error(`answered ${answer.statusCode}`)));
    call.on('error', reject).end();
  });
}
