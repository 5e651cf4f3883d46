import { readFileSync } from 'node:fs';
import { systemClock } from '../../base/clock.ts';
import type { Log } from '../../base/log.ts';
import { CliError, messageOf } from '../cli-error.ts';

const lookPeriodMs = 5_000;

export interface ReloadedFileOptions<T> {
  /** named where the file cannot be used */
  readonly flag: string;
  readonly path: string;
  readonly parse: (text: string) => T;
  readonly log: Log;
  /** false: it is read once */
  readonly reloads?: boolean;
  /** default 5 s */
  readonly periodMs?: number;
}

/**
 * What a file says, read again when it changes. At the start a file that cannot be used is a CliError; later, what was in
 * use stays in use, and the log says so.
 */
export class ReloadedFile<T> {
  readonly #options: ReloadedFileOptions<T>;
  readonly #cancel: () => void;
  #text: string;
  #value: T;

  constructor(options: ReloadedFileOptions<T>) {
    const { flag, path, parse, reloads = true, periodMs = lookPeriodMs } = options;
    this.#options = options;
    try {
      this.#text = readFileSync(path, 'utf8');
      this.#value = parse(this.#text);
    } catch (error) {
      throw new CliError(`--${flag} ${path}: ${messageOf(error)}`);
    }
    this.#cancel = reloads ? systemClock.every(periodMs, () => this.look()) : () => {};
  }

  get value(): T {
    return this.#value;
  }

  stop(): void {
    this.#cancel();
  }

  look(): void {
    const { flag, path, parse, log } = this.#options;
    try {
      const text = readFileSync(path, 'utf8');
      if (text === this.#text) return;
      this.#text = text;
      this.#value = parse(text);
      log.info({ flag, path }, 'configuration was read again');
    } catch (error) {
      log.error({ flag, path, error: messageOf(error) }, 'new configuration cannot be used; the old one stays');
    }
  }
}
