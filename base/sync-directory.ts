import { open } from 'node:fs/promises';

/** Makes durable which files are in a directory: a new or renamed file's own sync does not. */
export async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path, 'r');
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}
