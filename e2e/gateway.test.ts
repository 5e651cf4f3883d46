import { spawn } from 'node:child_process';
import { rmSync } from 'node:fs';
import { request as httpRequest } from 'node:http';
import t from 'tap';
import { eventually } from '../client/testing/eventually.ts';
import { gatewayCases, malformedCases } from './testing/gateway-cases.ts';
import type { GatewayCase } from './testing/gateway-cases.ts';
import { loneMember, startMember } from './testing/one-member.ts';
import { findPeer, lacking } from './testing/peers.ts';

t.setTimeout(300_000);

interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly text: string;
}
const comparedHeaders = [
  'content-type', 'allow', 'x-content-type-options', 'www-authenticate', 'access-control-allow-origin',
  'access-control-allow-methods', 'access-control-allow-headers', 'grpc-metadata-content-type',
]; // prettier-ignore

function ask(port: number, { path, body, method = 'POST', headers = {}, lines }: GatewayCase): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const request = httpRequest({ host: '127.0.0.1', port, path, method, headers, agent: false }, (response) => {
      let text = '';
      const done = (): void => {
        const found = comparedHeaders.map((name) => [name, response.headers[name]] as const);
        resolve({
          status: response.statusCode ?? 0,
          headers: Object.fromEntries(found) as Record<string, string | undefined>,
          text,
        });
        request.destroy();
      };
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => {
        text += chunk;
        if (lines !== undefined && text.split('\n').length > lines) done();
      });
      response.on('end', done);
      response.on('error', () => {});
    });
    request.on('error', reject);
    request.setTimeout(30_000, () => request.destroy(new Error(`no answer to ${path}`)));
    request.end(body === undefined || typeof body === 'string' ? body : JSON.stringify(body));
  });
}

const different =
  'cluster_id member_id raft_term leader raftIndex raftAppliedIndex dbSize dbSizeInUse hash token TTL version storageVersion'.split(
    ' ',
  );

/** JSON without what differs from cluster to cluster, a value a line; what is no JSON as it is. */
function comparable(text: string): unknown {
  const scrub = (name: string, value: unknown): unknown =>
    (different.includes(name) && typeof value !== 'object') || name === 'peerURLs' || name === 'clientURLs'
      ? '#'
      : value;
  const member = (name: string, value: unknown): unknown =>
    name === 'members' ? (value as object[]).map((found) => ({ ...found, ID: '#' })) : scrub(name, value);
  // Go's protojson puts one blank or the other into its errors, so that nobody relies on them
  return text
    .replaceAll('\u00a0', ' ')
    .split('\n')
    .map((line) => {
      try {
        return JSON.parse(line, member) as unknown;
      } catch {
        return line;
      }
    });
}

/** Asks everything, in order; each answer by what was asked. */
async function askAll(port: number, cases: readonly GatewayCase[]): Promise<Answer[]> {
  const answers: Answer[] = [];
  let token = '';
  for (const one of cases) {
    const headers = { ...one.headers, ...(one.token === 'send' ? { authorization: token } : {}) };
    const answer = await ask(port, { ...one, headers });
    if (one.token === 'keep') ({ token } = JSON.parse(answer.text) as { token: string });
    answers.push(answer);
  }
  return answers;
}

type Test = Pick<typeof t, 'teardown'>;

async function startPeer(t: Test, program: string): Promise<number> {
  const { client, args, dir } = await loneMember();
  const child = spawn(program, args, { stdio: 'ignore' });
  const ended = new Promise((resolve) => child.on('close', resolve));
  t.teardown(async () => {
    child.kill('SIGKILL');
    await ended;
    rmSync(dir, { recursive: true, force: true });
  });
  const healthy = (): Promise<boolean> =>
    ask(client, { path: '/health', method: 'GET' }).then(
      ({ status }) => status === 200,
      () => false,
    );
  await eventually('etcd is ready', healthy, 60_000);
  return client;
}

const shown = ({ path, body, method = 'POST', headers = {} }: GatewayCase): string =>
  `${method} ${path} ${(typeof body === 'string' ? body : (JSON.stringify(body) ?? '')).slice(0, 200)} ${JSON.stringify(headers)}`;

for (const peer of ['etcd-3.7', 'etcd-3.6']) {
  void t.test(`answers of the JSON gateway are those of ${peer}`, { skip: lacking(peer) }, async (t) => {
    const [ours, theirs] = await Promise.all([startMember(t), startPeer(t, findPeer(peer)!)]);
    const cases = [...gatewayCases, ...malformedCases];
    const [mine, etcds] = await Promise.all([askAll(ours, cases), askAll(theirs, cases)]);
    for (const [i, one] of cases.entries()) {
      const show = ({ status, headers, text }: Answer) => ({ status, headers, lines: comparable(text) });
      t.same(show(mine[i]!), show(etcds[i]!), shown(one));
    }
  });
}

void t.test('where both know what is asked, answers are those of etcd 3.4', { skip: lacking('etcd') }, async (t) => {
  const [ours, theirs] = await Promise.all([startMember(t), startPeer(t, findPeer('etcd')!)]);
  const cases = gatewayCases.filter((one) => one.since === undefined);
  const [mine, etcds] = await Promise.all([askAll(ours, cases), askAll(theirs, cases)]);
  for (const [i, one] of cases.entries()) {
    // its errors have one more field, and it says 405 for some
    const code = (text: string): unknown => /"code":(\d+)/.exec(text)?.[1];
    const show = ({ status, text }: Answer) =>
      status === 200 ? { status, lines: comparable(text) } : { refused: true, code: code(text) };
    t.same(show(mine[i]!), show(etcds[i]!), shown(one));
  }
});
