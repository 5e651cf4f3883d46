import type { RawNode } from '../../raft/core/raw-node.ts';
import type { Entry, LogIndex, RawNodeApi, Ready } from '../../raft/core/types.ts';
import type { RaftInvariants } from '../../raft/core/testing/invariants.ts';

/** calls that change nothing */
const reads: ReadonlySet<string> = new Set(['constructor', 'hasReady', 'status', 'bestSuccessor']);

type Method = (a?: unknown, b?: unknown) => unknown;

/**
 * A core whose invariants are checked after every call into it, before anything that follows from it leaves. Made of
 * whatever methods a core has, so that a new one is watched from the first day.
 */
export function observedCore(
  core: RawNode,
  invariants: RaftInvariants,
  onViolation: (error: Error) => void,
): RawNodeApi {
  const view = core.inspection;
  const guarded = (check: () => void): void => {
    try {
      check();
    } catch (error) {
      onViolation(error as Error);
    }
  };
  const look = (): void => {
    try {
      invariants.observe(view);
    } catch (error) {
      onViolation(error as Error);
    }
  };
  const observed: Record<string, Method> = {};
  const members = Object.getOwnPropertyDescriptors(Object.getPrototypeOf(core) as object);
  for (const [name, member] of Object.entries(members)) {
    if (member.get !== undefined)
      Object.defineProperty(observed, name, { get: () => member.get!.call(core) as unknown });
    if (typeof member.value !== 'function') continue;
    const method = member.value as Method;
    observed[name] = reads.has(name)
      ? () => method.call(core)
      : (a, b) => {
          const result = method.call(core, a, b);
          look();
          return result;
        };
  }
  guarded(() => {
    invariants.observe(view);
    invariants.appliedUpTo(view.id, view.applied);
  });
  return Object.assign(observed as unknown as RawNodeApi, {
    ...appliedCalls(core, invariants, observed as unknown as Inner, guarded),
    readIndex(context: string): 'accepted' | 'dropped' {
      invariants.readBegins(context);
      const outcome = core.readIndex(context);
      if (outcome === 'dropped') invariants.readGivenUp(context);
      look();
      return outcome;
    },
  });
}

interface Inner {
  readonly ready: () => Ready;
  readonly applied: (index: LogIndex) => void;
  readonly snapshotRestored: (index: LogIndex) => void;
}

/** Follows what is handed out to be applied, until it is. */
function appliedCalls(
  core: RawNode,
  invariants: RaftInvariants,
  inner: Inner,
  guarded: (check: () => void) => void,
): Pick<RawNodeApi, 'ready' | 'applied' | 'snapshotRestored'> {
  const { id } = core.inspection;
  const { ready, applied, snapshotRestored } = inner;
  let committed: Entry[] = [];
  return {
    ready(): Ready {
      const work = ready();
      for (const entry of work.committed) committed.push(entry);
      guarded(() => {
        for (const { context, index } of work.readStates) invariants.readAnswered(context, index);
      });
      return work;
    },
    applied(index: LogIndex): void {
      guarded(() => {
        let count = 0;
        for (; count < committed.length && committed[count]!.index <= index; count++) {
          invariants.applied(id, committed[count]!);
        }
        if (count > 0) committed.splice(0, count);
      });
      applied(index);
    },
    snapshotRestored(index: LogIndex): void {
      committed = committed.filter((entry) => entry.index > index);
      guarded(() => invariants.appliedUpTo(id, index));
      snapshotRestored(index);
    },
  };
}
