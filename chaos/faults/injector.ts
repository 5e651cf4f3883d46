import type { ChaosCluster } from '../cluster/chaos-cluster.ts';
import type { PlannedFault } from '../scenario/fault-plan.ts';

export interface Injected {
  /** what was done, in detail */
  readonly detail: string;
  /** Undoes it; returns what was wrong on the way, or nothing. */
  heal(): Promise<string | undefined>;
}

export interface Strike {
  readonly cluster: ChaosCluster;
  /** whom it hits; at least one */
  readonly victims: readonly string[];
  readonly planned: PlannedFault;
}

/** Throws NotNowError where there is nothing to break right now. */
export type Inject = (strike: Strike) => Promise<Injected>;

/** The fault makes no sense at this moment (no snapshot to damage yet, ...). */
export class NotNowError extends Error {
  override name = 'NotNowError';
}

export const victimOf = ({ victims }: Strike): string => {
  const [victim] = victims;
  if (victim === undefined) throw new NotNowError('nobody to hit');
  return victim;
};

export const othersThan = (cluster: ChaosCluster, victims: readonly string[]): string[] =>
  cluster.names.filter((name) => !victims.includes(name));
