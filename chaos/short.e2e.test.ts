/** A short run of `kuorum chaos` on real processes; long ones are run by hand (docs/chaos.md). */
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { kuorum } from '../e2e/testing/local-cluster.ts';
import type { RunResult } from './report/run-result.ts';

t.setTimeout(300_000);
const folder = mkdtempSync(join(tmpdir(), 'kuorum-chaos-test-'));
t.teardown(() => rmSync(folder, { recursive: true, force: true }));

void t.test(
  'kuorum chaos: kills, pauses and partitions break no promise, and the report says what was done',
  async (t) => {
    const [report, dataDir] = [join(folder, 'report'), join(folder, 'data')];
    mkdirSync(dataDir);
    const args = ['--scenario', 'short', '--duration', '22s', '--seed', '1', '--report', report, '--data-dir', dataDir];
    const { code, stdout, stderr } = await kuorum(['chaos', ...args], 240_000);
    t.equal(code, 0, `${stdout}\n${stderr}`);
    t.match(stdout, /No violations\./);
    const result = JSON.parse(readFileSync(join(report, 'report.json'), 'utf8')) as RunResult;
    t.ok(result.faults.length >= 3, `${result.faults.length} faults`);
    t.ok(result.faults.some(({ leaderHit }) => leaderHit));
    t.ok(result.leaderChanges >= 1);
    t.ok(
      result.etcd.writes > 30 && result.kubernetes.writes > 20,
      `${result.etcd.writes}, ${result.kubernetes.writes}`,
    );
    t.ok(result.checked.watchEvents > 0 && result.checked.kubeEvents > 0);
    t.same(result.violations, []);
    t.match(readFileSync(join(report, 'report.html'), 'utf8'), '<svg');
    t.same(
      readdirSync(join(dataDir, 'run')).filter((name) => name.endsWith('.json')),
      [],
      'no process is left',
    );
  },
);

const refused: Readonly<Record<string, [args: string[], told: RegExp]>> = {
  'an unknown scenario': [['--scenario', 'flood'], /no scenario "flood"; there are: mixed, kill-leader/],
  'an even number of replicas': [['--replicas', '4'], /--replicas must be 3 or 5/],
  'a time without unit': [['--duration', '30'], /--duration must be a time .*, not "30"/],
  'a seed that is no number': [['--seed', 'x'], /--seed must be a whole number/],
};
for (const [name, [args, told]] of Object.entries(refused)) {
  void t.test(`kuorum chaos refuses ${name} with exit code 2`, async (t) => {
    const { code, stderr } = await kuorum(['chaos', ...args]);
    t.equal(code, 2);
    t.match(stderr, told);
  });
}

void t.test('kuorum chaos refuses a folder that holds something', async (t) => {
  const dir = join(folder, 'used');
  mkdirSync(dir);
  writeFileSync(join(dir, 'letter.txt'), 'mine');
  const { code, stderr } = await kuorum(['chaos', '--data-dir', dir]);
  t.equal(code, 2);
  t.match(stderr, /used is not empty/);
  t.same(readdirSync(dir), ['letter.txt']);
});
