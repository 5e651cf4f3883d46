import { choice, count, file, list, time, toggle } from '../commands/flag-table.ts';
import type { FlagGroup, TableFlag } from '../commands/flag-table.ts';

const generic: readonly TableFlag[] = [
  file('advertise-address', 'the address in the endpoints of the service kubernetes (default where it listens)'),
  file('external-hostname', 'the name that discovery gives to clients'),
  list(
    'strict-transport-security-directives',
    'max-age=SECONDS, includeSubDomains, preload: told to browsers with every answer',
  ),
  list('feature-gates', "Name=true|false,...: Kubernetes' names; they switch nothing here"),
  list(
    'runtime-config',
    'api/all, api/ga, api/beta, api/alpha, GROUP/VERSION or GROUP/VERSION/RESOURCE=true|false,...',
  ),
];

const admission: readonly TableFlag[] = [
  list('enable-admission-plugins', 'on beside those that are on by themselves'),
  list('disable-admission-plugins', 'off although they are on by themselves'),
  file('admission-control-config-file', 'AdmissionConfiguration: the defaults and exemptions of PodSecurity'),
];

const load: readonly TableFlag[] = [
  toggle('enable-priority-and-fairness', 'FlowSchemas and PriorityLevelConfigurations decide who waits for whom', true),
  count('max-requests-inflight', 400, 'requests that only read, at a time; with priority and fairness, seats'),
  count('max-mutating-requests-inflight', 200, 'requests that change something, at a time; or as many seats more'),
  time('request-timeout', '1m', 'requests that are no streams are answered in this time'),
  count('min-request-timeout', 1800, 'seconds: watches end after a time between this and twice as long', 1),
  {
    name: 'goaway-chance',
    type: 'text',
    fallback: '0',
    text: 'part of HTTP/2 requests after which a client shall connect anew, up to 0.02',
  },
  time('shutdown-delay-duration', '0s', 'when told to stop, /readyz fails, and it serves on for so long'),
];

const etcd: readonly TableFlag[] = [
  { name: 'etcd-servers', type: 'list', required: true, text: 'client URLs of the store' },
  file('etcd-cafile', "the store's authority"),
  file('etcd-certfile', 'our certificate for the store'),
  file('etcd-keyfile', 'our key for the store'),
  { name: 'etcd-prefix', type: 'text', fallback: '/registry', text: 'before every key' },
  file('encryption-provider-config', 'EncryptionConfiguration: what is encrypted in the store, and how'),
  toggle('encryption-provider-config-automatic-reload', 'that file is read again when it changes'),
  time('event-ttl', '1h', 'how long events are kept', 1000),
];

const serving: readonly TableFlag[] = [
  { name: 'bind-address', type: 'text', fallback: '127.0.0.1', text: 'where it listens' },
  { ...count('secure-port', 6443, 'HTTPS port; 0: any free one'), atLeast: 0 },
  file('tls-cert-file', 'its certificate, with those between it and the authority (default one of its own making)'),
  file('tls-private-key-file', 'its key'),
  {
    name: 'cert-dir',
    type: 'text',
    fallback: '/var/run/kubernetes',
    text: 'where a certificate of its own making is kept',
  },
  list('tls-sni-cert-key', 'CERT,KEY or CERT,KEY:NAME,...: another certificate for these names; may be repeated'),
  choice('tls-min-version', ['VersionTLS12', 'VersionTLS13'], 'the oldest TLS spoken'),
  list('tls-cipher-suites', 'TLS 1.2 cipher suites, by their names in the standard'),
  count('http2-max-streams-per-connection', 1000, 'requests at a time on one connection'),
];

const batching = (backend: 'log' | 'webhook', mode: readonly string[]): TableFlag[] => {
  const prefix = `audit-${backend}`;
  const max = backend === 'log' ? 1 : 400;
  return [
    choice(`${prefix}-mode`, mode, 'blocking: events are recorded on the way of a request; batch: behind it'),
    count(`${prefix}-batch-buffer-size`, 10_000, 'events held at most; further ones are lost', 1),
    count(`${prefix}-batch-max-size`, max, 'events that are handed on together', 1),
    time(`${prefix}-batch-max-wait`, backend === 'log' ? '1s' : '30s', 'a batch that is not full waits so long', 1),
    toggle(`${prefix}-batch-throttle-enable`, 'batches are limited', backend === 'webhook'),
    {
      name: `${prefix}-batch-throttle-qps`,
      type: 'text',
      fallback: backend === 'log' ? '0' : '10',
      text: 'batches a second',
    },
    count(`${prefix}-batch-throttle-burst`, backend === 'log' ? 0 : 15, 'batches at once'),
    toggle(`${prefix}-truncate-enabled`, 'bodies are left out of events that are too long with them'),
    count(`${prefix}-truncate-max-event-size`, 102_400, 'bytes of one event', 1),
    count(`${prefix}-truncate-max-batch-size`, 10_485_760, 'bytes of a batch', 1),
  ];
};

const auditing: readonly TableFlag[] = [
  file('audit-policy-file', 'Policy (audit.k8s.io/v1): which requests are recorded, and how much of each'),
  file('audit-log-path', 'a file of JSON lines; - is standard output'),
  count('audit-log-maxage', 0, 'days that files put aside are kept; 0 for ever'),
  count('audit-log-maxbackup', 0, 'files put aside that are kept; 0 all'),
  count('audit-log-maxsize', 0, 'megabytes after which a file is put aside; 0 means 100'),
  toggle('audit-log-compress', 'files put aside are compressed'),
  choice('audit-log-format', ['json'], 'how lines are written'),
  choice('audit-log-version', ['audit.k8s.io/v1'], 'the version of the events'),
  ...batching('log', ['blocking', 'batch', 'blocking-strict']),
  file('audit-webhook-config-file', 'kubeconfig of a server that events are posted to'),
  time('audit-webhook-initial-backoff', '10s', 'before what did not arrive is sent again', 1),
  choice('audit-webhook-version', ['audit.k8s.io/v1'], 'the version of the events'),
  ...batching('webhook', ['batch', 'blocking', 'blocking-strict']),
];

const authentication: readonly TableFlag[] = [
  toggle('anonymous-auth', 'who shows no credentials is system:anonymous; otherwise refused', true),
  file('client-ca-file', 'clients whose certificates this authority signed are known by them'),
  list('api-audiences', 'tokens must be meant for one of these (default the issuer of service account tokens)'),
  file(
    'authentication-config',
    'AuthenticationConfiguration: issuers of tokens, and who may be anonymous; read again when it changes',
  ),
  file('oidc-issuer-url', 'https://... of an issuer of JSON Web Tokens'),
  file('oidc-client-id', 'what those tokens must be meant for'),
  file('oidc-ca-file', "the issuer's authority (default those that everybody trusts)"),
  { ...file('oidc-username-claim', 'the claim that is the user name'), fallback: 'sub' },
  file('oidc-username-prefix', 'before user names (default the issuer, and #; - nothing)'),
  file('oidc-groups-claim', 'the claim that holds groups'),
  file('oidc-groups-prefix', 'before groups'),
  list('oidc-signing-algs', 'how those tokens may be signed', 'RS256'),
  list('oidc-required-claim', 'claim=value that tokens must have; may be repeated'),
  toggle('enable-bootstrap-token-auth', 'Secrets bootstrap-token-... of kube-system let new nodes in'),
  file('authentication-token-webhook-config-file', 'kubeconfig of a server that knows tokens'),
  choice('authentication-token-webhook-version', ['v1beta1', 'v1'], 'of TokenReview'),
  time('authentication-token-webhook-cache-ttl', '2m', 'its answers are kept so long'),
  file('requestheader-client-ca-file', 'a proxy with a certificate of this authority may say who asks'),
  list('requestheader-allowed-names', "the proxy's common names (default any)"),
  list('requestheader-username-headers', 'where it says the user name', 'X-Remote-User'),
  list('requestheader-uid-headers', 'the uid'),
  list('requestheader-group-headers', 'the groups', 'X-Remote-Group'),
  list('requestheader-extra-headers-prefix', 'all else', 'X-Remote-Extra-'),
  file('proxy-client-cert-file', 'shown to extension API servers, which then believe who asks'),
  file('proxy-client-key-file', 'its key'),
  file('token-auth-file', 'CSV of static tokens: token,user,uid,"group,..."'),
  list('service-account-key-file', 'public keys that verify service account tokens; may be repeated'),
  file('service-account-signing-key-file', 'private key that signs service account tokens'),
  list(
    'service-account-issuer',
    'the issuer in service account tokens; further ones (the flag repeated) are accepted',
    'https://kubernetes.default.svc.cluster.local',
  ),
  file('service-account-jwks-uri', "where the issuer's keys are found, if not at this server"),
  time('service-account-max-token-expiration', '0s', 'service account tokens live no longer; 0 no limit'),
  toggle(
    'service-account-extend-token-expiration',
    'tokens of pods hold for a year, and are told when they are old',
    true,
  ),
  toggle('service-account-lookup', 'a token dies with its account', true),
];

const authorization: readonly TableFlag[] = [
  list('authorization-mode', 'Node, RBAC, Webhook, AlwaysAllow, AlwaysDeny: asked in this order', 'Node,RBAC'),
  file('authorization-config', 'AuthorizationConfiguration, instead of modes; read again when it changes'),
  file('authorization-webhook-config-file', 'kubeconfig of a server that knows rights, for the mode Webhook'),
  choice('authorization-webhook-version', ['v1beta1', 'v1'], 'of SubjectAccessReview'),
  time('authorization-webhook-cache-authorized-ttl', '5m', 'what it allows is kept so long'),
  time('authorization-webhook-cache-unauthorized-ttl', '30s', 'what it does not'),
];

const kubelets: readonly TableFlag[] = [
  file('kubelet-client-certificate', 'who it is to kubelets, for logs and the like'),
  file('kubelet-client-key', 'its key'),
  file('kubelet-certificate-authority', "signs kubelets' certificates (default those are not looked at)"),
  list(
    'kubelet-preferred-address-types',
    'which of the addresses of a node is taken',
    'Hostname,InternalDNS,InternalIP,ExternalDNS,ExternalIP',
  ),
  count('kubelet-port', 10250, 'of nodes that do not tell theirs', 1),
  time('kubelet-timeout', '5s', 'to reach a kubelet', 1),
];

const misc: readonly TableFlag[] = [
  { name: 'service-cluster-ip-range', type: 'text', fallback: '10.96.0.0/16', text: 'addresses of Services' },
  { name: 'service-node-port-range', type: 'text', fallback: '30000-32767', text: 'node ports of Services' },
];

const logs: readonly TableFlag[] = [
  choice('log-level', ['info', 'debug', 'warn', 'error'], 'what is told (not a flag of kube-apiserver)'),
  count('v', 0, '4 and more: as --log-level=debug'),
];

/** https://kubernetes.io/docs/reference/command-line-tools-reference/kube-apiserver/ */
export const apiserverFlagGroups: readonly FlagGroup[] = [
  { title: 'Generic', flags: generic },
  { title: 'Load', flags: load },
  { title: 'Etcd', flags: etcd },
  { title: 'Secure serving', flags: serving },
  { title: 'Auditing', flags: auditing },
  { title: 'Authentication', flags: authentication },
  { title: 'Authorization', flags: authorization },
  { title: 'Admission', flags: admission },
  { title: 'Kubelets', flags: kubelets },
  { title: 'Misc', flags: misc },
  { title: 'Logs', flags: logs },
];

export const apiserverFlags: readonly TableFlag[] = apiserverFlagGroups.flatMap(({ flags }) => flags);

/** Lists whose items may hold commas: each time the flag is written is one item. */
export const repeatedFlags: ReadonlySet<string> = new Set([
  'service-account-key-file',
  'service-account-issuer',
  'tls-sni-cert-key',
  'oidc-required-claim',
]);
