import t from 'tap';
import { obstacleOf } from './obstacles.ts';
import { countOutcomes, mergeOutcomes, parseReport } from './report.ts';

const spec = (text: string, State: string, failure?: string, type = 'It'): object => ({
  ContainerHierarchyTexts: ['[sig-apps] Job'],
  LeafNodeText: `${text} [Conformance]`,
  LeafNodeType: type,
  State,
  RunTime: 1_250_000_000,
  ...(failure !== undefined && {
    Failure: {
      Message: failure,
      Location: { FileName: 'k8s.io/kubernetes@v1.37.2/test/e2e/apps/job.go', LineNumber: 7 },
    },
  }),
});
const reportOf = (...SpecReports: readonly object[]): string => JSON.stringify([{ SpecReports }]);

void t.test('parseReport tells what ran from what was filtered out, and why not', async (t) => {
  const outcomes = parseReport(
    reportOf(
      spec('should delete a job', 'passed'),
      spec('should count', 'failed', 'timed out\n  waiting'),
      spec('should wait', 'timedout', 'too long'),
      spec('should know', 'skipped', 'only for windows'),
      spec('should adopt', 'skipped'),
      spec('should sometimes fail and are locally restarted', 'skipped'),
    ),
  );
  t.same(
    outcomes.map(({ name, outcome }) => [name.replace('[sig-apps] Job should ', '').split(' ')[0], outcome]),
    [
      ['adopt', 'controller'],
      ['count', 'failed'],
      ['delete', 'passed'],
      ['know', 'skipped'],
      ['sometimes', 'container'],
      ['wait', 'failed'],
    ],
  );
  t.equal(outcomes[1]?.reason, 'timed out waiting [test/e2e/apps/job.go:7]', 'one line, with the place');
  t.equal(outcomes[2]?.seconds, 1.3);
  t.equal(outcomes[4]?.reason, 'needs what the program in the image does');
  t.same(countOutcomes(outcomes), {
    all: 6,
    passed: 1,
    failed: 2,
    skipped: 1,
    container: 1,
    controller: 1,
    newer: 0,
    left: 0,
  });
});

void t.test('parseReport leaves out nodes of the suite and tests that are not of the conformance suite', async (t) => {
  const other = { ...spec('x', 'passed'), LeafNodeText: 'x [Slow]' };
  t.same(parseReport(reportOf(spec('BeforeSuite', 'passed', undefined, 'SynchronizedBeforeSuite'), other)), []);
  t.throws(() => parseReport('{}'), /not a report of Ginkgo/);
});

void t.test('mergeOutcomes keeps what an earlier run says of tests that did not run now', async (t) => {
  const earlier = [
    { name: 'a', outcome: 'failed' as const },
    { name: 'b', outcome: 'passed' as const },
    { name: 'gone', outcome: 'passed' as const },
  ];
  const now = [
    { name: 'a', outcome: 'passed' as const },
    { name: 'b', outcome: 'left' as const },
    { name: 'c', outcome: 'left' as const },
  ];
  t.same(mergeOutcomes(earlier, now), [now[0], earlier[1], now[2]]);
});

void t.test('obstacleOf knows which tests cannot pass, and why', async (t) => {
  t.equal(
    obstacleOf('[sig-network] DNS should provide DNS for the cluster [Conformance]')?.why,
    'talks to containers over the network of pods',
  );
  t.equal(
    obstacleOf('[sig-storage] ConfigMap should be immutable if `immutable` field is set [Conformance]'),
    undefined,
  );
});
