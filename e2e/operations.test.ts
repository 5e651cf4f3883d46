/** Runs the commands that docs/operations.md shows, in order, and compares what is printed with what the page says. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { patternOf, sessionOf } from './testing/documented-session.ts';
import { execute, freePortBlock } from './testing/local-cluster.ts';
import { lacking } from './testing/peers.ts';

t.setTimeout(600_000); // a cluster is brought up twice, and busy machines are slow

/** The page has the default ports: of the cluster 64xx, of the store's members x23xx. */
const withPorts = (text: string, cluster: number, store: number): string =>
  text
    .replaceAll(/(?<=127\.0\.0\.1:)64(\d\d)\b/g, (_, port) => String(cluster + Number(port) - 43))
    .replaceAll(/:(\d?)23(79|80)\b/g, (_, member, port) => `:${store + 10 * Number(member) + Number(port) - 79}`);

void t.test('the commands of docs/operations.md', { skip: lacking('kubectl', 'etcdctl', 'curl') }, async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'kuorum-operations-'));
  const port = await freePortBlock(3);
  const page = readFileSync('docs/operations.md', 'utf8');
  const steps = sessionOf(withPorts(page, port, await freePortBlock(3)));
  t.ok(steps.length > 40, 'the page shows commands');
  const program = `${process.execPath} ${join(process.cwd(), 'bin', 'kuorum.mjs')}`;
  const run = (command: string) => {
    // the reader's cluster is in ./.kuorum, as is this one's, in a folder and with a port of its own
    const own = command
      .replaceAll(/\bkuorum (?=[a-z])/g, `${program} `)
      .replace(/ up (?=--replicas)/, ` up --port ${port} `)
      .replace(/&$/, '& echo $! >> members.pid');
    const env = { KUBECONFIG: join(folder, '.kuorum', 'kubeconfig'), HOME: folder, NO_COLOR: '1', ETCDCTL_API: '3' };
    return execute('sh', ['-c', own], { env, cwd: folder, timeoutMs: 180_000 });
  };
  t.teardown(async () => {
    await run('kuorum reset');
    await run('kill -KILL $(cat members.pid)');
    rmSync(folder, { recursive: true, force: true });
  });
  for (const { command, expected } of steps) {
    const outcome = await run(command);
    t.equal(outcome.code, 0, `${command} exits with 0 ${outcome.stderr}`);
    const printed = outcome.stdout === '' ? '' : `${outcome.stdout.trimEnd()}\n`;
    t.match(printed, patternOf(expected), command);
  }
});
