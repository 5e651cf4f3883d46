import { fdatasync, writev } from 'node:fs';
import { mkdir, open, readdir, readFile, rename, unlink } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { syncDirectory } from '../../base/sync-directory.ts';
import { lockDataDir } from './data-dir-lock.ts';
import type { DataDirLock } from './data-dir-lock.ts';

/** An open file, as far as the log and the snapshot files need one; a FileHandle of Node is one. */
export interface DiskFile {
  /** may write less than asked */
  writev(buffers: readonly Uint8Array[], position: number): Promise<{ bytesWritten: number }>;
  /** writes all of it at the end */
  appendFile(bytes: Uint8Array): Promise<void>;
  read(buffer: Uint8Array, offset: number, length: number, position: number): Promise<{ bytesRead: number }>;
  truncate(size: number): Promise<void>;
  /** content and size are on the disk when it resolves */
  datasync(): Promise<void>;
  sync(): Promise<void>;
  close(): Promise<void>;
}

/** The files of one machine. A simulation gives its own, which loses at a crash what was not synced. */
export interface Disk {
  /** 'w' makes the file anew */
  open(file: string, flags: 'r' | 'r+' | 'w'): Promise<DiskFile>;
  readFile(file: string): Promise<Buffer>;
  /** names, in no order; an error where there is no such directory */
  readdir(dir: string): Promise<string[]>;
  /** with those above it; one that exists is none to complain about */
  mkdir(dir: string): Promise<void>;
  rename(from: string, to: string): Promise<void>;
  unlink(file: string): Promise<void>;
  /** names that were made, renamed or removed in `dir` are on the disk when it resolves */
  syncDir(dir: string): Promise<void>;
  /** claims a data directory, and makes it where it is missing */
  lock(dir: string): Promise<DataDirLock>;
}

/** What the log does for each entry goes to the descriptor: a FileHandle's own calls take several times as long to begin. */
class SystemFile implements DiskFile {
  readonly #handle: FileHandle;

  constructor(handle: FileHandle) {
    this.#handle = handle;
  }

  writev(buffers: readonly Uint8Array[], position: number): Promise<{ bytesWritten: number }> {
    return new Promise((resolve, reject) => {
      writev(this.#handle.fd, buffers, position, (error, bytesWritten) => {
        if (error) reject(error);
        else resolve({ bytesWritten });
      });
    });
  }

  datasync(): Promise<void> {
    return new Promise((resolve, reject) => {
      fdatasync(this.#handle.fd, (error) => {
        if (error) reject(error);
        else resolve();
      });
    });
  }

  appendFile(bytes: Uint8Array): Promise<void> {
    return this.#handle.appendFile(bytes);
  }

  read(buffer: Uint8Array, offset: number, length: number, position: number): Promise<{ bytesRead: number }> {
    return this.#handle.read(buffer, offset, length, position);
  }

  truncate(size: number): Promise<void> {
    return this.#handle.truncate(size);
  }

  sync(): Promise<void> {
    return this.#handle.sync();
  }

  close(): Promise<void> {
    return this.#handle.close();
  }
}

export const systemDisk: Disk = {
  open: async (file, flags) => new SystemFile(await open(file, flags)),
  readFile: (file) => readFile(file),
  readdir: (dir) => readdir(dir),
  mkdir: async (dir) => void (await mkdir(dir, { recursive: true, mode: 0o700 })),
  rename,
  unlink,
  syncDir: syncDirectory,
  lock: lockDataDir,
};
