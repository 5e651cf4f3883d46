import type { Clock } from '../../base/clock.ts';
import type { FlowSchema, PriorityLevelConfiguration } from '../../api/types/flowcontrol-v1.ts';
import { bootstrapObjects } from '../auth/bootstrap-policy.ts';
import type { RequestInfo, User } from '../pipeline.ts';
import { allocateSeats, seatLimits } from './concurrency.ts';
import { distinguisherOf, inOrder, schemaFor } from './flow-schemas.ts';
import { PriorityLevel, type Rejection } from './priority-level.ts';

/** The objects of one kind, as they are now; `changes` counts their changes. */
export interface LiveObjects<T> {
  readonly changes: number;
  all(): readonly T[];
}

export interface FlowControllerOptions {
  readonly schemas: LiveObjects<FlowSchema>;
  readonly levels: LiveObjects<PriorityLevelConfiguration>;
  /** seats of the whole server */
  readonly seats: number;
  readonly clock: Clock;
  /** how many objects a list of this resource reads */
  readonly objectsOf: (info: RequestInfo) => number;
}

export interface Classified {
  readonly schema: FlowSchema;
  readonly level: PriorityLevel;
  readonly distinguisher: string;
}

export interface FlowCount {
  readonly schema: string;
  readonly level: string;
  dispatched: number;
  rejected: Partial<Record<Rejection, number>>;
}

const objectsPerSeat = 100;
const listSeatsMax = 10;
/** of a level's seats, one request may have this part */
const seatsFraction = 0.15;
const borrowPeriodMs = 10_000;

const bootstrapOf = <T>(kind: string): T[] =>
  bootstrapObjects.filter((object) => object.kind === kind) as unknown as T[];

/** Those that are always there, whatever the store holds: nobody locks everybody out. */
const mandatory = ['exempt', 'catch-all'];

function withMandatory<T extends { metadata?: { name?: string } }>(stored: readonly T[], defaults: readonly T[]): T[] {
  if (stored.length === 0) return [...defaults];
  const isThere = (name: string | undefined): boolean => stored.some(({ metadata }) => metadata?.name === name);
  const lacking = defaults.filter(
    ({ metadata }) => mandatory.includes(metadata?.name ?? '') && !isThere(metadata?.name),
  );
  return [...stored, ...lacking];
}

/** Priority and fairness: sorts requests into flows and levels, as the stored configuration says at the moment. */
export class FlowController {
  readonly #options: FlowControllerOptions;
  readonly #levels = new Map<string, PriorityLevel>();
  readonly #counts = new Map<string, FlowCount>();
  #cancel = (): void => {};
  #schemas: readonly FlowSchema[] = [];
  #known: readonly [schemas: number, levels: number] = [-1, -1];

  constructor(options: FlowControllerOptions) {
    this.#options = options;
  }

  /** From now on seats are lent and borrowed. */
  start(): void {
    this.#cancel = this.#options.clock.every(borrowPeriodMs, () => this.borrow());
  }

  stop(): void {
    this.#cancel();
  }

  nowMs(): number {
    return this.#options.clock.monotonicMs();
  }

  get levels(): readonly PriorityLevel[] {
    this.#refresh();
    return [...this.#levels.values()];
  }
  get counts(): Iterable<FlowCount> {
    return this.#counts.values();
  }

  #refresh(): void {
    const { schemas, levels, seats, clock } = this.#options;
    if (schemas.changes === this.#known[0] && levels.changes === this.#known[1]) return;
    this.#known = [schemas.changes, levels.changes];
    const configured = withMandatory(
      levels.all(),
      bootstrapOf<PriorityLevelConfiguration>('PriorityLevelConfiguration'),
    );
    const limits = seatLimits(configured, seats);
    const names = new Set<string>();
    for (const [i, configuration] of configured.entries()) {
      const name = configuration.metadata?.name ?? '';
      names.add(name);
      let level = this.#levels.get(name);
      if (level === undefined) {
        level = new PriorityLevel(configuration, clock);
        this.#levels.set(name, level);
      }
      level.reconfigure(configuration, limits[i] ?? { nominal: 0, min: 0, max: 0 });
    }
    // who still waits in a level that is gone is served: its seats go with the last of them
    for (const name of this.#levels.keys()) if (!names.has(name)) this.#levels.delete(name);
    const all = withMandatory(schemas.all(), bootstrapOf<FlowSchema>('FlowSchema'));
    this.#schemas = inOrder(all).filter(({ spec }) => this.#levels.has(spec?.priorityLevelConfiguration.name ?? ''));
  }

  classify(user: User, info: RequestInfo): Classified | undefined {
    this.#refresh();
    const schema = schemaFor(this.#schemas, user, info);
    const level = this.#levels.get(schema?.spec?.priorityLevelConfiguration.name ?? '');
    if (schema === undefined || level === undefined) return undefined;
    return { schema, level, distinguisher: distinguisherOf(schema, user, info) };
  }

  /** A list is as wide as what it reads. */
  seatsFor({ level }: Classified, info: RequestInfo): number {
    if (level.isExempt || info.name !== '' || (info.verb !== 'list' && info.verb !== 'watch')) return 1;
    const most = Math.min(listSeatsMax, Math.max(1, Math.ceil(level.limits.nominal * seatsFraction)));
    return Math.max(1, Math.min(most, Math.ceil(this.#options.objectsOf(info) / objectsPerSeat)));
  }

  countOf({ schema, level }: Classified): FlowCount {
    const key = `${schema.metadata?.name ?? ''}/${level.name}`;
    let count = this.#counts.get(key);
    if (count === undefined) {
      count = { schema: schema.metadata?.name ?? '', level: level.name, dispatched: 0, rejected: {} };
      this.#counts.set(key, count);
    }
    return count;
  }

  /** Seats go from levels that do not need them to those that do. */
  borrow(): void {
    this.#refresh();
    const limited = [...this.#levels.values()].filter((level) => !level.isExempt);
    const demands = limited.map((level) => ({ ...level.limits, demand: level.takePeakSeats() }));
    for (const [i, seats] of allocateSeats(demands).entries()) {
      const level = limited[i];
      if (level !== undefined) level.seats = seats;
    }
  }
}
