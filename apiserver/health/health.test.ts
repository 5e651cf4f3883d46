import t from 'tap';
import { silentLog } from '../../base/log.ts';
import { sleep } from '../../base/clock.ts';
import type { HealthCheck, NonResourceRoute } from '../pipeline.ts';
import { fakeContext, type FakeReply } from '../testing/fake-context.ts';
import { healthRoutes } from './health-routes.ts';
import { ApiServerMetrics } from './metrics.ts';
import { versionRoutes } from './version.ts';

async function ask(routes: readonly NonResourceRoute[], path: string): Promise<FakeReply> {
  const ctx = fakeContext({ path });
  const route = routes.find(({ path: at, match }) =>
    match === 'exact' ? ctx.info.path === at : ctx.info.path.startsWith(at),
  );
  if (route === undefined) throw new Error(`no route for ${path}`);
  await route.handle(ctx);
  return ctx.reply;
}

const good: HealthCheck = { name: 'etcd', paths: ['/livez', '/readyz'], check: () => {} };
const bad: HealthCheck = {
  name: 'poststarthook/rbac/bootstrap-roles',
  paths: ['/readyz'],
  check: () => Promise.reject(new Error('not finished')),
};

const routesOf = (...checks: HealthCheck[]): NonResourceRoute[] =>
  healthRoutes({ checks: () => checks, log: silentLog, sleep: (ms, signal) => sleep(ms, undefined, signal) });

const cases: { name: string; path: string; code: number; body: string }[] = [
  { name: 'alive', path: '/livez', code: 200, body: 'ok' },
  { name: 'alive, in words', path: '/livez?verbose', code: 200, body: '[+]ping ok\n[+]etcd ok\nlivez check passed\n' },
  {
    name: 'not ready',
    path: '/readyz',
    code: 500,
    body: '[+]ping ok\n[+]etcd ok\n[-]poststarthook/rbac/bootstrap-roles failed: reason withheld\nreadyz check failed\n',
  },
  {
    name: 'ready but for what was left out',
    path: '/readyz?exclude=poststarthook/rbac/bootstrap-roles',
    code: 200,
    body: 'ok',
  },
  {
    name: 'left out what is not there',
    path: '/livez?verbose&exclude=no',
    code: 200,
    body: '[+]ping ok\n[+]etcd ok\nwarn: some health checks cannot be excluded: no matches for "no"\nlivez check passed\n',
  },
  { name: 'one check', path: '/readyz/etcd', code: 200, body: 'ok' },
  {
    name: 'one bad check',
    path: '/readyz/poststarthook/rbac/bootstrap-roles',
    code: 500,
    body: 'internal server error: not finished\n',
  },
  {
    name: 'a check of another path',
    path: '/livez/poststarthook/rbac/bootstrap-roles',
    code: 404,
    body: '404 page not found\n',
  },
  {
    name: 'healthz has them all',
    path: '/healthz/poststarthook/rbac/bootstrap-roles',
    code: 500,
    body: 'internal server error: not finished\n',
  },
];

void t.test('health answers as kube-apiserver does', async (t) => {
  const routes = routesOf(good, bad);
  for (const { name, path, code, body } of cases) {
    const reply = await ask(routes, path);
    t.equal(reply.code, code, name);
    t.equal(reply.body, body, name);
  }
});

void t.test('a check that hangs fails', async (t) => {
  const hanging: HealthCheck = { name: 'etcd', paths: ['/livez'], check: () => new Promise(() => {}) };
  const routes = healthRoutes({ checks: () => [hanging], log: silentLog, sleep: () => Promise.resolve() });
  t.equal((await ask(routes, '/livez')).code, 500);
});

void t.test('/version says which API we speak', async (t) => {
  t.match(JSON.parse((await ask(versionRoutes(), '/version')).body), {
    major: '1',
    minor: '36',
    gitVersion: /^v1\.36\.\d+\+kuorum$/,
  });
});

void t.test('metrics count requests by what they ask for, and unknown resources under no name', async (t) => {
  const metrics = new ApiServerMetrics({
    serves: (group, _version, resource) => group === '' && resource === 'pods',
    objectCounts: () => [['pods', 3]],
  });
  const list = fakeContext({ path: '/api/v1/pods', info: { resource: 'pods', verb: 'list' } });
  const watch = fakeContext({ path: '/api/v1/pods', info: { resource: 'pods', verb: 'watch' } });
  const junk = fakeContext({ path: '/api/v1/x1', info: { resource: 'x1', verb: 'list' } });
  for (const ctx of [list, watch, junk]) metrics.began(ctx);
  metrics.ended(list, 200, 30, 500);
  metrics.ended(junk, 404, 1, 20);
  const { body, code } = await ask(metrics.routes(), '/metrics');
  t.equal(code, 200);
  t.match(
    body,
    'apiserver_request_total{verb="LIST",group="",version="v1",resource="pods",subresource="",scope="cluster",dry_run="",code="200",component="apiserver"} 1',
  );
  t.match(
    body,
    'apiserver_longrunning_requests{verb="WATCH",group="",version="v1",resource="pods",subresource="",scope="cluster"} 1',
  );
  t.match(body, 'apiserver_current_inflight_requests{request_kind="readOnly"} 0');
  t.match(body, /apiserver_request_duration_seconds_bucket\{le="0\.05",verb="LIST".*\} 1/);
  t.match(body, 'apiserver_storage_objects{resource="pods"} 3');
  t.match(body, 'process_resident_memory_bytes');
  t.notMatch(body, 'x1');
});
