import type { LogIndex, NodeId } from './types.ts';

/** A linearizable read a leader was asked for. */
export interface ReadRequest {
  /** who asked: ourselves or a follower */
  readonly from: NodeId;
  readonly context: string;
  /** the commit index when the request arrived */
  readonly index: LogIndex;
}

/** Reads in work at once; beyond it they are dropped and the driver asks again. */
export const maxPendingReads = 4096;

/**
 * Reads waiting for proof that we still led after they arrived (section 8): a round of heartbeats carrying their context.
 * An answer to a later round proves the earlier ones too, so a confirmed read releases all that queued before it.
 */
export class ReadOnly {
  readonly #pending = new Map<string, { request: ReadRequest; acks: Set<NodeId> }>();

  /** False when the context is known already or the queue is full. */
  add(request: ReadRequest): boolean {
    if (this.#pending.has(request.context) || this.#pending.size >= maxPendingReads) return false;
    this.#pending.set(request.context, { request, acks: new Set() });
    return true;
  }

  /** Those who confirmed the read so far, with `from` added; undefined where no such read waits. */
  acknowledge(context: string, from: NodeId): ReadonlySet<NodeId> | undefined {
    const acks = this.#pending.get(context)?.acks;
    acks?.add(from);
    return acks;
  }

  /** Takes out the read with this context and all before it, in order. */
  releaseTo(context: string): readonly ReadRequest[] {
    const released: ReadRequest[] = [];
    if (!this.#pending.has(context)) return released;
    for (const [key, { request }] of this.#pending) {
      this.#pending.delete(key);
      released.push(request);
      if (key === context) break;
    }
    return released;
  }

  /** What regular heartbeats repeat, so that a lost round does not leave reads hanging. */
  lastContext(): string | undefined {
    return [...this.#pending.keys()].at(-1);
  }
}
