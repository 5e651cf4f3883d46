import {
  closeSync,
  createReadStream,
  createWriteStream,
  fstatSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { basename, dirname, extname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { systemClock, type Clock } from '../../base/clock.ts';
import type { AuditSink } from './audit-record.ts';

export interface FileSinkOptions {
  /** `-`: standard output */
  readonly path: string;
  /** a file is closed and put aside before it grows beyond; 0: never */
  readonly bytesMax: number;
  /** files put aside that are kept; 0: all */
  readonly backupsMax: number;
  /** how long they are kept; 0: for ever */
  readonly ageMsMax: number;
  readonly compress: boolean;
  readonly clock?: Clock;
}

const standardOutput = 1;

/** Appends lines to a file, and puts it aside as `audit-2026-01-02T03-04-05.678.log` when it is full. */
export class FileSink implements AuditSink {
  readonly #options: FileSinkOptions;
  readonly #clock: Clock;
  #fd: number;
  #bytes = 0;
  #compressing: Promise<void> = Promise.resolve();

  /** Throws where the file cannot be opened. */
  constructor(options: FileSinkOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#fd = this.#open();
  }

  #open(): number {
    if (this.#options.path === '-') return standardOutput;
    const fd = openSync(this.#options.path, 'a', 0o600);
    this.#bytes = fstatSync(fd).size;
    return fd;
  }

  /** On the way, not behind it: what was not recorded has not happened. */
  write(event: string): boolean {
    const line = Buffer.from(`${event}\n`);
    const { bytesMax, path } = this.#options;
    try {
      if (bytesMax > 0 && path !== '-' && this.#bytes > 0 && this.#bytes + line.length > bytesMax) this.#rotate();
      writeSync(this.#fd, line);
      this.#bytes += line.length;
      return true;
    } catch {
      return false; // the caller counts it, and refuses the request where that is wanted
    }
  }

  #rotate(): void {
    const { path, compress } = this.#options;
    closeSync(this.#fd);
    const extension = extname(path);
    const stamp = new Date(this.#clock.nowMs()).toISOString().slice(0, -1).replaceAll(':', '-');
    const aside = join(dirname(path), `${basename(path, extension)}-${stamp}${extension}`);
    renameSync(path, aside);
    this.#fd = this.#open();
    this.#removeOld();
    if (compress) this.#compressing = this.#compressing.then(() => compressed(aside)).catch(() => {});
  }

  #removeOld(): void {
    const { path, backupsMax, ageMsMax } = this.#options;
    const [extension, folder] = [extname(path), dirname(path)];
    const begin = `${basename(path, extension)}-`;
    const stamped = /^(\d{4}-\d\d-\d\dT)(\d\d)-(\d\d)-(\d\d\.\d{3})/;
    const old = readdirSync(folder)
      .filter((name) => name.startsWith(begin) && stamped.test(name.slice(begin.length)))
      .sort()
      .reverse();
    const oldest = this.#clock.nowMs() - ageMsMax;
    for (const [index, name] of old.entries()) {
      const atMs = Date.parse(name.slice(begin.length).replace(stamped, '$1$2:$3:$4Z').slice(0, 24));
      const isTooOld = ageMsMax > 0 && atMs < oldest;
      if ((backupsMax > 0 && index >= backupsMax) || isTooOld) rmSync(join(folder, name), { force: true });
    }
  }

  async close(): Promise<void> {
    await this.#compressing;
    if (this.#fd !== standardOutput) closeSync(this.#fd);
  }
}

async function compressed(path: string): Promise<void> {
  await pipeline(createReadStream(path), createGzip(), createWriteStream(`${path}.gz`, { mode: 0o600 }));
  rmSync(path, { force: true });
}
