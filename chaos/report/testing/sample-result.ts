/** For tests: a run of ten seconds with two faults, as it might have been. */
import type { FaultRecord } from '../../faults/fault-runner.ts';
import type { Done } from '../../load/activity.ts';
import { availabilityOf, outagesByFault, throughputOf } from '../availability.ts';
import type { RunResult } from '../run-result.ts';

export const sampleFaults: readonly FaultRecord[] = [
  {
    number: 1,
    fault: 'kill',
    victims: ['replica-1'],
    leaderHit: true,
    detail: 'SIGKILL',
    fromMs: 3000,
    toMs: 6000,
  },
  {
    number: 2,
    fault: 'mute',
    victims: ['replica-2'],
    leaderHit: false,
    detail: 'drop',
    fromMs: 7000,
    toMs: 8000,
    problem: 'something <odd>',
  },
];

/** A write each 100 ms, but none from 3.0 to 4.2 s. */
export const sampleCalls: readonly Done[] = Array.from({ length: 100 }, (_, i) => ({
  startMs: i * 100,
  endMs: i * 100 + 50,
  ok: i < 30 || i >= 42,
  write: true,
}));

const durationMs = 10_000;
export const sampleResult: RunResult = {
  scenario: 'mixed',
  seed: 7,
  replicas: 3,
  startedAt: '2026-01-02T03:04:05Z',
  version: '0.0.0',
  machine: '2 x a processor',
  durationMs,
  command: 'kuorum chaos --seed 7',
  faults: sampleFaults,
  faultSummary: outagesByFault(sampleFaults, sampleCalls, durationMs),
  etcd: { ...availabilityOf(sampleCalls, durationMs), ...throughputOf(sampleCalls, durationMs) },
  kubernetes: { ...availabilityOf(sampleCalls, durationMs), ...throughputOf(sampleCalls, durationMs) },
  spans: {
    'replica-1': [
      { fromMs: 0, toMs: 3000, role: 'leader', term: 2 },
      { fromMs: 3000, toMs: 6000, role: 'down', term: 0 },
      { fromMs: 6000, toMs: 6500, role: 'silent', term: 0 },
      { fromMs: 6500, toMs: 10_000, role: 'follower', term: 3 },
    ],
    'replica-2': [
      { fromMs: 0, toMs: 3900, role: 'follower', term: 2 },
      { fromMs: 3900, toMs: 4100, role: 'no leader', term: 3 },
      { fromMs: 4100, toMs: 10_000, role: 'follower', term: 3 },
    ],
    'replica-3': [
      { fromMs: 0, toMs: 4100, role: 'follower', term: 2 },
      { fromMs: 4100, toMs: 9000, role: 'leader', term: 3 },
      { fromMs: 9000, toMs: 10_000, role: 'paused', term: 0 },
    ],
  },
  leaderChanges: 1,
  checked: {
    operations: 100,
    unknown: 2,
    revisions: 90,
    watches: 3,
    watchEvents: 80,
    kubeWrites: 10,
    kubeReads: 20,
    kubeIncrements: 30,
    kubeEvents: 40,
    kubeGaps: 0,
    checkMs: 12,
  },
  errors: [['etcd: read ECONNRESET', 2]],
  violations: [],
};
