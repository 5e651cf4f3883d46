/** entries of a session that may be on their way at once, and how far one may be overtaken */
export const sessionWindow = 4096;
/** sessions remembered: one for each run of each member; the least recently used go first */
const sessionsMax = 64;

interface Session {
  /** all up to here were applied, or never will be */
  low: number;
  readonly above: Set<number>;
  /** index of the last entry applied */
  last: number;
}
export interface SessionRecord {
  readonly low: number;
  readonly above: readonly number[];
  readonly last: number;
}

/**
 * Which entries were applied, so that one that was proposed twice is applied once. Part of the replicated state: all
 * members decide alike.
 */
export class Sessions {
  readonly #sessions = new Map<string, Session>();

  load(name: string, { low, above, last }: SessionRecord): void {
    this.#sessions.set(name, { low, above: new Set(above), last });
  }

  /** False where the entry was applied before. */
  admit(name: string, sequence: number, index: number): boolean {
    const session = this.#sessions.get(name) ?? { low: 0, above: new Set<number>(), last: index };
    if (sequence <= session.low || session.above.has(sequence)) return false;
    session.last = index;
    session.above.add(sequence);
    const floor = sequence - sessionWindow;
    while (session.above.delete(session.low + 1) || session.low < floor) session.low++;
    this.#sessions.set(name, session);
    return true;
  }

  /** Whether `admit` would say that it was applied before. */
  seen(name: string, sequence: number): boolean {
    const session = this.#sessions.get(name);
    return session !== undefined && (sequence <= session.low || session.above.has(sequence));
  }

  record(name: string): SessionRecord | undefined {
    const session = this.#sessions.get(name);
    return session && { low: session.low, above: [...session.above], last: session.last };
  }

  /** Forgets the sessions unused for longest; returns their names. */
  prune(): string[] {
    const excess = this.#sessions.size - sessionsMax;
    if (excess <= 0) return [];
    const byUse = [...this.#sessions.entries()].sort(([, a], [, b]) => a.last - b.last);
    const names = byUse.slice(0, excess).map(([name]) => name);
    for (const name of names) this.#sessions.delete(name);
    return names;
  }
}
