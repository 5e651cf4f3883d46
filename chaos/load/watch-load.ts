import { sleep } from '../../base/clock.ts';
import type { Random } from '../../base/random.ts';
import type { Watch, WatchRequest } from '../../sim/check/history.ts';
import { prefix, prefixEnd } from './draw-request.ts';
import type { LoadContext } from './etcd-load.ts';
import { StoreClient } from './store-client.ts';
import { openWatch } from './watch-stream.ts';

const openMs: readonly [number, number] = [1500, 10_000];
const reopenAfterMs = 100;

function drawWatch(random: Random, seen: number): WatchRequest {
  const one = random.below(3) === 0;
  return {
    key: one ? `${prefix}k${String(random.below(24)).padStart(2, '0')}` : prefix,
    ...(!one && { rangeEnd: prefixEnd }),
    ...(seen > 50 && random.below(2) === 0 && { startRevision: seen - random.below(50) }),
    ...(random.below(3) === 0 && { prevKv: true }),
    ...(random.below(4) === 0 && { fragment: true }),
    ...(random.below(6) === 0 && { filters: [random.below(2) === 0 ? 'noput' : 'nodelete'] as const }),
  };
}

/** A client that opens watches one after another; one that broke goes on at another replica where it had been. */
export class WatchLoadClient {
  readonly #context: LoadContext;
  readonly #client: number;
  readonly #connections: readonly StoreClient[];
  #seen = 0;
  #at: number;
  #stopped = false;
  #cancel = (): void => {};

  constructor(context: LoadContext, number: number) {
    this.#context = context;
    this.#client = number;
    const { layout } = context.cluster;
    this.#connections = layout.replicas.map((replica) => new StoreClient(layout, replica));
    this.#at = number % this.#connections.length;
  }

  async run(): Promise<void> {
    const { random } = this.#context;
    while (!this.#stopped) {
      const untilMs = performance.now() + openMs[0] + random.next() * (openMs[1] - openMs[0]);
      let request: WatchRequest | undefined = drawWatch(random, this.#seen);
      let resumes: Watch | undefined;
      while (request !== undefined && performance.now() < untilMs && !this.#stopped) {
        resumes = await this.#watch(request, untilMs - performance.now(), resumes?.id);
        request = resumes && resumed(resumes);
        if (resumes !== undefined) this.#at = (this.#at + 1) % this.#connections.length;
        await sleep(reopenAfterMs);
      }
    }
    for (const connection of this.#connections) connection.close();
  }

  stop(): void {
    this.#stopped = true;
    this.#cancel();
  }

  /** Resolves with the watch if it broke before its time was over. */
  async #watch(request: WatchRequest, forMs: number, resumes: number | undefined): Promise<Watch | undefined> {
    const { recorder } = this.#context;
    const connection = this.#connections[this.#at]!;
    const running = recorder.watch(this.#client, connection.member, request, resumes);
    const watch = recorder.watches.at(-1)!;
    return new Promise((resolve) => {
      let broke = true;
      const open = openWatch(
        connection,
        request,
        (message) => {
          running.add(message);
          this.#seen = Math.max(this.#seen, message.revision);
          if (message.kind === 'canceled') open.cancel();
        },
        () => {
          clearTimeout(timer);
          running.close();
          resolve(broke ? watch : undefined);
        },
      );
      const timer = setTimeout(() => {
        broke = false;
        open.cancel();
      }, forMs);
      this.#cancel = () => {
        broke = false;
        open.cancel();
      };
      if (this.#stopped) this.#cancel();
    });
  }
}

/** What goes on where a broken watch ended; none where it had not begun, or its history is gone. */
function resumed({ request, responses }: Watch): WatchRequest | undefined {
  if (responses.some(({ kind }) => kind === 'canceled')) return undefined;
  const last = responses.findLast((response) => response.kind === 'events' && response.fragment !== true);
  const created = responses.find(({ kind }) => kind === 'created');
  if (created === undefined) return undefined;
  if (last?.events === undefined) {
    const start = request.startRevision ?? 0;
    return start > 0 ? request : { ...request, startRevision: created.revision + 1 };
  }
  return { ...request, startRevision: Math.max(...last.events.map(({ kv }) => kv.modRevision)) + 1 };
}
