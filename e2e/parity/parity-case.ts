import type { Session } from './session.ts';

export interface CaseOptions {
  /** how the line of docs/divergence.md begins, by which Kuorum answers otherwise */
  readonly differs?: string;
  /** the first release line of etcd that answers like the current one; older ones are not asked */
  readonly since?: '3.6' | '3.7';
  /** the answer is that of the gRPC library, in its own words: with --grpc-server=grpc-js it is not compared */
  readonly byLibrary?: true;
}

/** A few calls whose answers are the same on every server of the etcd API. */
export interface ParityCase extends CaseOptions {
  /** `group: what` */
  readonly name: string;
  readonly run: (session: Session) => Promise<void>;
}

type Written = readonly [what: string, run: ParityCase['run'], options?: CaseOptions];

/** Cases of one subject, each `[what, calls, options]`. */
export const group = (subject: string, written: readonly Written[]): ParityCase[] =>
  written.map(([what, run, options]) => ({ name: `${subject}: ${what}`, run, ...options }));
