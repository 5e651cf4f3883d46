/**
 * Is there one order of the operations, consistent with real time, that a model allows? After Wing & Gong ("Testing and
 * verifying concurrent objects"), with Lowe's memory of configurations that led nowhere, and the partitioning
 * (P-compositionality) that Porcupine uses.
 *
 *     client 1  |-- write 1 --|
 *     client 2       |-- read → 0 --|          the search takes whatever may come first:
 *     client 3                   |-- read → 1 --|     write 1?  then read → 0 is refused: step back
 *                                                     read → 0, write 1, read → 1: found
 */

export interface Timed<O> {
  readonly op: O;
  readonly call: number;
  /** none: the outcome is unknown. It may take effect at any time after its call, or never. */
  readonly return?: number;
}

export interface Model<S, O> {
  init(): S;
  /** The state after `op` with the outcome it had; undefined where that is impossible (or, for an unknown outcome, pointless). */
  step(state: S, op: O): S | undefined;
  /** Equal states have equal hashes: an integer below 2^52. Others may collide no more often than chance has it. */
  hash(state: S): number;
  /**
   * Where the outcome tells: the place that the state has (`at`) right after the operation. Places never go down, so
   * that a state beyond the place of something still to come leads nowhere.
   */
  position?(op: O): number | undefined;
  at?(state: S): number;
  /** Groups that do not influence each other; each is checked alone. */
  partition?(operations: readonly Timed<O>[]): readonly (readonly Timed<O>[])[];
}

export type Verdict<O> =
  | { readonly verdict: 'ok'; readonly steps: number }
  | {
      readonly verdict: 'violation';
      readonly steps: number;
      /** The longest order found; after it no operation of `stuck` is possible, and one of them has to be. */
      readonly linearized: readonly O[];
      readonly stuck: readonly O[];
    }
  /** Not decided within the budget. */
  | { readonly verdict: 'unknown'; readonly steps: number };

export interface SearchOptions {
  /** How many times the model may be asked, in all. */
  readonly stepsMax?: number;
}
export const stepsMaxDefault = 5_000_000;

export function checkLinearizability<S, O>(
  model: Model<S, O>,
  operations: readonly Timed<O>[],
  options: SearchOptions = {},
): Verdict<O> {
  const budget = options.stepsMax ?? stepsMaxDefault;
  let steps = 0;
  let undecided = false;
  for (const part of model.partition?.(operations) ?? [operations]) {
    const verdict = new Search(model, part, budget - steps).run();
    steps += verdict.steps;
    if (verdict.verdict === 'violation') return { ...verdict, steps };
    if (verdict.verdict === 'unknown') undecided = true;
  }
  return { verdict: undecided ? 'unknown' : 'ok', steps };
}

/** A call or a return in a list in order of time; what is linearized is taken out, and put back when the search steps back. */
interface Entry {
  readonly index: number;
  readonly time: number;
  readonly isReturn: boolean;
  /** of a call: its return, none for an unknown outcome */
  match: Entry | undefined;
  before: Entry | undefined;
  after: Entry | undefined;
}

interface Choice<S> {
  readonly entry: Entry;
  readonly state: S;
}

const modulus = 2 ** 52;
const plus = (a: number, b: number): number => (a + b >= modulus ? a + b - modulus : a + b);
const minus = (a: number, b: number): number => (a >= b ? a - b : a - b + modulus);

/** A number for each operation: their sum stands for the set of those linearized. */
function* operationHashes(): Generator<number, never> {
  let seed = 0x9e3779b9;
  const next = (): number => {
    seed = (seed + 0x6d2b79f5) | 0;
    let t = Math.imul(seed ^ (seed >>> 15), seed | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return (t ^ (t >>> 14)) >>> 0;
  };
  for (;;) yield (next() & 0xfffff) * 2 ** 32 + next();
}

class Search<S, O> {
  readonly #model: Model<S, O>;
  readonly #operations: readonly Timed<O>[];
  readonly #hashes: number[];
  /** heads of two lists: of calls and returns, and of calls whose outcome is unknown */
  readonly #known: Entry;
  readonly #unknown: Entry;
  readonly #visited = new Set<number>();
  readonly #places: Places;
  #left: number;
  #steps = 0;

  constructor(model: Model<S, O>, operations: readonly Timed<O>[], stepsMax: number) {
    this.#model = model;
    this.#operations = operations;
    this.#left = stepsMax;
    const hashes = operationHashes();
    this.#hashes = operations.map(() => hashes.next().value);
    const entries: Entry[] = [];
    const open: Entry[] = [];
    operations.forEach((operation, index) => {
      const call = entryOf(index, operation.call, false);
      if (operation.return === undefined) {
        open.push(call);
        return;
      }
      call.match = entryOf(index, operation.return, true);
      entries.push(call, call.match);
    });
    // at equal times calls come first: such operations count as concurrent
    const order = (a: Entry, b: Entry): number => a.time - b.time || Number(a.isReturn) - Number(b.isReturn);
    this.#known = linked(entries.sort(order));
    this.#unknown = linked(open.sort(order));
    this.#places = new Places(
      operations.map(({ op, return: end }) => (end === undefined ? undefined : model.position?.(op))),
    );
  }

  run(): Verdict<O> {
    let state = this.#model.init();
    let linearizedHash = 0;
    const stack: Choice<S>[] = [];
    let longest: readonly Choice<S>[] = [];
    let stuck: readonly number[] | undefined;
    let entry = this.#first();
    while (this.#known.after !== undefined) {
      if (this.#left <= 0) return { verdict: 'unknown', steps: this.#steps };
      const next = entry === undefined ? undefined : this.#try(state, entry, linearizedHash);
      if (entry !== undefined && next !== undefined) {
        stack.push({ entry, state });
        state = next;
        linearizedHash = plus(linearizedHash, this.#hashes[entry.index]!);
        this.#lift(entry);
        entry = this.#first();
      } else if (entry !== undefined) {
        entry = this.#following(entry);
      } else {
        if (stuck === undefined || stack.length > longest.length) {
          longest = [...stack];
          stuck = this.#candidates();
        }
        const choice = stack.pop();
        if (choice === undefined) return this.#violation(longest, stuck);
        state = choice.state;
        linearizedHash = minus(linearizedHash, this.#hashes[choice.entry.index]!);
        this.#unlift(choice.entry);
        entry = this.#following(choice.entry);
      }
    }
    return { verdict: 'ok', steps: this.#steps };
  }

  #violation(longest: readonly Choice<S>[], stuck: readonly number[]): Verdict<O> {
    const opOf = (index: number): O => this.#operations[index]!.op;
    return {
      verdict: 'violation',
      steps: this.#steps,
      linearized: longest.map(({ entry }) => opOf(entry.index)),
      stuck: stuck.map(opOf),
    };
  }

  #try(state: S, entry: Entry, linearizedHash: number): S | undefined {
    this.#left--;
    this.#steps++;
    const next = this.#model.step(state, this.#operations[entry.index]!.op);
    if (next === undefined) return undefined;
    const at = this.#model.at?.(next);
    if (at !== undefined && at > this.#places.lowestWithout(entry.index)) return undefined;
    const key = plus(plus(linearizedHash, this.#hashes[entry.index]!), this.#model.hash(next));
    if (this.#visited.has(key)) return undefined;
    this.#visited.add(key);
    return next;
  }

  /** Before the first return anything called may come next; those whose outcome is known are tried first. */
  #first(): Entry | undefined {
    const first = this.#known.after;
    return first === undefined || first.isReturn ? this.#allowed(this.#unknown.after) : first;
  }

  #following(entry: Entry): Entry | undefined {
    if (entry.match === undefined) return this.#allowed(entry.after);
    const next = entry.after;
    return next === undefined || next.isReturn ? this.#allowed(this.#unknown.after) : next;
  }

  /** an unknown one counts only if it was called before the next return */
  #allowed(entry: Entry | undefined): Entry | undefined {
    if (entry === undefined) return undefined;
    let limit = this.#known.after;
    while (limit !== undefined && !limit.isReturn) limit = limit.after;
    return limit !== undefined && entry.time <= limit.time ? entry : undefined;
  }

  #candidates(): number[] {
    const found: number[] = [];
    for (let entry = this.#known.after; entry !== undefined && !entry.isReturn; entry = entry.after) {
      found.push(entry.index);
    }
    return found;
  }

  #lift(entry: Entry): void {
    takeOut(entry);
    if (entry.match !== undefined) takeOut(entry.match);
    this.#places.taken(entry.index);
  }

  #unlift(entry: Entry): void {
    if (entry.match !== undefined) putBack(entry.match);
    putBack(entry);
    this.#places.returned(entry.index);
  }
}

/** The lowest place among what is not linearized yet. */
class Places {
  readonly #sorted: readonly number[];
  readonly #places: readonly (number | undefined)[];
  readonly #rank = new Map<number, number>();
  readonly #taken: boolean[];
  /** all of lower rank are taken */
  #low = 0;

  constructor(places: readonly (number | undefined)[]) {
    this.#places = places;
    this.#sorted = places
      .flatMap((place, i) => (place === undefined ? [] : [i]))
      .sort((a, b) => places[a]! - places[b]!);
    this.#sorted.forEach((index, rank) => this.#rank.set(index, rank));
    this.#taken = this.#sorted.map(() => false);
  }

  lowestWithout(index: number): number {
    let rank = this.#low;
    if (this.#sorted[rank] === index) {
      rank++;
      while (this.#taken[rank] === true) rank++;
    }
    const lowest = this.#sorted[rank];
    return lowest === undefined ? Infinity : this.#places[lowest]!;
  }

  taken(index: number): void {
    const rank = this.#rank.get(index);
    if (rank === undefined) return;
    this.#taken[rank] = true;
    while (this.#taken[this.#low] === true) this.#low++;
  }

  returned(index: number): void {
    const rank = this.#rank.get(index);
    if (rank === undefined) return;
    this.#taken[rank] = false;
    if (rank < this.#low) this.#low = rank;
  }
}

const entryOf = (index: number, time: number, isReturn: boolean): Entry => ({
  index,
  time,
  isReturn,
  match: undefined,
  before: undefined,
  after: undefined,
});

function linked(entries: readonly Entry[]): Entry {
  const head = entryOf(-1, -Infinity, false);
  let last = head;
  for (const entry of entries) {
    last.after = entry;
    entry.before = last;
    last = entry;
  }
  return head;
}

function takeOut(entry: Entry): void {
  if (entry.before !== undefined) entry.before.after = entry.after;
  if (entry.after !== undefined) entry.after.before = entry.before;
}

/** In the opposite order of `takeOut`, which left the entry's own links alone. */
function putBack(entry: Entry): void {
  if (entry.before !== undefined) entry.before.after = entry;
  if (entry.after !== undefined) entry.after.before = entry;
}
