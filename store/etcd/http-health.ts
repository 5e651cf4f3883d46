import { messageOf } from '../../base/message-of.ts';
import type { HttpAnswer, HttpRequest } from '../../grpc/server.ts';
import { alarmNames, alarmsOf } from './alarms.ts';
import { notFound, plain } from './http-answers.ts';
import { isLearner } from './service.ts';
import type { MemberContext } from './service.ts';

/** What is wrong, in etcd's words; undefined: nothing. */
type Check = (context: MemberContext) => string | undefined | Promise<string | undefined>;

const corrupt = 2;

const checks: Readonly<Record<string, Check>> = {
  data_corruption: ({ machine }) =>
    alarmsOf(machine.state, corrupt).length > 0 ? 'alarm activated: CORRUPT' : undefined,
  serializable_read: () => undefined,
  linearizable_read: ({ barrier }) => barrier.wait().then(() => undefined, messageOf),
  non_learner: (context) => (isLearner(context) ? 'not supported for learner' : undefined),
};
const checksOf = { livez: ['serializable_read'], readyz: Object.keys(checks) } as const;

/** `/health`: as etcd's clients and load balancers have always asked */
export async function health(context: MemberContext, query: URLSearchParams): Promise<HttpAnswer> {
  const excluded = new Set(query.getAll('exclude'));
  const [alarm] = alarmsOf(context.machine.state)
    .map(({ alarm: kind }) => alarmNames[kind] ?? 'UNKNOWN')
    .filter((name) => !excluded.has(name));
  let reason = alarm === undefined ? '' : `ALARM ${alarm}`;
  if (reason === '' && query.get('serializable') !== 'true') {
    if (context.node.status().leader === '') reason = 'RAFT NO LEADER';
    else {
      const trouble = await checks['linearizable_read']!(context);
      if (trouble !== undefined) reason = `RANGE ERROR:${trouble}`;
    }
  }
  const good = reason === '';
  context.counts.healthChecks[good ? 'good' : 'bad']++;
  const body = JSON.stringify({ health: String(good), reason });
  return good ? plain(200, body) : plain(503, `${body}\n`, { 'x-content-type-options': 'nosniff' });
}

/** `/livez`, `/readyz`: all their checks, or one by a sub-path; `?verbose` lists them, `?exclude=` leaves one out */
export async function probe(
  context: MemberContext,
  kind: keyof typeof checksOf,
  path: readonly string[],
  query: URLSearchParams,
): Promise<HttpAnswer> {
  const names: readonly string[] = checksOf[kind];
  const [only] = path;
  if (path.length > 1 || (only !== undefined && !names.includes(only))) return notFound();
  const excluded = new Set(query.getAll('exclude'));
  const asked = only === undefined ? names.filter((name) => !excluded.has(name)) : [only];
  const results = await Promise.all(asked.map(async (name) => ({ name, trouble: await checks[name]!(context) })));
  for (const { name, trouble } of results) context.counts.probe(kind, name, trouble === undefined);
  const lines = results.map(({ name, trouble }) =>
    trouble === undefined ? `[+]${name} ok\n` : `[-]${name} failed: ${trouble}\n`,
  );
  const nosniff = { 'x-content-type-options': 'nosniff' };
  if (results.some(({ trouble }) => trouble !== undefined)) return plain(503, `${lines.join('')}\n`, nosniff);
  return plain(200, `${query.has('verbose') ? lines.join('') : ''}ok\n`, nosniff);
}

/** these are asked with GET alone */
export const wrongMethod = ({ method }: HttpRequest): HttpAnswer | undefined =>
  method === 'GET'
    ? undefined
    : plain(405, 'Method Not Allowed\n', { allow: 'GET', 'x-content-type-options': 'nosniff' });
