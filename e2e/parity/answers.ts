import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/**
 * The answers of the current etcd, kept as text beside the cases, so that a machine without one compares with it too.
 * `KUORUM_REWRITE=1` writes them anew, from an etcd that is there.
 *
 *     ## range, limit: below the number of keys
 *     Range {key: a, rangeEnd: z, limit: 2} → {header: +5, kvs: [...], more: true, count: 5}
 */
export type Transcripts = ReadonlyMap<string, readonly string[]>;

const folder = fileURLToPath(new URL('answers/', import.meta.url));

export function readAnswers(name: string): Transcripts {
  const found = new Map<string, readonly string[]>();
  for (const part of readFileSync(join(folder, `${name}.txt`), 'utf8')
    .split(/^## /m)
    .slice(1)) {
    const [title = '', ...lines] = part.trimEnd().split('\n');
    found.set(title, lines);
  }
  return found;
}

export function writeAnswers(name: string, transcripts: Transcripts): void {
  mkdirSync(folder, { recursive: true });
  const text = [...transcripts].map(([title, lines]) => `${[`## ${title}`, ...lines].join('\n')}\n`).join('\n');
  writeFileSync(join(folder, `${name}.txt`), text);
}
