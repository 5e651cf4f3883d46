import { createHash } from 'node:crypto';
import { open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { CliError } from '../cli-error.ts';
import { callError, StoreConnection } from './store-connection.ts';
import type { StoreAddress } from './store-connection.ts';

export interface Saved {
  readonly endpoint: string;
  /** of etcd's storage; '' where the server does not say */
  readonly version: string;
  readonly bytes: number;
}

export interface SaveOptions {
  readonly address: StoreAddress;
  readonly file: string;
  /** where it is written until it is whole; default `<file>.part` */
  readonly part?: string;
  /** only from a member that has all that was acknowledged before */
  readonly upToDate?: boolean;
  /** looks at the file before it gets its name; rejects where it is not sound */
  readonly check?: (part: string) => Promise<void>;
  readonly signal: AbortSignal;
}

const hashBytes = 32;

const writeFailures: Readonly<Record<string, string>> = {
  ENOSPC: 'no space left on its file system',
  EDQUOT: 'the disk quota is used up',
  ENOENT: 'there is no such directory',
  EACCES: 'permission denied',
  EROFS: 'its file system is read-only',
};

/** An error of the disk that the file is on: another endpoint would not help. */
class WriteError extends CliError {
  constructor(file: string, cause: unknown) {
    const { code = '', message } = cause as NodeJS.ErrnoException;
    super(`${file} cannot be written: ${writeFailures[code] ?? message}`, 1, { cause });
  }
}

async function onDisk<T>(file: string, action: () => Promise<T>): Promise<T> {
  try {
    return await action();
  } catch (error) {
    throw new WriteError(file, error);
  }
}

/** Writes what comes, and checks the SHA-256 at its end; durable when it resolves. */
async function receive(
  connection: StoreConnection,
  part: string,
  signal: AbortSignal,
): Promise<Omit<Saved, 'endpoint'>> {
  const handle = await onDisk(part, () => open(part, 'w', 0o600));
  try {
    const hash = createHash('sha256');
    let version = '';
    let bytes = 0;
    // the hash is not part of what it is of
    let tail: Uint8Array = new Uint8Array(0);
    for await (const message of connection.snapshot(signal)) {
      version = message.version;
      bytes += message.blob.length;
      const all = tail.length === 0 ? message.blob : Buffer.concat([tail, message.blob]);
      const content = Math.max(0, all.length - hashBytes);
      hash.update(all.subarray(0, content));
      tail = all.slice(content);
      await onDisk(part, () => handle.writeFile(message.blob));
    }
    if (bytes % 512 !== hashBytes || !hash.digest().equals(tail)) {
      throw new Error(`what came (${bytes} bytes) does not end with its SHA-256: the stream was cut off`);
    }
    await onDisk(part, () => handle.sync());
    return { version, bytes };
  } finally {
    await handle.close();
  }
}

async function saveFrom(endpoint: string, options: SaveOptions, part: string): Promise<Saved> {
  const { address, file, upToDate = false, check, signal } = options;
  const connection = new StoreConnection(endpoint, address);
  try {
    await connection.authenticate();
    if (upToDate) await connection.confirmUpToDate();
    const received = await receive(connection, part, signal);
    await check?.(part);
    await onDisk(file, async () => {
      await rename(part, file);
      const directory = await open(dirname(file), 'r');
      try {
        await directory.sync();
      } finally {
        await directory.close();
      }
    });
    return { endpoint, ...received };
  } catch (error) {
    await rm(part, { force: true });
    throw error instanceof WriteError ? error : callError(endpoint, error);
  } finally {
    connection.close();
  }
}

/** Saves the snapshot of the first endpoint that gives one. The file has its name only when it is whole and durable. */
export async function saveSnapshot(options: SaveOptions): Promise<Saved> {
  const { address, file, part = `${file}.part` } = options;
  const troubles: string[] = [];
  for (const endpoint of address.endpoints) {
    try {
      return await saveFrom(endpoint, options, part);
    } catch (error) {
      if (error instanceof WriteError || options.signal.aborted) throw error;
      troubles.push((error as Error).message);
    }
  }
  throw new CliError(troubles.join('\n  '));
}
