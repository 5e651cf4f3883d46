/** What clients of the Kubernetes API saw: ConfigMaps, each write of one guarded by the version it was based on. */

/**
 * The writes of one object are numbered by their only writer, 1, 2, 3, ...; the number stands in the object.
 *
 *     1 create    2 update    3 delete    4 create          a read may show: the last one answered before it began,
 *                                                           or any later one that had begun before it ended
 */
export interface KubeWrite {
  readonly object: string;
  readonly number: number;
  readonly kind: 'create' | 'update' | 'delete';
  readonly startMs: number;
  /** none: unknown whether it was done */
  readonly endMs?: number;
  /** refused: certainly not done */
  readonly outcome: 'ok' | 'unknown' | 'refused';
  /** of the answer to a create or update */
  readonly resourceVersion?: number;
}

/** One object as a read showed it. */
export interface KubeRead {
  readonly object: string;
  readonly startMs: number;
  readonly endMs: number;
  /** none: it was not there */
  readonly number?: number;
  /** of the object, or of the list */
  readonly resourceVersion: number;
  readonly listed: boolean;
}

/** An increment of a counter that all clients share: read n, write n + 1 under the version that was read. */
export interface KubeIncrement {
  readonly counter: string;
  readonly to: number;
  readonly outcome: 'ok' | 'unknown' | 'refused';
}

export interface KubeEvent {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED';
  readonly object: string;
  readonly number: number;
  readonly resourceVersion: number;
}

/** What one watcher was told, over all its connections. */
export interface KubeWatchLog {
  readonly name: string;
  /** it was told of everything after this version, except the gaps */
  readonly startVersion: number;
  readonly events: readonly KubeEvent[];
  /** (from, to]: the server no longer had this history, so that the watcher had to list again */
  readonly gaps: readonly (readonly [from: number, to: number])[];
  /** up to which it has certainly been told */
  readonly syncedVersion: number;
}

export interface KubeHistory {
  readonly writes: readonly KubeWrite[];
  readonly reads: readonly KubeRead[];
  readonly increments: readonly KubeIncrement[];
  /** at the end */
  readonly counters: Readonly<Record<string, number>>;
  readonly watches: readonly KubeWatchLog[];
}
