import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Clock } from '../../base/clock.ts';

const writeDelayMs = 50;

/** A small JSON file that follows a state in memory: written whole, at most each 50 ms, replaced atomically. */
export class StateFile<T> {
  readonly #path: string;
  readonly #clock: Clock;
  readonly #snapshot: () => T;
  readonly #failed: (error: unknown) => void;
  #cancel: (() => void) | undefined;
  #writing: Promise<void> = Promise.resolve();

  constructor(path: string, clock: Clock, snapshot: () => T, failed: (error: unknown) => void) {
    this.#path = path;
    this.#clock = clock;
    this.#snapshot = snapshot;
    this.#failed = failed;
  }

  /** undefined where there is none yet; a file that cannot be read as JSON is an error that names it */
  static async load<T>(path: string): Promise<T | undefined> {
    let text: string;
    try {
      text = await readFile(path, 'utf8');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
      throw error;
    }
    try {
      return JSON.parse(text) as T;
    } catch (error) {
      throw new Error(`cannot read the runtime's state in ${path}; remove the file to start without any containers`, {
        cause: error,
      });
    }
  }

  changed(): void {
    this.#cancel ??= this.#clock.after(writeDelayMs, () => {
      this.#cancel = undefined;
      void this.#write();
    });
  }

  /** Writes what is not yet written. */
  async flush(): Promise<void> {
    if (this.#cancel !== undefined) {
      this.#cancel();
      this.#cancel = undefined;
      void this.#write();
    }
    await this.#writing;
  }

  #write(): Promise<void> {
    this.#writing = this.#replace(this.#writing);
    return this.#writing;
  }

  async #replace(previous: Promise<void>): Promise<void> {
    await previous;
    try {
      await mkdir(dirname(this.#path), { recursive: true });
      await writeFile(`${this.#path}.tmp`, JSON.stringify(this.#snapshot()));
      await rename(`${this.#path}.tmp`, this.#path);
    } catch (error) {
      this.#failed(error);
    }
  }
}
