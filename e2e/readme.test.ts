/** Runs the session that README.md shows, and compares what is printed with what README says. `...` stands for anything. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { patternOf, sessionOf } from './testing/documented-session.ts';
import { execute, freePortBlock, kubectlBinaries } from './testing/local-cluster.ts';

const hasKubectl = kubectlBinaries().length > 0;

void t.test('the session of README.md', { skip: hasKubectl ? false : 'needs kubectl' }, async (t) => {
  const steps = sessionOf(readFileSync('README.md', 'utf8'));
  t.ok(steps.length > 5, 'README shows a session');
  const folder = mkdtempSync(join(tmpdir(), 'kuorum-readme-'));
  const port = await freePortBlock(3);
  const program = join(process.cwd(), 'bin', 'kuorum.mjs');
  const dataDir = join(folder, 'data');
  const run = (command: string) => {
    // the reader's cluster is in ./.kuorum on port 6443; the test's has a folder and ports of its own
    const own = command
      .replaceAll(/npx kuorum ([a-z]+)/g, `${process.execPath} ${program} $1 --data-dir ${dataDir}`)
      .replace(/(kuorum\.mjs up )/, `$1--port ${port} `);
    const env = { KUBECONFIG: join(dataDir, 'kubeconfig'), HOME: folder, NO_COLOR: '1' };
    return execute('sh', ['-c', own], { env });
  };
  t.teardown(async () => {
    await run('npx kuorum reset');
    rmSync(folder, { recursive: true, force: true });
  });
  for (const { command, expected } of steps) {
    const outcome = await run(command);
    t.equal(outcome.code, 0, `${command} exits with 0 ${outcome.stderr}`);
    const printed = outcome.stdout === '' ? '' : `${outcome.stdout.trimEnd()}\n`;
    t.match(printed, patternOf(expected), command);
  }
});
