import type { MemberPlatform } from '../../store/etcd/member-platform.ts';
import { StoreMachine } from '../../store/etcd/store-machine.ts';
import type { Commit, StoreEvent } from '../../store/mvcc/types.ts';
import type { MvccStore } from '../../store/mvcc/mvcc-store.ts';
import type {
  Event,
  History,
  MemberState,
  Operation,
  Outcome,
  Request,
  RevisionRecord,
  Time,
  Watch,
  WatchRequest,
  WatchResponse,
} from '../check/history.ts';
import { eventOf } from './wire.ts';
import type { WireEvent } from './wire.ts';

type Open<T> = { -readonly [K in keyof T]: T[K] };
export type OpenWatch = Open<Omit<Watch, 'responses'>> & { responses: WatchResponse[] };

/** Units of a history's times: microseconds of virtual time, pushed on by one where two things happen in the same. */
export const timeUnitsPerSecond = 1_000_000;

/** Two members made different things of one revision. */
export class DivergenceError extends Error {
  override name = 'DivergenceError';
}

/** Writes down what clients saw, and what members applied. */
export class Recorder {
  readonly operations: Operation[] = [];
  readonly watches: OpenWatch[] = [];
  readonly revisions: RevisionRecord[] = [];
  readonly #nowUs: () => number;
  readonly #onDivergence: (place: number, error: Error) => void;
  /** of the events of each revision, by revision */
  readonly #hashes: number[] = [];
  #last: Time = 0;
  #ids = 0;

  constructor(nowUs: () => number, onDivergence: (place: number, error: Error) => void) {
    this.#nowUs = nowUs;
    this.#onDivergence = onDivergence;
  }

  /** Each is given once, and they ascend. */
  time(): Time {
    this.#last = Math.max(this.#last + 1, Math.floor(this.#nowUs()));
    return this.#last;
  }

  begin(client: number, member: string, session: number, request: Request): (outcome: Outcome) => void {
    const call = this.time();
    const id = ++this.#ids;
    // in the order of calls; an operation that is never answered stays as it is now
    const place = this.operations.length;
    const fields = { id, client, member, session, call, request };
    this.operations.push({ ...fields, outcome: { status: 'unknown', reason: 'not answered' } });
    return (outcome) => {
      const done = outcome.status === 'unknown' ? {} : { return: this.time() };
      this.operations[place] = { ...fields, ...done, outcome };
    };
  }

  watch(client: number, member: string, request: WatchRequest, resumes: number | undefined): OpenWatch {
    const watch: OpenWatch = {
      id: ++this.#ids,
      client,
      member,
      request,
      opened: this.time(),
      responses: [],
      ...(resumes !== undefined && { resumes }),
    };
    this.watches.push(watch);
    return watch;
  }

  /** Watches a member's state machine at work. To be used at each start of the member. */
  tap(platform: MemberPlatform, place: number): MemberPlatform {
    return {
      ...platform,
      openRaft: (options) => {
        const { machine } = options;
        if (machine instanceof StoreMachine) this.#tapMachine(machine, place);
        return platform.openRaft(options);
      },
    };
  }

  history(members: readonly MemberState[], clockRateMax: number, faultsEndedAt: Time): History {
    return {
      unitsPerSecond: timeUnitsPerSecond / clockRateMax,
      operations: this.operations,
      watches: this.watches,
      revisions: this.revisions,
      members,
      faultsEndedAt,
      endedAt: this.time(),
    };
  }

  get lastRevision(): number {
    return this.revisions.at(-1)?.revision ?? 1;
  }

  #tapMachine(machine: StoreMachine, place: number): void {
    const apply = machine.apply.bind(machine);
    let store: MvccStore | undefined;
    let ends = new Map<number, bigint>();
    machine.apply = (entries) => {
      const { mvcc } = machine.state;
      // a snapshot puts another store in its place
      if (mvcc !== store) {
        store = mvcc;
        ends = noteLeaseEnds(mvcc);
      }
      const before = mvcc.revision;
      const full = apply(entries);
      for (let revision = before + 1; revision <= mvcc.revision; revision++) {
        this.#applied(place, revision, mvcc.commitAt(revision), ends.get(revision));
      }
      ends.clear();
      return full;
    };
  }

  #applied(place: number, revision: number, commit: Commit | undefined, leaseEnd: bigint | undefined): void {
    if (commit === undefined) return;
    const hash = hashOf(commit.events);
    const known = this.#hashes[revision];
    if (known === undefined) {
      if (revision !== this.lastRevision + 1) {
        const text = `the first to apply revision ${revision} has no ${this.lastRevision + 1} before it`;
        this.#onDivergence(place, new DivergenceError(text));
        return;
      }
      this.#hashes[revision] = hash;
      this.revisions.push({
        revision,
        events: commit.events.map((event): Event => eventOf(event as WireEvent)),
        time: this.time(),
        ...(leaseEnd !== undefined && { leaseEnd: String(leaseEnd) }),
      });
    } else if (known !== hash) {
      this.#onDivergence(place, new DivergenceError(`revision ${revision} has other events than on another member`));
    }
  }
}

function hashOf(events: readonly StoreEvent[]): number {
  let hash = events.length;
  for (const { type, kv } of events) hash = (Math.imul(hash, 31) + kv.hash + type) | 0;
  return hash;
}

/** revision → the lease whose end made it */
function noteLeaseEnds(store: MvccStore): Map<number, bigint> {
  const ends = new Map<number, bigint>();
  const revoke = store.leaseRevoke.bind(store);
  store.leaseRevoke = (id) => {
    const before = store.revision;
    revoke(id);
    if (store.revision > before) ends.set(store.revision, id);
  };
  return ends;
}
