import { execFile, spawn } from 'node:child_process';
import t from 'tap';
import { eventually } from '../client/testing/eventually.ts';
import { startMember } from './testing/one-member.ts';
import { lacking } from './testing/peers.ts';

t.setTimeout(300_000);
const base64 = (text: string): string => Buffer.from(text).toString('base64');

function curl(url: string, body: object, ...more: string[]): Promise<Record<string, unknown>> {
  const args = ['-skS', '--max-time', '60', url, '-d', JSON.stringify(body), ...more];
  return new Promise((resolve, reject) => {
    execFile('curl', args, (error, stdout) => {
      if (error) reject(error);
      else resolve(JSON.parse(stdout) as Record<string, unknown>);
    });
  });
}

/** curl whose request is written while its answer is read: `-T .` does not wait for its input */
function conversation(url: string) {
  const child = spawn('curl', ['-skSN', '-X', 'POST', '-T', '.', url], { stdio: ['pipe', 'pipe', 'ignore'] });
  let text = '';
  child.stdout.on('data', (chunk: Buffer) => (text += chunk.toString()));
  const ended = new Promise((resolve) => child.once('close', resolve));
  return {
    send: (message: object) => void child.stdin.write(JSON.stringify(message)),
    answered: (pattern: RegExp) => eventually(`${String(pattern)} in the answer`, () => pattern.test(text), 30_000),
    end: async () => {
      child.stdin.end();
      child.kill();
      await ended;
    },
  };
}

void t.test('the JSON gateway by curl, over TLS and HTTP/2 and over HTTP/1.1', { skip: lacking('curl') }, async (t) => {
  const port = await startMember(t, { secure: true });
  for (const [version, flag] of [
    ['2', '--http2'],
    ['1.1', '--http1.1'],
  ] as const) {
    const url = (path: string): string => `https://127.0.0.1:${port}/v3/${path}`;
    const key = base64(`k${version}`);
    t.match(await curl(url('kv/put'), { key, value: base64('v') }, flag), { header: { revision: /^\d+$/ } });
    t.match(await curl(url('kv/range'), { key }, flag), { kvs: [{ key, value: base64('v') }], count: '1' });
    t.match(await curl(url('lock/lock'), { name: base64(`m${version}`) }, flag), { key: /./ });
    const campaign = await curl(url('election/campaign'), { name: base64(`e${version}`), value: base64('me') }, flag);
    t.match(campaign, { leader: { name: base64(`e${version}`), rev: /^\d+$/, lease: /^\d+$/ } });
    const { leader } = campaign;
    t.match(await curl(url('election/resign'), { leader: leader as object }, flag), { header: {} });
  }
});

void t.test('a watch by curl: the request goes on while events come', { skip: lacking('curl') }, async (t) => {
  for (const secure of [false, true]) {
    const port = await startMember(t, { secure });
    const url = `${secure ? 'https' : 'http'}://127.0.0.1:${port}/v3`;
    const watch = conversation(`${url}/watch`);
    t.teardown(() => watch.end());
    watch.send({ create_request: { key: base64('w') } });
    await watch.answered(/"created":true/);
    await curl(`${url}/kv/put`, { key: base64('w'), value: base64('seen') });
    await watch.answered(new RegExp(`"value":"${base64('seen')}"`));
    watch.send({ cancel_request: { watch_id: '0' } });
    await watch.answered(/"canceled":true/);
  }
});
