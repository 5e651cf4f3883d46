import type { AuditSink } from './audit-record.ts';

/** Leaves bodies out of events that would be too long with them, and says so. */
export class TruncatingSink implements AuditSink {
  readonly #inner: AuditSink;
  readonly #bytesMax: number;

  constructor(inner: AuditSink, bytesMax: number) {
    this.#inner = inner;
    this.#bytesMax = bytesMax;
  }

  write(event: string): boolean {
    if (Buffer.byteLength(event) <= this.#bytesMax) return this.#inner.write(event);
    const { requestObject: _, responseObject: __, annotations, ...rest } = JSON.parse(event) as Record<string, unknown>;
    const told = { ...(annotations as object | undefined), 'audit.k8s.io/truncated': 'true' };
    return this.#inner.write(JSON.stringify({ ...rest, annotations: told }));
  }

  close(): Promise<void> {
    return this.#inner.close();
  }
}

/** Several places: each gets every event; one that fails counts. */
export const allOf = (sinks: readonly AuditSink[]): AuditSink => ({
  write: (event) => sinks.map((sink) => sink.write(event)).every(Boolean),
  close: async () => {
    await Promise.all(sinks.map((sink) => sink.close()));
  },
});
