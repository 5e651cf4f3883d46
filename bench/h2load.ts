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

/** With a body it is a POST. */
export interface LoadRequest {
  readonly url: string;
  readonly headers: readonly string[];
  readonly body?: Uint8Array;
  /** of every answer */
  readonly status: number;
}

const grpcHeaders = ['content-type: application/grpc', 'te: trailers'];

async function loadPart(request: LoadRequest, load: Load, folder: string): Promise<Part> {
  const { url, headers, body, status } = request;
  const { connections, streamsPerConnection, calls, rate } = load;
  const bodyFile = join(folder, 'body');
  const log = join(folder, 'log');
  if (body !== undefined) writeFileSync(bodyFile, body);
  const pace = rate === undefined ? [] : [`--rps=${Math.max(1, Math.round(rate / connections))}`];
  const { stdout } = await run(
    'h2load',
    ['-n', `${calls}`, '-c', `${connections}`, '-m', `${streamsPerConnection}`, '--log-file', log]
      .concat(pace, body === undefined ? [] : ['-d', bodyFile])
      .concat(
        headers.flatMap((header) => ['-H', header]),
        url,
      ),
    { maxBuffer: 16 * 1024 * 1024 },
  );
  const rows = readFileSync(log, 'utf8').trimEnd().split('\n');
  const [first = '', last = ''] = [rows[0], rows.at(-1)];
  const succeeded = rows.filter((row) => row.split('\t')[1] === `${status}`).length;
  if (succeeded !== calls) throw new Error(`${url}: ${calls - succeeded} of ${calls} calls failed\n${stdout}`);
  const [from = 0] = first.split('\t').map(Number);
  const [at = 0, , took = 0] = last.split('\t').map(Number);
  return { seconds: (at + took - from) / 1e6, latenciesUs: rows.map((row) => Number(row.split('\t')[2])) };
}

function resultOf(parts: readonly Part[]): LoadResult {
  const seconds = Math.max(...parts.map((part) => part.seconds));
  const latenciesUs = parts.flatMap((part) => part.latenciesUs).sort((a, b) => a - b);
  return { perSecond: latenciesUs.length / seconds, latenciesUs };
}

/** One request again and again, by one h2load. Throws where an answer has another status. */
export async function loadRequest(request: LoadRequest, load: Load): Promise<LoadResult> {
  const folder = mkdtempSync(join(tmpdir(), 'kuorum-h2load-'));
  try {
    return resultOf([await loadPart(request, load, folder)]);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
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
  const request = { url: `${url}${call.path}`, headers: grpcHeaders, status: 200 };
  const folders = Array.from({ length: parts }, () => mkdtempSync(join(tmpdir(), 'kuorum-h2load-')));
  try {
    const results = await Promise.all(
      folders.map((folder, i) => loadPart({ ...request, body: call.bodies[i]! }, share, folder)),
    );
    return resultOf(results);
  } finally {
    for (const folder of folders) rmSync(folder, { recursive: true, force: true });
  }
}

/** of rising values */
export const percentile = (values: readonly number[], share: number): number =>
  values[Math.min(values.length - 1, Math.floor(values.length * share))] ?? NaN;
