import type { Violation } from '../../sim/check/index.ts';
import type { Span } from '../cluster/sampler.ts';
import type { FaultRecord } from '../faults/fault-runner.ts';
import type { Availability, FaultSummary, Outage, Throughput } from './availability.ts';

/** What `report.json` holds: all that the text and the picture are made of. Times in milliseconds since the load began. */
export interface RunResult {
  readonly scenario: string;
  readonly seed: number;
  readonly replicas: number;
  readonly startedAt: string;
  readonly version: string;
  readonly machine: string;
  readonly durationMs: number;
  readonly command: string;
  readonly faults: readonly FaultRecord[];
  readonly faultSummary: readonly FaultSummary[];
  readonly etcd: Availability & Throughput;
  readonly kubernetes: Availability & Throughput;
  readonly spans: Readonly<Record<string, readonly Span[]>>;
  readonly leaderChanges: number;
  readonly checked: {
    readonly operations: number;
    readonly unknown: number;
    readonly revisions: number;
    readonly watches: number;
    readonly watchEvents: number;
    readonly kubeWrites: number;
    readonly kubeReads: number;
    readonly kubeIncrements: number;
    readonly kubeEvents: number;
    readonly kubeGaps: number;
    readonly checkMs: number;
  };
  /** what clients were told when a call was not answered, most frequent first */
  readonly errors: readonly (readonly [text: string, count: number])[];
  readonly violations: readonly Violation[];
}

export type { Outage };
