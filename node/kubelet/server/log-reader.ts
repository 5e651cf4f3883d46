import { open, stat } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { sleep } from '../../../base/clock.ts';
import type { Clock } from '../../../base/clock.ts';
import { parseLogLine } from './log-line.ts';
import type { LogOptions } from './log-options.ts';

const chunkBytes = 64 * 1024;
/** a longer line is given out in pieces of this length at most; runtimes cut theirs at 16 KiB */
const lineBytesMax = 1024 * 1024;
const pollMs = 100;
const newline = 0x0a;

export interface LogSource {
  readonly path: string;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** asked at the end of the file, where it is followed */
  isRunning(): Promise<boolean>;
}

/** Where the last `count` lines begin. An unfinished line at the end counts as one. */
export async function tailStart(file: FileHandle, count: number): Promise<number> {
  const { size } = await file.stat();
  if (count === 0) return size;
  const chunk = Buffer.alloc(chunkBytes);
  let found = 0;
  for (let end = size; end > 0;) {
    const from = Math.max(0, end - chunkBytes);
    const { bytesRead } = await file.read(chunk, 0, end - from, from);
    for (let at = bytesRead - 1; at >= 0; at--) {
      // the end of the last line begins no other
      if (chunk[at] !== newline || from + at === size - 1) continue;
      if (++found === count) return from + at + 1;
    }
    end = from;
  }
  return 0;
}

/** Whole lines from `start` on; what has no end yet waits for it, unless `isLast` says that nothing comes any more. */
class LineReader {
  readonly #file: FileHandle;
  readonly #chunk = Buffer.alloc(chunkBytes);
  #offset: number;
  #rest: Buffer = Buffer.alloc(0);

  constructor(file: FileHandle, start: number) {
    this.#file = file;
    this.#offset = start;
  }

  /** undefined: the file has no more now */
  async next(): Promise<Buffer[] | undefined> {
    const { bytesRead } = await this.#file.read(this.#chunk, 0, chunkBytes, this.#offset);
    if (bytesRead === 0) return undefined;
    this.#offset += bytesRead;
    const bytes = Buffer.concat([this.#rest, this.#chunk.subarray(0, bytesRead)]);
    const lines: Buffer[] = [];
    let from = 0;
    for (let at = bytes.indexOf(newline); at >= 0; at = bytes.indexOf(newline, from)) {
      lines.push(bytes.subarray(from, at));
      from = at + 1;
    }
    this.#rest = bytes.subarray(from);
    if (this.#rest.length > lineBytesMax) lines.push(this.rest());
    return lines;
  }

  rest(): Buffer {
    const rest = this.#rest;
    this.#rest = Buffer.alloc(0);
    return rest;
  }
}

/** Lines as the reader wants them, until it has had enough. */
function* shown(
  lines: readonly Buffer[],
  options: LogOptions,
  left: { bytes: number; lines: number },
): Generator<Buffer> {
  for (const raw of lines) {
    if (left.lines <= 0 || left.bytes <= 0) return;
    const line = parseLogLine(raw);
    if (line === undefined) continue;
    left.lines--;
    if (options.sinceMs !== undefined && line.atMs < options.sinceMs) continue;
    const text = options.timestamps ? Buffer.concat([Buffer.from(`${line.time} `), line.text]) : line.text;
    const cut = text.length > left.bytes ? text.subarray(0, left.bytes) : text;
    left.bytes -= cut.length;
    yield cut;
  }
}

/** The text of a container's log file, as the kubelet of Kubernetes gives it out. Rejects where there is no such file. */
export async function* readLog(source: LogSource, options: LogOptions): AsyncGenerator<Buffer> {
  const { path, clock, signal } = source;
  const file = await open(path, 'r').catch((error: NodeJS.ErrnoException) => {
    const why = error.code === 'ENOENT' ? 'no such file or directory' : error.message;
    throw new Error(`failed to try resolving symlinks in path ${JSON.stringify(path)}: lstat ${path}: ${why}`);
  });
  try {
    const start = options.tailLines === undefined ? 0 : await tailStart(file, options.tailLines);
    const reader = new LineReader(file, start);
    const isLimited = options.tailLines !== undefined && !options.follow;
    const left = { bytes: options.limitBytes ?? Infinity, lines: isLimited ? (options.tailLines ?? 0) : Infinity };
    let wasRunning = options.follow;
    while (!signal.aborted && left.bytes > 0 && left.lines > 0) {
      const lines = await reader.next();
      if (lines !== undefined) {
        yield* shown(lines, options, left);
        continue;
      }
      if (!wasRunning || (await wasReplaced(path, file))) break;
      // one more look at the file after the container has ended: runtimes write its last words behind its end
      wasRunning = await source.isRunning();
      await sleep(pollMs, clock, signal).catch(() => {});
    }
    if (!signal.aborted) yield* shown([reader.rest()], options, left);
  } finally {
    await file.close();
  }
}

const wasReplaced = async (path: string, file: FileHandle): Promise<boolean> => {
  const [now, opened] = await Promise.all([stat(path).catch(() => undefined), file.stat()]);
  return now === undefined || now.ino !== opened.ino;
};
