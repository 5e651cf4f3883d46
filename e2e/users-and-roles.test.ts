/** Runs the commands that docs/users-and-roles.md shows, in order, and compares what is printed with what the page says. */
import { readFileSync } from 'node:fs';
import t from 'tap';
import { patternOf, sessionOf } from './testing/documented-session.ts';
import { startEtcd } from './testing/etcd-process.ts';
import { execute } from './testing/local-cluster.ts';
import { lacking } from './testing/peers.ts';

t.setTimeout(180_000);

void t.test('the commands of docs/users-and-roles.md', { skip: lacking('etcdctl') }, async (t) => {
  const steps = sessionOf(readFileSync('docs/users-and-roles.md', 'utf8'));
  t.ok(steps.length > 20, 'the page shows commands');
  const { urls, stop } = await startEtcd({ program: 'kuorum', count: 3 });
  t.teardown(stop);
  const env = { ETCDCTL_API: '3', ETCDCTL_ENDPOINTS: urls.map((url) => new URL(url).host).join(',') };
  for (const { command, expected } of steps) {
    const { code, stdout, stderr } = await execute('sh', ['-c', command], { env });
    const refused = expected.some((line) => line.startsWith('Error:'));
    t.equal(code === 0, !refused, `${command}: exit code ${code}`);
    t.match(`${`${stdout}${stderr}`.trimEnd()}\n`, patternOf(expected), command);
  }
});
