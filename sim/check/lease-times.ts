import { noLease } from './history.ts';
import type { History, LeaseName, Operation, Time } from './history.ts';

/** A lease that was granted, or may have been. */
export interface Grant {
  readonly lease: LeaseName;
  readonly operation: Operation;
  /** It cannot have run out before; where times are not known: the call of the grant. */
  readonly endEarliest: Time;
}

/** What the history says of when leases can have run out. */
export class LeaseTimes {
  readonly #grants = new Map<LeaseName, Grant[]>();

  constructor(history: Pick<History, 'operations' | 'unitsPerSecond'>) {
    const { unitsPerSecond } = history;
    for (const operation of history.operations) {
      const { request, outcome, call } = operation;
      if (request.kind !== 'lease-grant' || outcome.status === 'failed' || outcome.status === 'error') continue;
      const answered =
        outcome.status === 'ok' && outcome.response.kind === 'lease-grant' ? outcome.response : undefined;
      const lease = answered?.lease ?? request.lease;
      if (lease === noLease) continue;
      const ttlSeconds = Math.min(request.ttlSeconds, answered?.ttlSeconds ?? Infinity);
      const endEarliest = unitsPerSecond === undefined ? call : call + ttlSeconds * unitsPerSecond;
      const list = this.#grants.get(lease) ?? [];
      list.push({ lease, operation, endEarliest });
      this.#grants.set(lease, list);
    }
  }

  *all(): Generator<Grant> {
    for (const list of this.#grants.values()) yield* list;
  }

  of(lease: LeaseName): readonly Grant[] {
    return this.#grants.get(lease) ?? [];
  }

  mayHaveEnded(lease: LeaseName, until: Time): boolean {
    return this.of(lease).some((grant) => grant.endEarliest <= until);
  }
}
