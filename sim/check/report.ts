/** Something that must not be. */
export interface Violation {
  /** The guarantee that does not hold, such as `Linearizable`, `Reliable` or `Durable`. */
  readonly checker: string;
  /** One or a few lines for a person to read. */
  readonly text: string;
  /** Ids of the operations it is about. */
  readonly operations: readonly number[];
  /** Ids of the watches it is about. */
  readonly watches?: readonly number[];
}

/** One broken thing shows at a thousand places: this many of one checker are kept. */
const violationsOfCheckerMax = 20;

export class Findings {
  readonly #all: Violation[] = [];
  readonly #counts = new Map<string, number>();

  add(checker: string, text: string, operations: readonly number[] = [], watches?: readonly number[]): void {
    const count = (this.#counts.get(checker) ?? 0) + 1;
    this.#counts.set(checker, count);
    if (count > violationsOfCheckerMax) return;
    this.#all.push({ checker, text, operations, ...(watches === undefined ? {} : { watches }) });
  }

  get count(): number {
    let sum = 0;
    for (const count of this.#counts.values()) sum += count;
    return sum;
  }

  get violations(): readonly Violation[] {
    const left = [...this.#counts].filter(([, count]) => count > violationsOfCheckerMax);
    return [
      ...this.#all,
      ...left.map(([checker, count]) => ({
        checker,
        text: `and ${count - violationsOfCheckerMax} more of this kind`,
        operations: [],
      })),
    ];
  }
}
