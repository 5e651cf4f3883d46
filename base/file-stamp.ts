import { statSync } from 'node:fs';

/** Changes whenever a file was written or put in the place of another. */
export function stampOf(paths: readonly string[]): string {
  return paths
    .map((path) => {
      const found = statSync(path, { throwIfNoEntry: false });
      return found === undefined ? 'none' : `${found.ino}/${found.size}/${found.mtimeMs}`;
    })
    .join(' ');
}
