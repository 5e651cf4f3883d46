import {
  appendFileSync,
  cpSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import type { Test } from 'tap';
import { createCa, issueCertificate } from '../cli/pki/certificate.ts';
import { Foreground } from './testing/foreground.ts';
import { freePortBlock, kuorum, placeCluster, startCluster } from './testing/local-cluster.ts';
import type { LocalCluster, Outcome } from './testing/local-cluster.ts';
import { Rest } from './testing/rest.ts';
import type { Call } from './testing/rest.ts';

/** Each bad input gets one clear error, and what was there before is there after. */

t.setTimeout(240_000); // in all; busy machines are slow
const path = '/api/v1/namespaces/default/configmaps';
const configMap = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'kept' }, data: { kept: 'yes' } };

function temporaryFolder(t: Test): string {
  const folder = mkdtempSync(join(tmpdir(), 'kuorum-bad-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Exit code 1, one error on stderr, and no stack trace. */
function refused(t: Test, outcome: Outcome, message: RegExp, name: string): void {
  t.equal(outcome.code, 1, `${name}: exit code 1`);
  t.match(outcome.stderr, message, name);
  t.notMatch(outcome.stderr, /\n {4}at /, `${name}: no stack trace`);
}

async function keeps(t: Test, cluster: LocalCluster): Promise<void> {
  const rest = Rest.of(cluster.kubeconfig);
  const answer = await rest.request('GET', `${path}/kept`);
  rest.close();
  t.match(answer.json, { data: { kept: 'yes' } }, 'what was acknowledged is there');
}

async function listening(port: number): Promise<() => void> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  return () => server.close();
}

void t.test('cluster.yaml and flags: file:line: reason; nothing is made', async (t) => {
  const folder = temporaryFolder(t);
  const dataDir = join(folder, 'data');
  const files: readonly [string, string, RegExp][] = [
    ['broken YAML', 'name: x\nreplicas: [3\n', /\.yaml:[23]: Flow sequence/],
    ['an unknown key', 'name: x\nreplikas: 3\n', /\.yaml:2: unknown key "replikas"; known here: name, replicas/],
    ['an unknown key deeper', 'nodes:\n  count: 1\n  cuont: 2\n', /\.yaml:3: unknown key "nodes.cuont"/],
    ['an even number of replicas', 'replicas: 4\n', /\.yaml:1: replicas must be one of 1, 3, 5, 7/],
    ['a duration without unit', 'timeouts:\n  election: 1000\n', /\.yaml:2: timeouts.election must be a duration/],
    ['a key twice', 'port: 7000\nport: 7001\n', /\.yaml:2: Map keys must be unique/],
    ['a list', '- a\n', /\.yaml:1: a group of keys is expected/],
  ];
  for (const [name, content, message] of files) {
    const file = join(folder, 'bad.yaml');
    writeFileSync(file, content);
    refused(t, await kuorum(['up', '-f', file, '--data-dir', dataDir]), message, name);
  }
  const commandLines: readonly [string, readonly string[], RegExp][] = [
    ['no such file', ['up', '-f', join(folder, 'none.yaml')], /none\.yaml: no such file/],
    ['an unknown flag', ['up', '--replikas', '3'], /unknown option '--replikas'/],
    ['an unknown flag of a component', ['etcd', '--nmae', 'x'], /unknown option '--nmae'/],
    ['an unknown command', ['upp'], /unknown command 'upp'/],
    ['a port that is none', ['up', '--port', 'x'], /--port must be a whole number, not "x"/],
    ['no cluster there', ['status', '--data-dir', dataDir], /no cluster in .*; start one with `kuorum up`/],
  ];
  for (const [name, args, message] of commandLines) refused(t, await kuorum(args), message, name);
  t.notOk(existsSync(dataDir), 'no data folder was made');
});

void t.test('requests: one Status each; nothing is lost', async (t) => {
  const cluster = await startCluster({ replicas: 1, nodes: 0 });
  t.teardown(() => cluster.destroy());
  const rest = Rest.of(cluster.kubeconfig);
  t.teardown(() => rest.close());
  const created = await rest.request('POST', path, { body: configMap });
  t.equal(created.status, 201);
  const stale = { ...configMap, metadata: { name: 'kept', resourceVersion: '1' }, data: { kept: 'no' } };
  const large = { ...configMap, metadata: { name: 'large' }, data: { large: 'x'.repeat(4 * 1024 * 1024) } };
  const yaml = 'application/yaml';
  const cases: readonly [string, string, string, Call, number, string, RegExp][] = [
    [
      'broken YAML',
      'POST',
      path,
      { contentType: yaml, body: 'kind: ConfigMap\nmetadata: {name: [x\n' },
      400,
      'BadRequest',
      /yaml: line \d/,
    ],
    [
      'broken JSON',
      'POST',
      path,
      { body: '{"kind": "ConfigMap", ' },
      400,
      'BadRequest',
      /unexpected end of JSON input/,
    ],
    [
      'an unknown field under strict validation',
      'PUT',
      `${path}/kept?fieldValidation=Strict`,
      { body: { ...configMap, dataa: {} } },
      400,
      'BadRequest',
      /strict decoding error: unknown field "dataa"/,
    ],
    [
      'a wrong resourceVersion',
      'PUT',
      `${path}/kept`,
      { body: stale },
      409,
      'Conflict',
      /the object has been modified/,
    ],
    ['a too large body', 'POST', path, { body: large }, 413, 'RequestEntityTooLarge', /limit is 3145728/],
    ['an unknown kind', 'POST', path, { body: { ...configMap, kind: 'Bogus' } }, 400, 'BadRequest', /no kind "Bogus"/],
    ['a second of the same name', 'POST', path, { body: configMap }, 409, 'AlreadyExists', /"kept" already exists/],
    [
      'a body of no known type',
      'POST',
      path,
      { contentType: 'text/csv', body: 'a,b' },
      415,
      'UnsupportedMediaType',
      /unknown format/,
    ],
  ];
  for (const [name, method, target, call, status, reason, message] of cases) {
    const answer = await rest.request(method, target, call);
    t.match(answer.json, { kind: 'Status', status: 'Failure', code: status, reason, message }, name);
    t.equal(answer.status, status, `${name}: HTTP status`);
  }
  t.equal((await rest.request('POST', '/apis/nope.io/v1/bogus', { body: {} })).status, 404, 'an unknown group');
  await keeps(t, cluster);

  await t.test('certificates', async (t) => {
    const foreign = await createCa('foreign', 1);
    const options = { commonName: 'kubernetes-admin', organizations: ['system:masters'], usages: ['client'] } as const;
    const pair = await issueCertificate(foreign, { ...options, organizations: ['system:masters'] }, 1);
    for (const [name, identity] of [
      ['none', { cert: undefined, key: undefined }],
      ['of a foreign authority', pair],
    ] as const) {
      const stranger = Rest.of(cluster.kubeconfig, identity);
      const answer = await stranger.request('GET', path);
      t.match(answer.json, { kind: 'Status', code: 401, reason: 'Unauthorized' }, name);
      t.equal(answer.status, 401);
      t.equal((await stranger.request('GET', '/readyz')).status, 200, `${name}: health is told to all`);
      stranger.close();
    }
    const deceived = Rest.of(cluster.kubeconfig, { ca: foreign.cert });
    await t.rejects(deceived.request('GET', path), /self-signed|unable to (get|verify)/, 'a client with another CA');
    deceived.close();
  });

  await t.test('components', async (t) => {
    const pid = (await cluster.status()).replicas[0]?.pid;
    const commandLines: readonly [string, readonly string[], RegExp][] = [
      ['an unknown replica', ['kill', 'replica-9'], /no component "replica-9"; there are: leader, replica-1, front/],
      ['an unknown number', ['pause', '7'], /no component "7"/],
      ['an unknown log', ['logs', 'nobody'], /no component "nobody"/],
      ['start of what runs', ['start', 'replica-1'], /replica-1 is running already \(pid \d+\)/],
      ['an output format', ['status', '-o', 'xml'], /-o xml is not supported/],
      ['up of what runs', ['up', '--detach'], /is running already/],
      ['another number of replicas', ['up', '--replicas', '3'], /holds another cluster: its replicas is 1, not 3/],
      ['another port', ['up', '--port', '7000'], /holds another cluster: its port is \d+, not 7000/],
    ];
    for (const [name, args, message] of commandLines) refused(t, await cluster.tryRun(...args), message, name);
    t.equal((await cluster.status()).replicas[0]?.pid, pid, 'the replica was left alone');
    await cluster.run('stop', 'replica-1');
    refused(t, await cluster.tryRun('kill', '1'), /replica-1 is not running; start it with/, 'kill of what is stopped');
    await cluster.run('start', 'replica-1');
    await keeps(t, cluster);
  });
});

void t.test('a port in use is named; nothing is made, so another port may be chosen', async (t) => {
  const cluster = await placeCluster(1);
  t.teardown(() => cluster.destroy());
  const up = ['up', '--detach', '--replicas', '1', '--nodes', '0'];
  for (const [what, port] of [
    ['the kubeconfig', cluster.port],
    ["replica-1's etcd peers", cluster.port + 12],
  ] as const) {
    const close = await listening(port);
    const outcome = await cluster.tryRun(...up, '--port', `${cluster.port}`);
    refused(t, outcome, new RegExp(`in use by another program: port ${port} \\(${what}\\)\\. Choose other`), what);
    close();
  }
  t.notOk(existsSync(join(cluster.dataDir, 'cluster.json')));
  t.equal((await cluster.tryRun(...up, '--port', `${await freePortBlock(1)}`)).code, 0);
});

/** The newest segment of the replica's log. */
function segmentOf(cluster: LocalCluster): string {
  const folder = join(cluster.dataDir, 'replica-1', 'raft', 'wal');
  const newest = readdirSync(folder).sort().at(-1) ?? '';
  return join(folder, newest);
}

void t.test('a damaged log', async (t) => {
  const cluster = await startCluster({ replicas: 1, nodes: 0 });
  t.teardown(() => cluster.destroy());
  const rest = Rest.of(cluster.kubeconfig);
  t.equal((await rest.request('POST', path, { body: configMap })).status, 201);
  rest.close();

  await t.test('cut off in the middle of its last record, as a crash leaves it: recovers', async (t) => {
    await cluster.run('kill', 'replica-1');
    const segment = segmentOf(cluster);
    const bytes = readFileSync(segment);
    const magic = bytes.lastIndexOf(Buffer.from([0x57, 0x4b]));
    appendFileSync(segment, bytes.subarray(magic, magic + 9)); // the first half of a record's header
    await cluster.run('start', 'replica-1');
    await keeps(t, cluster);
  });

  for (const [name, damage, message] of [
    [
      'a bit flipped in the middle',
      (segment: string) => {
        const bytes = readFileSync(segment);
        const at = Math.floor(bytes.length / 2);
        bytes[at] = (bytes[at] ?? 0) ^ 0x10;
        writeFileSync(segment, bytes);
      },
      /\.wal is corrupt at byte \d+: a record does not match its checksum/,
    ],
    [
      'half of it gone',
      (segment: string) => truncateSync(segment, Math.floor(readFileSync(segment).length / 2)),
      /truncated or lost/,
    ],
  ] as const) {
    await t.test(`${name}: refused with file and offset; with the file brought back nothing is lost`, async (t) => {
      await cluster.run('down');
      const segment = segmentOf(cluster);
      const good = readFileSync(segment);
      damage(segment);
      const damaged = readFileSync(segment);
      const outcome = await cluster.tryRun('up', '--detach');
      refused(t, outcome, message, name);
      t.match(outcome.stderr, /^kuorum: replica-1 could not start: .* \(log: .*replica-1\.log\)\n$/, 'one line');
      t.comment(outcome.stderr);
      // at most the half record at its very end is cut off
      const left = readFileSync(segment);
      t.ok(left.length > 0 && damaged.subarray(0, left.length).equals(left), 'what is sound in the file is left');
      t.same((await cluster.status()).front.state, 'stopped', 'what up has started is stopped again');
      writeFileSync(segment, good);
      await cluster.run('up', '--detach');
      await keeps(t, cluster);
    });
  }
});

void t.test('a data directory of another cluster', async (t) => {
  const cluster = await startCluster({ replicas: 1, nodes: 0 });
  t.teardown(() => cluster.destroy());
  const rest = Rest.of(cluster.kubeconfig);
  t.equal((await rest.request('POST', path, { body: configMap })).status, 201);
  rest.close();
  await cluster.run('down');
  const other = await placeCluster(1);
  t.teardown(() => other.destroy());
  await other.run('up', '--detach', '--replicas', '1', '--nodes', '0', '--port', `${other.port}`);
  await other.run('down');
  const folder = join(other.dataDir, 'replica-1');

  rmSync(folder, { recursive: true });
  cpSync(join(cluster.dataDir, 'replica-1'), folder, { recursive: true });
  const store = await other.tryRun('up', '--detach');
  refused(t, store, /replica-1 holds data of cluster [0-9a-f]{16}, and the flags describe cluster/, 'the whole folder');

  rmSync(join(folder, 'store'), { recursive: true });
  const raft = await other.tryRun('up', '--detach');
  refused(
    t,
    raft,
    /replica-1\/raft\/.*\.wal belongs to cluster [0-9a-f]{16}, but this member is of cluster/,
    'the log alone',
  );
  t.comment(raft.stderr);

  await cluster.run('up', '--detach');
  await keeps(t, cluster);
});

void t.test('a data directory in use by another process', async (t) => {
  const folder = temporaryFolder(t);
  const base = await freePortBlock(2);
  const flags = (n: number): string[] => {
    const [client, peer] = [`http://127.0.0.1:${base + 10 * n}`, `http://127.0.0.1:${base + 10 * n + 1}`];
    const urls = [`--listen-client-urls=${client}`, `--advertise-client-urls=${client}`, `--listen-peer-urls=${peer}`];
    return ['etcd', '--name=m', `--data-dir=${folder}`, ...urls, `--initial-advertise-peer-urls=${peer}`];
  };
  const first = new Foreground(flags(1));
  t.teardown(() => first.child.kill('SIGKILL'));
  await first.printed(/ready to serve client requests/);
  refused(t, await kuorum(flags(2)), /^kuorum: .* is in use by another process/, 'a second member on it');
  t.equal(first.child.exitCode, null, 'the first goes on');
  t.equal(await first.stop('SIGTERM'), 0);
  const close = await listening(base + 10);
  const taken = await kuorum(flags(1));
  refused(t, taken, new RegExp(`kuorum: .*${base + 10}`), 'its client port in use');
  t.comment(taken.stderr);
  close();
});
