import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { UnaryCall } from './calls.ts';

const run = promisify(execFile);

export interface Load {
  /** in all, over as many load generators as the call has bodies */
  readonly connections: number;
  readonly streamsPerConnection: number;
  readonly calls: number;
  /** calls a second in all; absent: as fast as answers come */
  readonly rate?: number;
}

export interface LoadResult {
  readonly perSecond: number;
  /** microseconds, rising */
  readonly latenciesUs: readonly number[];
}

interface Part {
  readonly seconds: number;
  readonly latenciesUs: readonly number[];
}

const headers = ['-H', 'content-type: application/grpc', '-H', 'te: trailers'];

async function loadPart(url: string, path: string, body: Uint8Array, load: Load, folder: string): Promise<Part> {
  const { connections, streamsPerConnection, calls, rate } = load;
  const bodyFile = join(folder, 'body');
  const log = join(folder, 'log');
  writeFileSync(bodyFile, body);
  const pace = rate === undefined ? [] : [`--rps=${Math.max(1, Math.round(rate / connections))}`];
  const { stdout } = await run(
    'h2load',
    ['-n', `${calls}`, '-c', `${connections}`, '-m', `${streamsPerConnection}`, '-d', bodyFile, '--log-file', log]
      .concat(pace)
      .concat(headers, `${url}${path}`),
    { maxBuffer: 16 * 1024 * 1024 },
  );
  const rows = readFileSync(log, 'utf8').trimEnd().split('\n');
  const [first = '', last = ''] = [rows[0], rows.at(-1)];
  const succeeded = rows.filter((row) => row.split('\t')[1] === '200').length;
  if (succeeded !== calls) throw new Error(`${path}: ${calls - succeeded} of ${calls} calls failed\n${stdout}`);
  const [from = 0] = first.split('\t').map(Number);
  const [at = 0, , took = 0] = last.split('\t').map(Number);
  return { seconds: (at + took - from) / 1e6, latenciesUs: rows.map((row) => Number(row.split('\t')[2])) };
}

/** Unary calls by h2load (nghttp2-client), one process for each body. Throws where a call is not answered with status 200. */
export async function loadByH2load(url: string, call: UnaryCall, load: Load): Promise<LoadResult> {
  const parts = Math.min(call.bodies.length, load.connections);
  const share: Load = {
    ...load,
    connections: Math.ceil(load.connections / parts),
    calls: Math.ceil(load.calls / parts),
    ...(load.rate !== undefined && { rate: load.rate / parts }),
  };
  const folders = Array.from({ length: parts }, () => mkdtempSync(join(tmpdir(), 'kuorum-h2load-')));
  try {
    const results = await Promise.all(
      folders.map((folder, i) => loadPart(url, call.path, call.bodies[i]!, share, folder)),
    );
    const seconds = Math.max(...results.map((result) => result.seconds));
    const latenciesUs = results.flatMap((result) => result.latenciesUs).sort((a, b) => a - b);
    return { perSecond: latenciesUs.length / seconds, latenciesUs };
  } finally {
    for (const folder of folders) rmSync(folder, { recursive: true, force: true });
  }
}

/** of rising values */
export const percentile = (values: readonly number[], share: number): number =>
  values[Math.min(values.length - 1, Math.floor(values.length * share))] ?? NaN;
