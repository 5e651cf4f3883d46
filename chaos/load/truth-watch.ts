import { sleep } from '../../base/clock.ts';
import type { Event, RevisionRecord } from '../../sim/check/history.ts';
import type { ChaosCluster } from '../cluster/chaos-cluster.ts';
import { prefix, prefixEnd } from './draw-request.ts';
import { StoreClient } from './store-client.ts';
import { openWatch } from './watch-stream.ts';

const reopenAfterMs = 50;
const silentMsMax = 3000;

/**
 * A watch on all keys of the load, kept open through everything: the order of revisions that the history is checked
 * against. Where it were wrong itself, acknowledged writes would not fit it, and neither would the members' own history
 * at the end.
 */
export class TruthWatch {
  readonly records: RevisionRecord[] = [];
  readonly problems: string[] = [];
  readonly #cluster: ChaosCluster;
  readonly #now: () => number;
  #next: number;
  #stopped = false;
  #cancel = (): void => {};

  /** `fromRevision`: the first that is of interest; `now`: on the clock of the history */
  constructor(cluster: ChaosCluster, fromRevision: number, now: () => number) {
    this.#cluster = cluster;
    this.#now = now;
    this.#next = fromRevision;
  }

  get lastRevision(): number {
    return this.records.at(-1)?.revision ?? 0;
  }

  async run(): Promise<void> {
    const { layout } = this.#cluster;
    for (let at = 0; !this.#stopped; at++) {
      const client = new StoreClient(layout, layout.replicas[at % layout.replicas.length]!);
      await this.#follow(client);
      client.close();
      await sleep(reopenAfterMs);
    }
  }

  stop(): void {
    this.#stopped = true;
    this.#cancel();
  }

  #follow(client: StoreClient): Promise<void> {
    return new Promise((resolve) => {
      const request = { key: prefix, rangeEnd: prefixEnd, startRevision: this.#next };
      const open = openWatch(
        client,
        request,
        ({ kind, events, reason }) => {
          silence.refresh();
          if (kind === 'canceled') {
            this.problems.push(`the watch from revision ${this.#next} at ${client.member} was cancelled: ${reason}`);
            open.cancel();
          }
          for (const event of events ?? []) this.#take(event, client.member);
          const last = events?.at(-1)?.kv.modRevision;
          if (last !== undefined) this.#next = last + 1;
        },
        () => {
          clearTimeout(silence);
          resolve();
        },
      );
      // a paused replica says nothing for long, and another knows more
      const silence = setTimeout(() => open.cancel(), silentMsMax);
      this.#cancel = () => open.cancel();
      if (this.#stopped) open.cancel();
    });
  }

  #take(event: Event, member: string): void {
    const revision = event.kv.modRevision;
    const last = this.records.at(-1);
    if (revision < this.#next) {
      this.problems.push(`${member} sent revision ${revision} to a watch from revision ${this.#next} on`);
    } else if (last?.revision === revision) {
      (last.events as Event[]).push(event);
    } else if (last !== undefined && revision < last.revision) {
      this.problems.push(`${member} sent revision ${revision} after ${last.revision}`);
    } else {
      this.records.push({ revision, events: [event], time: this.#now() });
    }
  }
}
