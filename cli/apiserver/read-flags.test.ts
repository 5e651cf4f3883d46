import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { apiserverFlags } from './apiserver-flags.ts';
import { foreignFlags } from './foreign-flags.ts';
import { apiserverHelp } from './help.ts';
import { readApiserverFlags } from './read-flags.ts';
import { serverSettings } from './server-settings.ts';

const store = '--etcd-servers=http://127.0.0.1:2379';

void t.test('flags are read as pflag reads them', (t) => {
  const { values, given, asks } = readApiserverFlags([
    '--etcd-servers',
    'http://a:1,http://b:2',
    '--etcd-servers=http://c:3',
    '--anonymous-auth=F',
    '--service_cluster_ip_range=10.0.0.0/24',
    '--service-account-issuer=https://a',
    '--service-account-issuer=https://b,c',
    '--secure-port=1',
    '--secure-port=2',
    '-v2',
  ]);
  t.equal(asks, 'run');
  t.same(values.list('etcd-servers'), ['http://a:1', 'http://b:2', 'http://c:3'], 'lists grow');
  t.equal(values.boolean('anonymous-auth'), false);
  t.equal(values.text('service-cluster-ip-range'), '10.0.0.0/24');
  t.same(values.list('service-account-issuer'), ['https://a', 'https://b,c'], 'issuers may hold commas');
  t.equal(values.number('secure-port'), 2, 'the last one counts');
  t.equal(values.number('v'), 2);
  t.equal(values.text('etcd-prefix'), '/registry', 'what is not given has its default');
  t.ok(given.has('anonymous-auth'));
  t.notOk(given.has('etcd-prefix'));
  t.end();
});

const refusals: readonly [string, readonly string[], RegExp][] = [
  ['an unknown flag', [store, '--nmae=x'], /^unknown flag: --nmae$/],
  ['an unknown letter', [store, '-x'], /^unknown shorthand flag: 'x' in -x$/],
  ['a word that is no flag', [store, 'now'], /does not take any arguments, got "now"/],
  ['no value', ['--etcd-servers'], /^flag needs an argument: --etcd-servers$/],
  ['no store', [], /^required flag --etcd-servers is not set$/],
  ['a number that is none', [store, '--secure-port=https'], /invalid argument "https" for "--secure-port"/],
  ['a boolean that is none', [store, '--anonymous-auth=maybe'], /invalid argument "maybe" for "--anonymous-auth"/],
  [
    'an old TLS',
    [store, '--tls-min-version=VersionTLS10'],
    /--tls-min-version must be one of VersionTLS12, VersionTLS13/,
  ],
  ['a feature gate that there is not', [store, '--feature-gates=Nope=true'], /unrecognized feature gate: Nope/],
  ['a feature gate without a value', [store, '--feature-gates=Nope'], /missing bool value for Nope/],
  [
    'a feature gate that is decided',
    [store, '--feature-gates=ServiceAccountTokenJTI=false'],
    /cannot set feature gate ServiceAccountTokenJTI to false, feature is locked to true/,
  ],
  [
    'tracing',
    [store, '--tracing-config-file=/x'],
    /^--tracing-config-file=\/x is not supported by Kuorum: there is no tracing/,
  ],
  [
    'protobuf in the store',
    [store, '--storage-media-type=application/vnd.kubernetes.protobuf'],
    /is not supported by Kuorum/,
  ],
  ['ABAC', [store, '--authorization-mode=ABAC'], /--authorization-mode=ABAC is not supported by Kuorum: use RBAC/],
  ['an unknown mode', [store, '--authorization-mode=Magic'], /authorization-mode "Magic" is not a valid mode/],
  ['a mode twice', [store, '--authorization-mode=RBAC,RBAC'], /has mode specified more than once/],
  ['an issuer twice', [store, '--service-account-issuer=a', '--service-account-issuer=a'], /is already specified/],
  ['a port range that is none', [store, '--service-node-port-range=5-1'], /for "--service-node-port-range" flag/],
  [
    'a directive that is none',
    [store, '--strict-transport-security-directives=forever'],
    /allowed values: max-age=expireTime/,
  ],
  ['an address that is none', [store, '--advertise-address=here'], /failed to parse IP: "here"/],
  [
    'a group that there is not',
    [store, '--runtime-config=nope.example.com/v1=true'],
    /unknown api groups nope.example.com/,
  ],
  [
    'a plugin that there is not',
    [store, '--enable-admission-plugins=Nonsense'],
    /^enable-admission-plugins plugin "Nonsense" is unknown$/,
  ],
  [
    'a plugin that is on and off',
    [store, '--enable-admission-plugins=Priority', '--disable-admission-plugins=Priority'],
    /^\[Priority\] in enable-admission-plugins and disable-admission-plugins overlapped$/,
  ],
];

void t.test('what is wrong on the command line is named', (t) => {
  for (const [what, args, words] of refusals) {
    t.throws(() => serverSettings(readApiserverFlags(args)), { message: words, exitCode: 1 }, what);
  }
  t.end();
});

void t.test('flags without a counterpart are taken with a line that says why', (t) => {
  const { notices } = readApiserverFlags([store, '--watch-cache=false', '--feature-gates=AllAlpha=false']);
  t.match(notices, [
    { level: 'info', text: '--watch-cache has no effect: lists and watches are always served from memory' },
    { level: 'warn', text: /^--feature-gates=AllAlpha=false has no effect/ },
  ]);
  t.same(readApiserverFlags([store, '--tracing-config-file=']).notices, [], 'said to be off, nothing is to be told');
  t.end();
});

/** as kubeadm writes them for kube-apiserver, but for the folder */
const ofKubeadm =
  `--advertise-address=192.0.2.2 --allow-privileged=true --authorization-mode=Node,RBAC --client-ca-file=ca.crt
  --enable-admission-plugins=NodeRestriction --enable-bootstrap-token-auth=true --etcd-cafile=ca.crt --etcd-certfile=c.crt
  --etcd-keyfile=c.key --etcd-servers=https://127.0.0.1:2379 --kubelet-client-certificate=k.crt --kubelet-client-key=k.key
  --kubelet-preferred-address-types=InternalIP,ExternalIP,Hostname --proxy-client-cert-file=p.crt --proxy-client-key-file=p.key
  --requestheader-allowed-names=front-proxy-client --requestheader-client-ca-file=fp.crt
  --requestheader-extra-headers-prefix=X-Remote-Extra- --requestheader-group-headers=X-Remote-Group
  --requestheader-username-headers=X-Remote-User --secure-port=6443
  --service-account-issuer=https://kubernetes.default.svc.cluster.local --service-account-key-file=sa.pub
  --service-account-signing-key-file=sa.key --service-cluster-ip-range=10.96.0.0/12 --tls-cert-file=a.crt
  --tls-private-key-file=a.key`.split(/\s+/);

void t.test('the flags of a kubeadm cluster are taken', (t) => {
  const { given, asks } = readApiserverFlags(ofKubeadm);
  t.equal(asks, 'run');
  t.ok(given.has('requestheader-client-ca-file'));
  t.end();
});

void t.test('settings follow the flags', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'kuorum-flags-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  const key = join(folder, 'key.pem');
  writeFileSync(key, 'PEM');
  const settings = serverSettings(
    readApiserverFlags([
      store,
      `--service-account-key-file=${key}`,
      '--service-account-max-token-expiration=2h',
      '--authorization-mode=Node,RBAC,AlwaysDeny',
      '--anonymous-auth',
      '--api-audiences=a,b',
      '--service-node-port-range=30000+100',
      '--runtime-config=api/beta=false,apps/v1=true',
    ]),
  );
  t.match(settings, {
    serviceAccounts: { verifyKeys: ['PEM'], maxSeconds: 7200, extends: true, lookup: true },

    anonymous: { enabled: true },
    audiences: ['a', 'b'],
    serviceNodePorts: { first: 30_000, last: 30_100 },
    eventTtlSeconds: 3600,
  });
  t.same(
    [...(settings.runtimeConfig ?? [])],
    [
      ['api/beta', false],
      ['apps/v1', true],
    ],
  );
  t.equal(serverSettings(readApiserverFlags([store])).anonymous, undefined);
  t.end();
});

void t.test('--help lists every flag once', (t) => {
  const help = apiserverHelp();
  const names = [...apiserverFlags, ...foreignFlags].map(({ name }) => name);
  t.equal(new Set(names).size, names.length);
  t.ok(names.length > 150, 'the flags of kube-apiserver');
  for (const name of names) t.match(help, new RegExp(`--${name}\\b`), name);
  t.end();
});
