/**
 * An ordered, durable map from bytes to bytes, as far as a store member needs one. Implementations are held to the
 * suite in backend.test.ts.
 */
export interface Backend {
  /** All or nothing, also over a crash. In order: a later write never survives a crash that an earlier one does not. */
  write(ops: readonly WriteOp[]): Promise<void>;
  /** What was written before the call is on the disk when it resolves. */
  sync(): Promise<void>;
  get(key: Uint8Array): Promise<Uint8Array | undefined>;
  /** in order, in batches; as of the call */
  entries(range?: EntryRange): AsyncIterable<readonly BackendEntry[]>;
  /** not disturbed by later writes; must be closed */
  snapshot(): BackendSnapshot;
  /**
   * Replaces everything by `entries` (in any order, each key once), durably; all or nothing: while they come in, and if
   * they end with an error or a crash, the old content stays.
   */
  replace(entries: AsyncIterable<readonly BackendEntry[]>): Promise<void>;
  /** drops what has been overwritten, beside reads and writes; absent: there is nothing of that kind */
  compact?(): Promise<void>;
  /** space taken, with what has been overwritten but not yet been cleaned up */
  sizeBytes(): Promise<number>;
  close(): Promise<void>;
}

export interface BackendEntry {
  readonly key: Uint8Array;
  readonly value: Uint8Array;
}

/** `value` undefined: delete */
export interface WriteOp {
  readonly key: Uint8Array;
  readonly value: Uint8Array | undefined;
}

/** keys in [gte, lt) */
export interface EntryRange {
  readonly gte?: Uint8Array;
  readonly lt?: Uint8Array;
}

export interface BackendSnapshot {
  get(key: Uint8Array): Promise<Uint8Array | undefined>;
  entries(range?: EntryRange): AsyncIterable<readonly BackendEntry[]>;
  close(): Promise<void>;
}

/** The data on disk cannot be used; the message says what to do. */
export class BackendError extends Error {
  override name = 'BackendError';
  readonly kind: 'in-use' | 'corrupt' | 'newer-format' | 'unusable';
  constructor(kind: BackendError['kind'], message: string, options?: ErrorOptions) {
    super(message, options);
    this.kind = kind;
  }
}
