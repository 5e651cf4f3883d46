import t from 'tap';
import { resourceQuotas } from '../../../client/resources.ts';
import { eventually } from '../../../client/testing/eventually.ts';
import { FakeStatus } from '../../../client/testing/fake-api-server.ts';
import { startCluster } from '../testing/cluster.ts';

void t.test(
  'a count that waits for a list that never comes does not keep the controllers from stopping',
  async (test) => {
    const controllers = ['resourcequota-controller'];
    const { create, server, manager } = await startCluster(test, { controllers, leaderElect: false });
    const isList = (path: string): boolean => path.endsWith('/configmaps');
    server.intercept = (method, path) =>
      method === 'GET' && isList(path) ? new FakeStatus(503, 'ServiceUnavailable', 'not now') : undefined;
    create(resourceQuotas, { metadata: { name: 'q' }, spec: { hard: { 'count/configmaps': '1' } } });
    await eventually('asked for', () => server.requests.some((line) => isList(line.split(/[ ?]/)[1] ?? '')));
    await manager.stop();
    test.pass('stopped');
  },
);
