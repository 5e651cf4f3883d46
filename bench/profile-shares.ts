import type { CpuProfile } from './cpu-profiler.ts';

export interface Share {
  readonly name: string;
  /** of the time that the process worked */
  readonly percent: number;
}

export interface Shares {
  /** of the time that it was looked at, in which it worked */
  readonly busyPercent: number;
  readonly rooms: readonly Share[];
  readonly functions: readonly Share[];
}

const functionsMax = 15;

/** Rooms, the most special first: the first whose pattern a source's path has. */
const rooms: readonly (readonly [name: string, path: RegExp])[] = [
  ['peers', /^(raft\/runtime\/transport|grpc\/lean\/lean-stream)/],
  ['write-ahead log', /^raft\/runtime\/wal/],
  ['Raft', /^raft\//],
  ['HTTP/2 and gRPC', /^grpc\//],
  ['messages (protobuf)', /^(proto\/|node_modules\/(protobufjs|@protobufjs|msgpackr|long)\/)/],
  ['MVCC', /^store\/mvcc\//],
  ['LevelDB', /^(store\/backend|node_modules\/(level|classic-level|abstract-level))/],
  ['etcd services', /^store\//],
  ['metrics, log', /^(base\/|node_modules\/(pino|prom-client|sonic-boom))/],
];

/** esbuild writes each source's path before what it made of it: `// store/mvcc/key-table.ts` */
function pathsByLine(bundle: string): (line: number) => string {
  const starts: { line: number; path: string }[] = [];
  for (const [line, text] of bundle.split('\n').entries()) {
    const path = /^\/\/ ((?:node_modules\/)?[\w@./-]+\.[cm]?[jt]s)$/.exec(text)?.[1];
    if (path !== undefined) starts.push({ line, path });
  }
  return (line) => starts.findLast((start) => start.line <= line)?.path ?? 'the bundle';
}

function placeOf(
  { functionName, url, lineNumber }: CpuProfile['nodes'][number]['callFrame'],
  pathOf: (line: number) => string,
): { room: string; function: string } | undefined {
  if (functionName === '(idle)') return undefined;
  if (functionName === '(garbage collector)') return { room: 'garbage collector', function: functionName };
  const name = functionName || '(no name)';
  if (url.startsWith('node:')) return { room: 'Node.js, in JavaScript', function: `${name} ${url}` };
  if (url === '') return { room: 'Node.js, native and the system', function: name };
  const path = pathOf(lineNumber);
  return { room: rooms.find(([, pattern]) => pattern.test(path))?.[0] ?? 'other', function: `${name} ${path}` };
}

function largest(sums: ReadonlyMap<string, number>, wholeUs: number): Share[] {
  return [...sums]
    .map(([name, us]) => ({ name, percent: Math.round((us / wholeUs) * 1000) / 10 }))
    .sort((a, b) => b.percent - a.percent);
}

/** Self time by room and by function. `bundle`: the source that ran. */
export function sharesOf({ nodes, samples, timeDeltas }: CpuProfile, bundle: string): Shares {
  const pathOf = pathsByLine(bundle);
  const places = new Map(nodes.map(({ id, callFrame }) => [id, placeOf(callFrame, pathOf)]));
  const [byRoom, byFunction] = [new Map<string, number>(), new Map<string, number>()];
  let [wholeUs, busyUs] = [0, 0];
  for (const [i, id] of samples.entries()) {
    // a sample stands for the time until the next
    const us = Math.max(0, timeDeltas[i + 1] ?? 0);
    wholeUs += us;
    const place = places.get(id);
    if (place === undefined) continue;
    busyUs += us;
    byRoom.set(place.room, (byRoom.get(place.room) ?? 0) + us);
    byFunction.set(place.function, (byFunction.get(place.function) ?? 0) + us);
  }
  return {
    busyPercent: Math.round((busyUs / wholeUs) * 1000) / 10,
    rooms: largest(byRoom, busyUs),
    functions: largest(byFunction, busyUs).slice(0, functionsMax),
  };
}
