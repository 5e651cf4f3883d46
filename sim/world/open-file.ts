import type { DiskFile } from '../../raft/runtime/disk.ts';
import type { Life } from './event-queue.ts';
import type { SimDisk } from './sim-disk.ts';
import { systemError } from './sim-disk.ts';
import { sectorBytes } from './sim-file.ts';
import type { SimFile } from './sim-file.ts';

/** A file as a process holds it open. What it writes is in the page cache at once; the call takes a while to say so. */
export class OpenFile implements DiskFile {
  readonly #disk: SimDisk;
  readonly #life: Life;
  readonly #path: string;
  readonly #file: SimFile;
  #open = true;

  constructor(disk: SimDisk, life: Life, path: string, file: SimFile) {
    this.#disk = disk;
    this.#life = life;
    this.#path = path;
    this.#file = file;
  }

  async writev(buffers: readonly Uint8Array[], position: number): Promise<{ bytesWritten: number }> {
    this.#check('write');
    const bytes = Buffer.concat(buffers);
    const [bytesWritten, error] = this.#write(bytes, position);
    await this.#disk.pass(this.#life, 'write');
    if (error !== undefined) throw error;
    return { bytesWritten };
  }

  async appendFile(bytes: Uint8Array): Promise<void> {
    this.#check('write');
    const copy = new Uint8Array(bytes);
    for (let at = 0; at < copy.length;) {
      const [written, error] = this.#write(copy.subarray(at), this.#file.size);
      await this.#disk.pass(this.#life, 'write');
      if (error !== undefined) throw error;
      at += written;
    }
  }

  async read(buffer: Uint8Array, offset: number, length: number, position: number): Promise<{ bytesRead: number }> {
    this.#check('read');
    await this.#disk.pass(this.#life, 'read');
    this.#disk.failBy('read', 'read', this.#path);
    const found = this.#file.content.subarray(position, position + length);
    buffer.set(found, offset);
    return { bytesRead: found.length };
  }

  async truncate(size: number): Promise<void> {
    this.#check('truncate');
    this.#file.truncate(size);
    await this.#disk.pass(this.#life, 'write');
  }

  async datasync(): Promise<void> {
    this.#check('fdatasync');
    const file = this.#file;
    const mark = file.made;
    let failure: unknown;
    await this.#disk.pass(this.#life, 'sync', () => {
      try {
        this.#disk.failBy('sync', 'fdatasync', this.#path);
        file.synced(mark);
      } catch (error) {
        failure = error;
        file.syncFailed(mark, this.#disk.random);
      }
    });
    if (failure !== undefined) throw failure;
  }

  sync(): Promise<void> {
    return this.datasync();
  }

  async close(): Promise<void> {
    this.#open = false;
    await this.#disk.pass(this.#life, 'name');
  }

  /** `bytes` is ours */
  #write(bytes: Uint8Array, position: number): [written: number, error?: unknown] {
    let written: number;
    try {
      written = wholeSectors(position, this.#disk.admitWrite(bytes.length, this.#path), bytes.length);
    } catch (error) {
      return [0, error];
    }
    this.#file.write(position, bytes.subarray(0, written));
    return [written];
  }

  #check(operation: string): void {
    if (!this.#open) throw systemError('EBADF', operation, this.#path);
  }
}

/**
 * A short write ends with a page, as the system copies page by page. (Within a sector its half would look, after a loss of
 * power, like a damaged record: the log refuses that, and rightly so.)
 */
function wholeSectors(position: number, written: number, asked: number): number {
  if (written === asked) return asked;
  const end = position + written;
  const whole = end - (end % sectorBytes) - position;
  return whole > 0 ? whole : asked;
}
