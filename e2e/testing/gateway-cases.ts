/** What is asked of the JSON gateway, of ours and of etcd's, in this order: each answer depends on those before. */
export interface GatewayCase {
  readonly path: string;
  /** an object is sent as JSON, a text as it is; absent: no body */
  readonly body?: object | string;
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** keeps the token of the answer; the token kept is sent */
  readonly token?: 'keep' | 'send';
  /** how many lines of a stream are waited for before the client goes */
  readonly lines?: number;
  /** etcd before this version answers otherwise, or has no such thing */
  readonly since?: '3.6';
}

const b = (text: string): string => Buffer.from(text).toString('base64');
const [foo, bar, zero] = [b('foo'), b('bar'), b('\0')];
const post = (path: string, body: object | string = {}, more: Partial<GatewayCase> = {}): GatewayCase => ({
  path: `/v3/${path}`,
  body,
  ...more,
});
const get = (path: string, more: Partial<GatewayCase> = {}): GatewayCase => ({ path, method: 'GET', ...more });
const since = { since: '3.6' } as const;

const keys: readonly GatewayCase[] = [
  post('kv/put', { key: foo, value: bar }),
  post('kv/put', { key: foo, value: bar, prev_kv: true }),
  post('kv/put', { key: b('a'), value: '', prevKv: true }),
  post('kv/range', { key: foo }),
  post('kv/range', { key: zero, range_end: zero, sort_order: 'DESCEND', sort_target: 'KEY' }),
  post('kv/range', { key: zero, rangeEnd: zero, sortOrder: 1, sortTarget: 'MOD', limit: '1' }),
  post('kv/range', { key: zero, rangeEnd: zero, count_only: true }),
  post('kv/range', { key: zero, rangeEnd: zero, keys_only: true, limit: 1 }),
  post('kv/range', { key: b('none'), serializable: true }),
  post('kv/range', { key: foo, revision: '9223372036854775807' }),
  post('kv/range', { key: foo, unknown: { a: [1, { b: null }] } }),
  post('kv/range', { key: foo, limit: null }),
  post('kv/range', { Key: foo }),
  post('kv/txn', {
    compare: [{ key: foo, target: 'VERSION', version: '2' }],
    success: [{ requestPut: { key: b('t') } }],
  }),
  post('kv/txn', {
    compare: [{ key: foo, target: 'VALUE', result: 'NOT_EQUAL', value: bar }],
    success: [{ requestPut: { key: b('t') } }],
    failure: [
      { request_range: { key: foo } },
      { request_delete_range: { key: b('t'), prev_kv: true } },
      { request_txn: { success: [{ request_range: { key: foo, count_only: true } }] } },
    ],
  }),
  post('kv/txn'),
  post('kv/txn', { success: [{}] }),
  post('kv/txn', { success: [{ requestPut: { key: foo } }, { requestPut: { key: foo } }] }),
  post('kv/deleterange', { key: b('a'), prev_kv: true }),
  post('kv/deleterange', { key: b('a'), prev_kv: true }),
  post('kv/deleterange'),
  post('kv/compaction', { revision: '3', physical: true }),
  post('kv/compaction', { revision: '3' }),
  post('kv/compaction', { revision: '100' }),
  post('kv/range', { key: foo, revision: '2' }),
];

const leases: readonly GatewayCase[] = [
  post('lease/grant', { TTL: 1000, ID: '77' }),
  post('lease/grant', { TTL: 1000, ID: 77 }),
  post('lease/grant', { TTL: '9000000001', ID: 5 }),
  post('kv/put', { key: b('l'), value: b('v'), lease: 77 }),
  post('kv/put', { key: b('l'), value: b('v'), lease: 78 }),
  post('lease/timetolive', { ID: 77, keys: true }),
  post('kv/lease/timetolive', { ID: 78, keys: true }),
  post('lease/leases'),
  post('kv/lease/leases'),
  post('lease/keepalive', { ID: 77 }),
  post('lease/keepalive', { ID: 78 }),
  post('lease/keepalive', '{"ID":77}{"ID":77}'),
  post('lease/revoke', { ID: 77 }),
  post('kv/lease/revoke', { ID: 77 }),
];

const cluster: readonly GatewayCase[] = [
  post('cluster/member/list', { linearizable: true }),
  post('cluster/member/add'),
  post('cluster/member/add', { peerURLs: ['x'] }),
  post('cluster/member/remove', { ID: '1' }),
  post('cluster/member/update', { ID: '1', peerURLs: ['http://127.0.0.1:1'] }),
  post('cluster/member/promote', { ID: '1' }),
  post('maintenance/status', {}, since),
  post('maintenance/alarm', {}, since),
  post('maintenance/alarm', { action: 'ACTIVATE', alarm: 'NOSPACE', memberID: '1' }, since),
  post('kv/put', { key: foo, value: bar }, since),
  post('maintenance/alarm', { action: 'DEACTIVATE', alarm: 'NOSPACE', memberID: '1' }, since),
  post('maintenance/defragment'),
  post('maintenance/hash'),
  post('maintenance/hashkv', {}, since),
  post('maintenance/transfer-leadership', { targetID: '1' }),
  post('maintenance/downgrade', { action: 'VALIDATE', version: 'x' }, since),
  post('maintenance/downgrade', { action: 'VALIDATE', version: '3.1.0' }, since),
];

const users: readonly GatewayCase[] = [
  post('auth/status', {}, since),
  post('auth/enable'),
  post('auth/disable'),
  post('auth/authenticate', { name: 'x', password: 'y' }),
  post('auth/user/add', { name: 'root', password: 'p' }),
  post('auth/user/add', { name: 'root', password: 'p' }),
  post('auth/user/add'),
  post('auth/user/get', { name: 'root' }),
  post('auth/user/get', { name: 'no' }),
  post('auth/user/list'),
  post('auth/user/changepw', { name: 'root', password: 'q' }),
  post('auth/role/add', { name: 'root' }),
  post('auth/role/add', { name: 'r' }),
  post('auth/role/grant', { name: 'r', perm: { permType: 'READWRITE', key: foo, range_end: b('foz') } }),
  post('auth/role/get', { role: 'r' }),
  post('auth/role/list'),
  post('auth/role/revoke', { role: 'r', key: foo, range_end: b('foz') }),
  post('auth/role/revoke', { role: 'r', key: foo }),
  post('auth/user/grant', { user: 'root', role: 'root' }),
  post('auth/user/grant', { user: 'root', role: 'r' }),
  post('auth/user/revoke', { name: 'root', role: 'r' }),
  post('auth/role/delete', { role: 'r' }),
  post('auth/enable'),
  post('kv/range', { key: foo }),
  post('auth/authenticate', { name: 'root', password: 'bad' }),
  post('auth/authenticate', { name: 'root', password: 'q' }, { token: 'keep' }),
  post('kv/range', { key: foo }, { token: 'send' }),
  post('kv/range', { key: foo }, { headers: { authorization: 'nonsense' } }),
  post('kv/range', { key: foo }, { headers: { authorization: 'Bearer nonsense' } }),
  post('auth/disable', {}, { token: 'send' }),
  post('auth/user/delete', { name: 'root' }),
];

const held = { name: b('e'), key: b('e/1'), rev: '1', lease: '1' };
const locks: readonly GatewayCase[] = [
  post('election/leader', { name: b('e') }),
  post('lease/grant', { TTL: 1000, ID: 4660 }),
  post('election/campaign', { name: b('e'), value: b('v'), lease: 4660 }),
  post('election/leader', { name: b('e') }),
  post('election/observe', { name: b('e') }, { lines: 1 }),
  post('election/proclaim'),
  post('election/proclaim', { leader: held, value: b('w') }),
  post('election/resign'),
  post('election/resign', { leader: held }),
  post('lock/lock', { name: b('m'), lease: 4660 }),
  post('lock/lock', { name: b('m') }, { headers: { 'grpc-timeout': '300m' } }),
  post('lock/unlock', { key: b('m/none') }),
];

const watches: readonly GatewayCase[] = [
  post('watch', { create_request: { key: b('l'), start_revision: '1' } }, { lines: 2 }),
  post('watch', { create_request: { key: foo, start_revision: '3' } }, { lines: 2 }),
  post('watch', { createRequest: { key: foo, range_end: b('a') } }, { lines: 1 }),
  post(
    'watch',
    { createRequest: { key: foo, watch_id: '9', progress_notify: true, filters: ['NOPUT', 1] } },
    { lines: 1 },
  ),
  post('watch', '{"create_request":{"key":"Zm9v"}}{"cancel_request":{"watch_id":0}}', { lines: 2 }),
];

/** What works, and what is refused for what it means. */
export const gatewayCases: readonly GatewayCase[] = [...keys, ...leases, ...cluster, ...users, ...locks, ...watches];

const bodies = [
  '', '   ', 'null', '[]', '"x"', '5', '{', '{"key"', '{"key":}', '{key:1}', '{"key":"Zm9v",}', '{"key":"Zm9v"} trailing',
  '{"key":"Zm9v"}{"key":"YQ=="}', '{"key":"Zm9v" "x"}', '{"key" "Zm9v"}', '{"limit":01}', '{"limit":-}', '{"limit":1.}',
  '{"limit":1e}', '{"key":"\\x"}', '{"key":"\\u12"}', '{"key":"a\nb"}', '{"key":tru}', '{"key":"Zm9v"]', '[1 2]',
  "{'key':1}", 'é', '{"key":5}', '{"key":"a"}', '{"key":"Zg=="}', '{"key":"Zg"}', '{"key":"Zg="}', '{"key":"Zg==="}',
  '{"key":"Z*=="}', '{"key":"_-8="}', '{"key":"_-8"}', '{"key":"_+8="}', '{"key":"Zm9v\\n"}', '{"key":"Zh=="}',
  '{"key":null}', '{"key":"Zm9v","key":"Zm9v"}', '{"range_end":"Zm9v","rangeEnd":"Zm9v"}', '{"limit":"1","key":"Zm9v"}',
  '{"key":"Zm9v","limit":1.0}', '{"key":"Zm9v","limit":1e0}', '{"key":"Zm9v","limit":"10e-1"}', '{"limit":1.5}',
  '{"limit":" 1"}', '{"limit":""}', '{"limit":"x"}', '{"limit":true}', '{"limit":{}}', '{"limit":[1]}',
  '{"key":"Zm9v","limit":9223372036854775807}', '{"limit":9223372036854775808}', '{"key":"Zm9v","limit":-1}',
  '{"key":"Zm9v","revision":"-1"}', '{"serializable":"true"}', '{"serializable":1}', '{"key":"Zm9v","sort_order":"NOPE"}',
  '{"key":"Zm9v","sort_order":7}', '{"sort_order":1.5}', '{"sort_order":true}', '{\n  "key": "Zm9v",\n  "limit": "é"\n}',
  `${'{"x":'.repeat(9999)}1${'}'.repeat(9999)}`, '['.repeat(10_001),
]; // prettier-ignore

/** What the gateway and the HTTP around it say of mistakes; etcd 3.4 has an older gateway with other words. */
export const malformedCases: readonly GatewayCase[] = [
  ...bodies.map((body) => post('kv/range', body, since)),
  post('kv/txn', '{"success":{}}'),
  post('kv/txn', '{"success":[null]}'),
  post('kv/txn', '{"success":[{"request_put":{"key":"Zm9v"},"request_range":{"key":"Zm9v"}}]}'),
  post('kv/txn', '{"compare":[{"key":"Zm9v","version":1,"create_revision":1}]}'),
  post('kv/put', { key: b('big'), value: Buffer.alloc(1_600_000).toString('base64') }),
  post('kv/put', { key: b('big'), value: Buffer.alloc(2_200_000).toString('base64') }),
  post('kv/nothing'),
  post('kv/range/'),
  post(''),
  get('/v3/kv/range'),
  post('kv/range', { key: foo }, { method: 'PUT' }),
  post('kv/range?key=Zm9v', {}),
  { path: '/v3beta/kv/range', body: { key: foo } },
  { path: '/v3alpha/kv/range', body: { key: foo } },
  post('kv/range', { key: foo }, { headers: { 'grpc-timeout': 'bad' } }),
  post('kv/range', { key: foo }, { headers: { 'grpc-timeout': '5S' } }),
  post('kv/range', '', { method: 'OPTIONS' }),
  ...['/health', '/health?serializable=true', '/livez', '/livez?verbose', '/livez/serializable_read', '/livez/x', '/livez/',
    '/livez/serializable_read?verbose', '/readyz', '/readyz/data_corruption', '/readyz/non_learner', '/nothing', '/',
    '/readyz?verbose&exclude=data_corruption&exclude=linearizable_read&exclude=non_learner'].map((path) => get(path)),
  ...['/health', '/readyz', '/version'].map((path) => ({ path, body: {} })),
  get('/health', { method: 'HEAD' }),
]; // prettier-ignore
