/** Runs the commands that docs/operations.md shows, in order, and compares what is printed with what the page says. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { patternOf, sessionOf } from './testing/documented-session.ts';
import { execute, freePortBlock, kubectlBinaries } from './testing/local-cluster.ts';

t.setTimeout(600_000); // a cluster is brought up twice, and busy machines are slow

void t.test(
  'the commands of docs/operations.md',
  { skip: kubectlBinaries().length === 0 && 'needs kubectl' },
  async (t) => {
    const steps = sessionOf(readFileSync('docs/operations.md', 'utf8'));
    t.ok(steps.length > 10, 'the page shows commands');
    const folder = mkdtempSync(join(tmpdir(), 'kuorum-operations-'));
    const port = await freePortBlock(3);
    const program = `${process.execPath} ${join(process.cwd(), 'bin', 'kuorum.mjs')}`;
    const run = (command: string) => {
      // the reader's cluster is in ./.kuorum, as is this one's, in a folder and with a port of its own
      const own = command
        .replaceAll(/\bkuorum (?=[a-z])/g, `${program} `)
        .replace(/ up (?=--replicas)/, ` up --port ${port} `);
      const env = { KUBECONFIG: join(folder, '.kuorum', 'kubeconfig'), HOME: folder, NO_COLOR: '1' };
      return execute('sh', ['-c', own], { env, cwd: folder, timeoutMs: 180_000 });
    };
    t.teardown(async () => {
      await run('kuorum reset');
      rmSync(folder, { recursive: true, force: true });
    });
    for (const { command, expected } of steps) {
      const outcome = await run(command);
      t.equal(outcome.code, 0, `${command} exits with 0 ${outcome.stderr}`);
      const printed = outcome.stdout === '' ? '' : `${outcome.stdout.trimEnd()}\n`;
      t.match(printed, patternOf(expected), command);
    }
  },
);
