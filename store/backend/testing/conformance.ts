/** What every Backend is held to. */
import type { Test } from 'tap';
import type { Backend, BackendEntry, EntryRange } from '../backend.ts';

export const b = (text: string): Uint8Array => new Uint8Array(Buffer.from(text));
export const put = (key: string, value: string) => ({ key: b(key), value: b(value) });
const del = (key: string) => ({ key: b(key), value: undefined });

type Source = { entries(range?: EntryRange): AsyncIterable<readonly BackendEntry[]> };
export async function dump(source: Source, range?: EntryRange): Promise<string> {
  const out: string[] = [];
  for await (const batch of source.entries(range)) {
    for (const { key, value } of batch) out.push(`${Buffer.from(key).toString()}=${Buffer.from(value).toString()}`);
  }
  return out.join(' ');
}
export async function* from(...batches: (readonly BackendEntry[] | Error)[]): AsyncIterable<readonly BackendEntry[]> {
  for (const batch of batches) {
    if (batch instanceof Error) throw batch;
    yield await Promise.resolve(batch);
  }
}

/** From an empty one; it is left open. */
export async function holdToConformance(t: Test, backend: Backend): Promise<void> {
  t.equal(await dump(backend), '', 'begins empty');
  t.equal(await backend.get(b('a')), undefined);
  await backend.write([put('b', '1'), put('a', '2'), put('c', ''), put('\u{10ffff}', 'last')]);
  t.equal(await dump(backend), 'a=2 b=1 c= \u{10ffff}=last', 'in the order of bytes');
  t.equal(await dump(backend, { gte: b('b'), lt: b('d') }), 'b=1 c=');
  await backend.write([del('c'), put('b', '9'), del('nothing'), del('\u{10ffff}')]);
  const snapshot = backend.snapshot();
  await backend.write([put('b', '10'), put('z', '1'), del('a')]);
  t.equal(await dump(snapshot), 'a=2 b=9', 'a snapshot stays as it was');
  t.same(await snapshot.get(b('b')), b('9'));
  await snapshot.close();
  t.equal(await dump(backend), 'b=10 z=1');
  await backend.sync();

  await t.rejects(backend.replace(from([put('new', '1')], new Error('cut off'))), /cut off/);
  t.equal(await dump(backend), 'b=10 z=1', 'a failed replacement leaves the content alone');
  await backend.replace(from([put('n', '1')], [put('m', '2')]));
  t.equal(await dump(backend), 'm=2 n=1');
  await backend.write([put('o', '3')]);
  t.equal(await dump(backend), 'm=2 n=1 o=3', 'and it goes on from there');
  t.ok((await backend.sizeBytes()) > 0);
}
