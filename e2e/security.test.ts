/** Runs the commands that docs/security.md shows, in order, and compares what is printed with what the page says. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { patternOf, sessionOf } from './testing/documented-session.ts';
import { execute, freePortBlock } from './testing/local-cluster.ts';
import { lacking } from './testing/peers.ts';

t.setTimeout(240_000);

/** The page has ports of its own: 6450 of the API, 2379 and 2380 of the store. */
const withPorts = (text: string, first: number): string =>
  text
    .replaceAll('6450', String(first))
    .replaceAll(':2379', `:${first + 1}`)
    .replaceAll(':2380', `:${first + 2}`);

void t.test('the commands of docs/security.md', { skip: lacking('kubectl', 'etcdctl', 'curl') }, async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'kuorum-security-'));
  const steps = sessionOf(withPorts(readFileSync('docs/security.md', 'utf8'), await freePortBlock(3)));
  t.ok(steps.length > 15, 'the page shows commands');
  const program = `${process.execPath} ${join(process.cwd(), 'bin', 'kuorum.mjs')}`;
  const run = (command: string) => {
    const own = command.replaceAll(/\bkuorum (?=[a-z])/g, `${program} `).replace(/&$/, '& echo $! >> pids');
    const env = { KUBECONFIG: '/dev/null', HOME: folder, NO_COLOR: '1', ETCDCTL_API: '3' };
    return execute('sh', ['-c', own], { env, cwd: folder, timeoutMs: 60_000 });
  };
  t.teardown(async () => {
    await run('kill -KILL $(cat pids)');
    rmSync(folder, { recursive: true, force: true });
  });
  for (const { command, expected } of steps) {
    const outcome = await run(command);
    t.equal(outcome.code, 0, `${command} exits with 0 ${outcome.stderr}`);
    const printed = outcome.stdout === '' ? '' : `${outcome.stdout.trimEnd()}\n`;
    t.match(printed, patternOf(expected), command);
  }
});
