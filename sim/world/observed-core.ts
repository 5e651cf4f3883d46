import { RawNode } from '../../raft/core/raw-node.ts';
import type { Inspection } from '../../raft/core/inspection.ts';
import type { Entry, LogIndex, Message, RawNodeApi, Ready } from '../../raft/core/types.ts';
import type { RaftInvariants } from '../../raft/core/testing/invariants.ts';

/** calls that change nothing */
const reads: ReadonlySet<string> = new Set(['constructor', 'status', 'bestSuccessor']);

type Method = (this: RawNode, a?: unknown, b?: unknown) => unknown;

/**
 * A core whose invariants are checked after every call into it, before anything that follows from it leaves. One class
 * for all of them: objects of one shape are what compiled code stays valid for. What is called most stands here; every
 * other method that a core has is added below, so that a new one is watched from the first day.
 */
class ObservedCore {
  readonly core: RawNode;
  readonly #view: Inspection;
  readonly #invariants: RaftInvariants;
  readonly #onViolation: (error: Error) => void;
  /** handed out to be applied, and not applied yet */
  #committed: Entry[] = [];

  constructor(core: RawNode, invariants: RaftInvariants, onViolation: (error: Error) => void) {
    this.core = core;
    this.#view = core.inspection;
    this.#invariants = invariants;
    this.#onViolation = onViolation;
    this.#guarded(() => {
      invariants.observe(this.#view);
      invariants.appliedUpTo(this.#view.id, this.#view.applied);
    });
  }

  look(): void {
    try {
      this.#invariants.observe(this.#view);
    } catch (error) {
      this.#onViolation(error as Error);
    }
  }

  tick(): void {
    this.core.tick();
    this.look();
  }

  step(message: Message): void {
    this.core.step(message);
    this.look();
  }

  hasReady(): boolean {
    return this.core.hasReady();
  }

  ready(): Ready {
    const work = this.core.ready();
    this.look();
    for (const entry of work.committed) this.#committed.push(entry);
    if (work.readStates.length > 0) {
      this.#guarded(() => {
        for (const { context, index } of work.readStates) this.#invariants.readAnswered(context, index);
      });
    }
    return work;
  }

  readIndex(context: string): 'accepted' | 'dropped' {
    this.#invariants.readBegins(context);
    const outcome = this.core.readIndex(context);
    if (outcome === 'dropped') this.#invariants.readGivenUp(context);
    this.look();
    return outcome;
  }

  applied(index: LogIndex): void {
    this.#guarded(() => {
      const committed = this.#committed;
      let count = 0;
      for (; count < committed.length && committed[count]!.index <= index; count++) {
        this.#invariants.applied(this.#view.id, committed[count]!);
      }
      if (count > 0) committed.splice(0, count);
    });
    this.core.applied(index);
    this.look();
  }

  snapshotRestored(index: LogIndex): void {
    this.#committed = this.#committed.filter((entry) => entry.index > index);
    this.#guarded(() => this.#invariants.appliedUpTo(this.#view.id, index));
    this.core.snapshotRestored(index);
    this.look();
  }

  #guarded(check: () => void): void {
    try {
      check();
    } catch (error) {
      this.#onViolation(error as Error);
    }
  }
}

/** The methods and properties of a core that are not written out above. */
function addTheRest(observed: ObservedCore): void {
  for (const [name, member] of Object.entries(Object.getOwnPropertyDescriptors(RawNode.prototype))) {
    if (Object.hasOwn(observed, name)) continue;
    if (member.get !== undefined) {
      Object.defineProperty(observed, name, {
        get(this: ObservedCore) {
          return member.get!.call(this.core) as unknown;
        },
      });
    }
    if (typeof member.value !== 'function') continue;
    const method = member.value as Method;
    const value = reads.has(name)
      ? function (this: ObservedCore): unknown {
          return method.call(this.core);
        }
      : function (this: ObservedCore, a?: unknown, b?: unknown): unknown {
          const result = method.call(this.core, a, b);
          this.look();
          return result;
        };
    Object.defineProperty(observed, name, { value });
  }
}

addTheRest(ObservedCore.prototype);

/** See ObservedCore. */
export const observedCore = (
  core: RawNode,
  invariants: RaftInvariants,
  onViolation: (error: Error) => void,
): RawNodeApi => new ObservedCore(core, invariants, onViolation) as unknown as RawNodeApi;
