import type { HttpAnswer, HttpHandler, HttpRequest } from '../../grpc/server.ts';
import { alarmNames, alarmsOf } from './alarms.ts';
import { metricsOf } from './metrics.ts';
import type { MemberContext } from './service.ts';
import { etcdVersion, storageVersion } from './version.ts';

/** What is wrong, in etcd's words; undefined: nothing. */
type Check = (context: MemberContext) => string | undefined | Promise<string | undefined>;

const checks: Readonly<Record<string, Check>> = {
  data_corruption: ({ machine }) => (alarmsOf(machine.state, 2).length > 0 ? 'alarm activated: CORRUPT' : undefined),
  serializable_read: () => undefined,
  linearizable_read: ({ barrier }) =>
    barrier.wait().then(
      () => undefined,
      (error: unknown) => `linearizable read error: ${error instanceof Error ? error.message : String(error)}`,
    ),
};
const checksOf = { livez: ['serializable_read'], readyz: Object.keys(checks) } as const;

const text = (status: number, body: string, type = 'text/plain; charset=utf-8'): HttpAnswer => ({
  status,
  headers: { 'content-type': type },
  body: Buffer.from(body),
});
const json = (status: number, body: unknown): HttpAnswer => text(status, JSON.stringify(body), 'application/json');

/** `/health`: as etcd's clients and load balancers have always asked */
async function health(context: MemberContext, query: URLSearchParams): Promise<HttpAnswer> {
  const excluded = new Set(query.getAll('exclude'));
  const alarms = alarmsOf(context.machine.state)
    .map(({ alarm }) => alarmNames[alarm] ?? String(alarm))
    .filter((name) => !excluded.has(name));
  let reason = alarms.length > 0 ? `ALARM ${alarms[0]}` : '';
  if (reason === '' && query.get('serializable') !== 'true') {
    if (context.node.status().leader === '') reason = 'RAFT NO LEADER';
    else if ((await checks['linearizable_read']!(context)) !== undefined) reason = 'RANGE ERROR';
  }
  return json(reason === '' ? 200 : 503, { health: String(reason === ''), reason });
}

/** `/livez`, `/readyz`: all their checks, or one by a sub-path; `?verbose` lists them, `?exclude=` leaves one out */
async function probe(
  context: MemberContext,
  kind: keyof typeof checksOf,
  [only]: readonly string[],
  query: URLSearchParams,
): Promise<HttpAnswer> {
  const names: readonly string[] = checksOf[kind];
  if (only !== undefined && !names.includes(only)) return text(404, `404 page not found\n`);
  const excluded = new Set(query.getAll('exclude'));
  const asked = only === undefined ? names.filter((name) => !excluded.has(name)) : [only];
  const results = await Promise.all(asked.map(async (name) => ({ name, trouble: await checks[name]!(context) })));
  const bad = results.some(({ trouble }) => trouble !== undefined);
  if (!bad && !query.has('verbose')) return text(200, 'ok\n');
  const lines = results.map(({ name, trouble }) =>
    trouble === undefined ? `[+]${name} ok` : `[-]${name} failed: ${trouble}`,
  );
  return text(bad ? 503 : 200, `${[...lines, bad ? `${kind} check failed` : 'ok'].join('\n')}\n`);
}

type Endpoint = (
  context: MemberContext,
  rest: readonly string[],
  query: URLSearchParams,
) => HttpAnswer | Promise<HttpAnswer>;
const endpoints: Readonly<Record<string, Endpoint>> = {
  health: (context, _rest, query) => health(context, query),
  livez: (context, rest, query) => probe(context, 'livez', rest, query),
  readyz: (context, rest, query) => probe(context, 'readyz', rest, query),
  metrics: (context) => text(200, metricsOf(context), 'text/plain; version=0.0.4; charset=utf-8'),
  version: () => json(200, { etcdserver: etcdVersion, etcdcluster: storageVersion, storage: storageVersion }),
};

/** Plain HTTP on the client port. */
export const httpEndpoints =
  (context: () => MemberContext): HttpHandler =>
  ({ method, path }: HttpRequest) => {
    const { pathname, searchParams } = new URL(path, 'http://member');
    const [name = '', ...rest] = pathname.slice(1).split('/');
    const endpoint = Object.hasOwn(endpoints, name) ? endpoints[name] : undefined;
    if (endpoint === undefined) return text(404, '404 page not found\n');
    if (method !== 'GET' && method !== 'HEAD') return text(405, 'Method Not Allowed\n');
    return endpoint(context(), rest, searchParams);
  };
