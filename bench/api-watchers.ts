/** Watchers of one resource, and how long a change takes to reach them: from its request to the event at the client. */
import { sleep, systemClock } from '../base/clock.ts';
import { ApiConnection } from './api-connection.ts';
import { token } from './api-processes.ts';
import { percentile } from './h2load.ts';
import type { Figures } from './workloads.ts';

const connections = 20;
const openedAtOnce = 40;
const writesInFlightMax = 200;
const lastEventsMs = 5000;
const tickMs = 2;
const warmUpShare = 0.2;

export interface Watching {
  readonly watchers: number;
  /** each watcher has an object of its own (a field selector), or all watch all */
  readonly each: 'its own object' | 'all objects';
  readonly changesPerSecond: number;
  readonly seconds: number;
}

/** `sent` is found again in the events. */
const objectText = (name: string, sent: string): string =>
  JSON.stringify({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name }, data: { sent } });
const sentIn = /"sent":"at-(\d+)"/g;

/** Lines of one watch: what was sent when, in µs of the clock; an event may come in pieces. */
function eventReader(onSent: (sentUs: number) => void): (chunk: Buffer) => void {
  let rest = '';
  return (chunk) => {
    const text = rest + chunk.toString('latin1');
    const end = text.lastIndexOf('\n') + 1;
    rest = text.slice(end);
    for (const [, sent] of text.slice(0, end).matchAll(sentIn)) onSent(Number(sent));
  };
}

const nowUs = (): number => Math.round(systemClock.monotonicMs() * 1000);

async function write(connection: ApiConnection, method: string, path: string, body: string): Promise<void> {
  const { status } = await connection.request(method, path, body);
  if (status >= 300) throw new Error(`${method} ${path}: ${status}`);
}

async function inTurns(count: number, atOnce: number, act: (i: number) => Promise<void>): Promise<void> {
  let next = 0;
  const work = async (): Promise<void> => {
    while (next < count) await act(next++);
  };
  await Promise.all(Array.from({ length: atOnce }, work));
}

class Watchers {
  readonly latenciesUs: number[] = [];
  received = 0;
  /** what was sent before is not counted */
  countFromUs = Infinity;
  readonly #connections: ApiConnection[];
  readonly #path: string;

  constructor(url: string, path: string) {
    this.#path = path;
    this.#connections = Array.from({ length: connections }, () => new ApiConnection(url, token));
  }

  async open({ watchers, each }: Watching, resourceVersion: string): Promise<void> {
    await inTurns(watchers, openedAtOnce, (i) => {
      const own = each === 'its own object' ? `&fieldSelector=metadata.name%3Dobject-${i}` : '';
      const path = `${this.#path}?watch=1&resourceVersion=${resourceVersion}${own}`;
      const onSent = (sentUs: number): void => {
        if (sentUs < this.countFromUs) return;
        this.received++;
        this.latenciesUs.push(nowUs() - sentUs);
      };
      return this.#connections[i % connections]!.watch(path, eventReader(onSent));
    });
  }

  close(): void {
    for (const connection of this.#connections) connection.close();
  }
}

/** At an even pace, whatever the answers take; how many were made in the part that counts. */
async function change(writer: ApiConnection, path: string, setting: Watching, watchers: Watchers): Promise<number> {
  const { changesPerSecond, seconds } = setting;
  const beginMs = systemClock.monotonicMs();
  const total = Math.ceil(changesPerSecond * seconds);
  const first = Math.floor(total * warmUpShare);
  const inFlight = new Set<Promise<void>>();
  let failure: unknown;
  for (let made = 0; made < total;) {
    const due = Math.min(total, Math.ceil(((systemClock.monotonicMs() - beginMs) / 1000) * changesPerSecond));
    for (; made < due && inFlight.size < writesInFlightMax; made++) {
      const sentUs = nowUs();
      if (made === first) watchers.countFromUs = sentUs;
      const name = `object-${made % setting.watchers}`;
      const done = write(writer, 'PUT', `${path}/${name}`, objectText(name, `at-${sentUs}`))
        .catch((error: unknown) => void (failure ??= error))
        .finally(() => inFlight.delete(done));
      inFlight.add(done);
    }
    await sleep(tickMs);
  }
  await Promise.all(inFlight);
  if (failure !== undefined) throw failure as Error;
  return total - first;
}

/** `path`: of the ConfigMaps of an existing namespace, in which one object a watcher is made. */
export async function measureWatchers(url: string, path: string, setting: Watching): Promise<Figures> {
  const writer = new ApiConnection(url, token);
  const watchers = new Watchers(url, path);
  try {
    await inTurns(setting.watchers, openedAtOnce, (i) =>
      write(writer, 'PUT', `${path}/object-${i}`, objectText(`object-${i}`, 'before')).catch(() =>
        write(writer, 'POST', path, objectText(`object-${i}`, 'before')),
      ),
    );
    const { body } = await writer.request('GET', `${path}?limit=1`);
    const { metadata } = JSON.parse(body.toString()) as { metadata: { resourceVersion: string } };
    await watchers.open(setting, metadata.resourceVersion);
    const beginMs = systemClock.monotonicMs();
    const changes = await change(writer, path, setting, watchers);
    const wallS = (systemClock.monotonicMs() - beginMs) / 1000;
    const expected = changes * (setting.each === 'its own object' ? 1 : setting.watchers);
    for (let waited = 0; watchers.received < expected && waited < lastEventsMs; waited += tickMs) await sleep(tickMs);
    const latencies = watchers.latenciesUs.sort((a, b) => a - b);
    return {
      'changes made/s': Math.ceil(setting.changesPerSecond * setting.seconds) / wallS,
      'p50 ms': percentile(latencies, 0.5) / 1000,
      'p99 ms': percentile(latencies, 0.99) / 1000,
      'events missed': expected - watchers.received,
    };
  } finally {
    watchers.close();
    writer.close();
  }
}
