import type { Pod } from '../../api/types/core-v1.ts';
import type { BackoffEntry } from './restart-backoff.ts';

export interface Waiting {
  /** e.g. `ErrImagePull` */
  readonly reason: string;
  readonly message: string;
  /** when the failed step may be tried again */
  readonly retryAtMs: number;
}

/** Decided outcomes that no container shows, e.g. a refused admission. */
export interface Failure {
  readonly reason: string;
  readonly message: string;
}

export interface ProbeResults {
  readonly started: boolean;
  readonly ready: boolean;
  readonly live: boolean;
}

/** What the kubelet remembers of a pod beside what the API server and the runtime know. Lost when it restarts. */
export interface PodRecord {
  readonly uid: string;
  /** the last state of the API server; undefined for a pod that only the runtime knows */
  pod: Pod | undefined;
  /** gone from the API server */
  deleted: boolean;
  admitted: boolean;
  failure: Failure | undefined;
  startTime: string | undefined;
  /** by container name */
  readonly waiting: Map<string, Waiting>;
  readonly restarts: Map<string, BackoffEntry>;
  readonly pulls: Map<string, BackoffEntry>;
  /** container id → when its grace ends, for those told to stop */
  readonly stopping: Map<string, number>;
  /** container id → why it failed although it runs, e.g. its postStart hook */
  readonly hookFailures: Map<string, string>;
  sandboxFailedMs: number | undefined;
  /** nothing of it runs any more, and nothing will */
  finished: boolean;
}

export const newRecord = (uid: string): PodRecord => ({
  uid,
  pod: undefined,
  deleted: false,
  admitted: false,
  failure: undefined,
  startTime: undefined,
  waiting: new Map(),
  restarts: new Map(),
  pulls: new Map(),
  stopping: new Map(),
  hookFailures: new Map(),
  sandboxFailedMs: undefined,
  finished: false,
});
