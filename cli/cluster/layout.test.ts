import t from 'tap';
import { parseClusterConfig } from '../config/cluster-config.ts';
import { version } from '../version.ts';
import { readFileSync } from 'node:fs';
import { componentsOf, layoutOf, podCidrOf } from './layout.ts';

void t.test('podCidrOf gives each node a /24 of the range', (t) => {
  t.equal(podCidrOf('10.244.0.0/16', 2), '10.244.2.0/24');
  t.equal(podCidrOf('10.0.0.0/8', 300), '10.1.44.0/24');
  t.equal(podCidrOf('192.168.5.0/24', 1), '192.168.5.0/24', 'a range that cannot be divided is shared');
  t.end();
});

void t.test('layoutOf gives each replica ports of its own, ten apart', (t) => {
  const config = parseClusterConfig('replicas: 3\nport: 7000\nnodes: {count: 1}', 'c.yaml');
  const layout = layoutOf({ ...config, dataDir: '/d' });
  t.same(
    layout.replicas.map((r) => [r.name, r.apiPort, r.clientPort, r.peerPort]),
    [
      ['replica-1', 7010, 7011, 7012],
      ['replica-2', 7020, 7021, 7022],
      ['replica-3', 7030, 7031, 7032],
    ],
  );
  t.same(componentsOf(layout), ['replica-1', 'replica-2', 'replica-3', 'front', 'node-1']);
  t.end();
});

void t.test('the version of the command is that of package.json', (t) => {
  t.equal((JSON.parse(readFileSync('package.json', 'utf8')) as { version: string }).version, version);
  t.end();
});
