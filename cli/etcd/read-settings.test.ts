import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { etcdFlags, olderGates, olderNames } from './etcd-flags.ts';
import { featureGates, foreignFlags } from './foreign-flags.ts';
import { memberSettings, parseInitialCluster } from './member-settings.ts';
import { readSettings } from './read-settings.ts';

type Teardown = { teardown(fn: () => unknown): unknown };

function fileWith(t: Teardown, content: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'kuorum-flags-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  const path = join(folder, 'etcd.yaml');
  writeFileSync(path, content);
  return path;
}

void t.test('flags are read as Go reads them', (t) => {
  const { values, given } = readSettings(
    ['-name', 'm1', '--data-dir=/d=1', '--client-cert-auth', '-strict-reconfig-check=false', '--initial-cluster='],
    {},
  );
  t.equal(values.text('name'), 'm1');
  t.equal(values.text('data-dir'), '/d=1');
  t.equal(values.boolean('client-cert-auth'), true);
  t.equal(values.boolean('strict-reconfig-check'), false);
  t.equal(values.optional('initial-cluster'), undefined);
  t.equal(values.number('max-txn-ops'), 128, 'what is not given has its default');
  t.same([...given].sort(), ['client-cert-auth', 'data-dir', 'initial-cluster', 'name', 'strict-reconfig-check']);
  t.equal(readSettings(['--name', 'a', '--name', 'b'], {}).values.text('name'), 'b', 'the last one counts');
  t.end();
});

const refusals: readonly [string, readonly string[], RegExp][] = [
  ['an unknown flag', ['--nmae', 'x'], /unknown option '--nmae'/],
  ['a word that is no flag', ['--pre-vote', 'true'], /'true' is not a valid flag/],
  ['another program of etcd', ['grpc-proxy', 'start'], /etcd grpc-proxy is not supported by Kuorum/],
  ['no value', ['--name'], /flag needs an argument: --name/],
  ['a number that is none', ['--max-txn-ops=many'], /invalid argument "many" for "--max-txn-ops"/],
  ['a negative number', ['--max-txn-ops=-1'], /--max-txn-ops must be at least 0, not -1/],
  ['a duration without unit', ['--corrupt-check-time=5'], /invalid argument "5" for "--corrupt-check-time"/],
  ['a boolean that is none', ['--client-cert-auth=maybe'], /true or false/],
  ['a word that is not offered', ['--initial-cluster-state=old'], /must be one of new, existing, not "old"/],
  ['discovery', ['--discovery=https://d'], /--discovery=https:\/\/d is not supported by Kuorum: .*--initial-cluster/],
  ['no pre-vote', ['--pre-vote=false'], /--pre-vote=false is not supported/],
  ['the v2 API', ['--enable-v2'], /--enable-v2=true is not supported/],
  ['a feature gate that cannot be', ['--feature-gates=LeaseCheckpoint=true'], /LeaseCheckpoint=true is not supported/],
  ['an unknown feature gate', ['--feature-gates=Foo=true'], /unrecognized feature gate: Foo/],
  ['both names of a flag', ['--corrupt-check-time=5m', '--experimental-corrupt-check-time=5m'], /Use only --corrupt-/],
  ['a slow heartbeat', ['--heartbeat-interval=300'], /--election-timeout\[1000ms\] should be at least as 5 times/],
  ['a long election', ['--election-timeout=60000'], /is too long, and should be set less than 50000ms/],
  ['a name to listen on', ['--listen-peer-urls=http://example.com:1'], /expected IP in URL for binding/],
  [
    'a place to listen on alone',
    ['--listen-client-urls=http://127.0.0.1:1'],
    /--advertise-client-urls is required when/,
  ],
  ['a socket with TLS', ['--listen-peer-urls=unixs:///x'], /"unixs:\/\/\/x" is no URL such as/],
  ['no file there', ['--config-file=/none.yaml'], /--config-file \/none\.yaml: ENOENT/],
];

void t.test('what is wrong, or cannot be had, is refused by name', (t) => {
  for (const [name, args, message] of refusals) {
    t.throws(() => memberSettings(readSettings(args, {})), { name: 'CliError', message }, name);
  }
  t.end();
});

void t.test('flags without effect are taken, and the log says why', (t) => {
  const { notices } = readSettings(['--max-wals=3', '--backend-batch-interval=10ms', '--log-format=json'], {});
  t.match(
    notices.map(({ text }) => text),
    [/--max-wals has no effect: /, /--backend-batch-interval has no effect: /],
  );
  t.throws(() => readSettings(['--max-wals=some'], {}), /invalid argument "some" for "--max-wals"/);
  t.end();
});

void t.test('names of 3.4 and 3.5 are those of today', (t) => {
  const { values, notices } = readSettings(
    ['--experimental-corrupt-check-time=5m', '--experimental-initial-corrupt-check=false', '--debug'],
    {},
  );
  t.equal(values.number('corrupt-check-time'), 300_000);
  t.equal(values.text('feature-gates'), 'InitialCorruptCheck=false');
  t.equal(values.text('log-level'), 'debug');
  t.match(notices.map(({ text }) => text).join('\n'), /--experimental-corrupt-check-time is now --corrupt-check-time/);
  t.end();
});

void t.test('environment variables stand for flags; one that says what a flag says too is refused', (t) => {
  const environment = { ETCD_NAME: 'm2', ETCD_CLIENT_CERT_AUTH: 'true', ETCD_PORT: '7', ETCDCTL_API: '3' };
  const { values, given, notices } = readSettings(['--data-dir=/d'], environment);
  t.equal(values.text('name'), 'm2');
  t.equal(values.boolean('client-cert-auth'), true);
  t.ok(given.has('name'));
  t.match(notices, [{ level: 'warn', text: 'unrecognized environment variable ETCD_PORT' }]);
  t.equal(notices.length, 1);
  t.throws(() => readSettings(['--name=m1'], environment), /ETCD_NAME is shadowed by the flag --name/);
  t.throws(() => readSettings([], { ETCD_MAX_TXN_OPS: 'x' }), /invalid argument "x" for "--max-txn-ops"/);
  t.end();
});

const file = `
name: m3
data-dir:
listen-client-urls: https://127.0.0.1:1,https://127.0.0.1:2
advertise-client-urls: https://127.0.0.1:1
auto-compaction-mode: periodic
auto-compaction-retention: "1"
watch-progress-notify-interval: 600000000000
warning-apply-duration: 50ms
max-wals: 5
cors:
discovery:
discovery-fallback: proxy
log-outputs: [stderr]
cipher-suites: [
  TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
  TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384
]
client-transport-security:
  cert-file: /c.crt
  key-file: /c.key
  client-cert-auth: true
  allowed-hostname: [a.example, b.example]
peer-transport-security:
  cert-file: /p.crt
  trusted-ca-file:
  auto-tls: false
  allowed-cn: peer
`;

void t.test('a configuration file takes the place of flags and environment', (t) => {
  const path = fileWith(t, file);
  const { values, notices } = readSettings(['--name=m1', `--config-file=${path}`], { ETCD_MAX_TXN_OPS: '7' });
  t.equal(values.text('name'), 'm3');
  t.equal(values.optional('data-dir'), undefined);
  t.same(values.list('listen-client-urls'), ['https://127.0.0.1:1', 'https://127.0.0.1:2']);
  t.equal(values.number('max-txn-ops'), 128, 'the environment is not looked at');
  t.equal(values.number('watch-progress-notify-interval'), 600_000, 'a number counts nanoseconds');
  t.equal(values.number('warning-apply-duration'), 50);
  t.equal(values.text('cert-file'), '/c.crt');
  t.equal(values.boolean('client-cert-auth'), true);
  t.same(values.list('client-cert-allowed-hostname'), ['a.example', 'b.example']);
  t.equal(values.text('peer-cert-file'), '/p.crt');
  t.same(values.list('peer-cert-allowed-cn'), ['peer']);
  t.equal(values.list('cipher-suites').length, 2);
  t.match(notices[0], { text: /configuration comes from the file/, fields: { path } });
  t.equal(readSettings([], { ETCD_CONFIG_FILE: path }).values.text('name'), 'm3');
  t.end();
});

void t.test('a configuration file with a key that is not known is refused, by file and key', (t) => {
  t.throws(() => readSettings(['--config-file', fileWith(t, 'nmae: x')], {}), /etcd\.yaml: unknown key nmae/);
  const deep = fileWith(t, 'peer-transport-security:\n  cert: x\n');
  t.throws(() => readSettings(['--config-file', deep], {}), /unknown key peer-transport-security\.cert/);
  t.throws(() => readSettings(['--config-file', fileWith(t, 'name: [x')], {}), /etcd\.yaml: Flow sequence/);
  t.throws(() => readSettings(['--config-file', fileWith(t, '- a')], {}), /keys with values are expected/);
  t.end();
});

void t.test('every flag is known once', (t) => {
  const names = [...etcdFlags.map(({ name }) => name), ...foreignFlags.map(({ name }) => name)];
  t.same(
    names.filter((name, i) => names.indexOf(name) !== i),
    [],
  );
  for (const now of Object.values(olderNames)) t.ok(names.includes(now), `${now} is there`);
  for (const gate of Object.values(olderGates)) t.ok(Object.hasOwn(featureGates, gate), `${gate} is there`);
  for (const { name, type, fallback } of etcdFlags) {
    if (fallback !== undefined && type !== 'boolean') t.doesNotThrow(() => readSettings([`--${name}=${fallback}`], {}));
  }
  t.end();
});

void t.test('parseInitialCluster joins the URLs of one name', (t) => {
  t.same(parseInitialCluster('a=http://h:1,a=http://h:2,b=http://h:3'), {
    a: ['http://h:1', 'http://h:2'],
    b: ['http://h:3'],
  });
  t.throws(() => parseInitialCluster('a'), { message: /"a" is not name=URL/ });
  t.end();
});
