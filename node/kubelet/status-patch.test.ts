import t from 'tap';
import { applyPatch } from '../../api/patch/apply-patch.ts';
import type { PodCondition, PodStatus } from '../../api/types/core-v1.ts';
import { statusPatch } from './status-patch.ts';

const pod = { group: '', version: 'v1', kind: 'Pod' };
const since = '2026-01-01T00:00:00Z';

/** The status after the API server has applied the patch. */
function applied(before: PodStatus, wanted: PodStatus): unknown {
  const patch = statusPatch(before, wanted);
  const object = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'p' }, status: before };
  return patch === undefined
    ? 'unchanged'
    : applyPatch('strategic', object, JSON.parse(JSON.stringify({ status: patch })), pod, 'Ignore').object['status'];
}

const ready: PodCondition = { type: 'Ready', status: 'True', lastTransitionTime: since };
const unready: PodCondition = { ...ready, status: 'False', reason: 'ContainersNotReady', message: 'unready: [c]' };
const others: PodCondition = { type: 'example.com/gate', status: 'True', reason: 'Theirs', lastTransitionTime: since };
const ips = (...all: string[]): PodStatus => ({ podIP: all[0], podIPs: all.map((ip) => ({ ip })) });

const cases: [name: string, before: PodStatus, wanted: PodStatus, after: unknown][] = [
  ['the reason why it was not ready goes when it is', { conditions: [unready] }, { conditions: [ready] }, [ready]],
  ['conditions of others stay', { conditions: [others, unready] }, { conditions: [ready, others] }, [ready, others]],
  ['nothing to say', { conditions: [others, ready] }, { conditions: [ready, others] }, 'unchanged'],
];
for (const [name, before, wanted, after] of cases) {
  void t.test(`statusPatch: ${name}`, async (t) => {
    const status = applied(before, wanted);
    const conditions = typeof status === 'object' ? (status as PodStatus).conditions : undefined;
    const sorted = conditions
      ?.map((condition) => ({ ...condition, lastProbeTime: undefined }))
      .toSorted((a, b) => (a.type < b.type ? -1 : 1));
    t.same(sorted ?? status, after);
  });
}

void t.test('statusPatch: a new address replaces the old one', async (t) => {
  t.same(applied(ips('10.0.0.1'), ips('10.0.0.2')), ips('10.0.0.2'));
  t.equal(applied(ips('10.0.0.2'), ips('10.0.0.2')), 'unchanged');
});
