import { appendFile, copyFile, cp, mkdtemp, readFile, readdir, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { systemClock } from '../../../base/clock.ts';
import { systemRandom } from '../../../base/random.ts';
import { systemDisk } from '../disk.ts';
import { silentLog } from '../../../base/log.ts';
import type { Entry } from '../../core/types.ts';
import { CorruptFileError, WrongDataDirError } from '../disk-error.ts';
import { openWal } from './open-wal.ts';
import type { OpenWalOptions } from './open-wal.ts';
import type { SnapshotMark } from './payload.ts';
import { encodeSegmentHeader, segmentHeaderBytes } from './record.ts';
import { segmentFile } from './segment-files.ts';
import type { Wal, WalWrite } from './wal.ts';

const confState = { voters: ['a'], votersOutgoing: [], learners: [], learnersNext: [], autoLeave: false };
const boot: SnapshotMark = { kind: 'boot', index: 1, term: 1, confState, logStart: { index: 1, term: 1 } };

const optionsFor = (dir: string, change: Partial<OpenWalOptions> = {}): OpenWalOptions => ({
  dir: join(dir, 'wal'),
  metadata: { nodeId: 'a', clusterId: 'c' },
  initial: { mark: boot, hardState: { term: 1, vote: '', commit: 1 } },
  fsync: true,
  log: silentLog,
  ...change,
});

const entry = (index: number, term = 1, text = `entry ${index}`): Entry => ({
  index,
  term,
  type: index % 7 === 0 ? 'conf-change' : 'normal',
  data: new TextEncoder().encode(text),
});
const range = (from: number, to: number, term = 1, text?: string): Entry[] =>
  Array.from({ length: to - from + 1 }, (_, i) => entry(from + i, term, text));

const write = (wal: Wal, change: WalWrite, sync = true): Promise<void> =>
  new Promise((resolve) => wal.append(change, sync, resolve));

async function tempDir(t: { teardown(fn: () => unknown): unknown }): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'kuorum-wal-'));
  t.teardown(() => rm(dir, { recursive: true, force: true }));
  return dir;
}

const plain = (entries: readonly Entry[]): unknown[] =>
  entries.map(({ index, term, type, data }) => [index, term, type, Buffer.from(data).toString()]);

/** A log of one entry a write (and sync), in one segment; returns its file. */
async function makeLog(dir: string, count: number): Promise<string> {
  const { wal } = await openWal(optionsFor(dir));
  for (let i = 2; i < count + 2; i++) await write(wal, { entries: [entry(i)] });
  await wal.close();
  return segmentFile(join(dir, 'wal'), 1, 2);
}

void t.test('a log gives back what was written, over several segments', async (t) => {
  const dir = await tempDir(t);
  const options = optionsFor(dir, { segmentBytes: 2000 });
  const first = await openWal(options);
  t.ok(first.created);
  for (let i = 2; i < 100; i++)
    await write(first.wal, { entries: [entry(i)], hardState: { term: 1, vote: 'a', commit: i - 1 } });
  await first.wal.close();
  t.ok((await readdir(options.dir)).length > 3, 'several segments');
  const second = await openWal(options);
  t.notOk(second.created);
  t.same(plain(second.state.entries), plain(range(2, 99)));
  t.same(second.state.hardState, { term: 1, vote: 'a', commit: 98 });
  t.same(second.state.mark, boot);
  await second.wal.close();
});

void t.test('a later entry drops those from its index on', async (t) => {
  const options = optionsFor(await tempDir(t));
  const { wal } = await openWal(options);
  await write(wal, { entries: range(2, 9) });
  await write(wal, { entries: range(5, 6, 2) });
  await wal.close();
  const again = await openWal(options);
  t.same(plain(again.state.entries), plain([...range(2, 4), ...range(5, 6, 2)]));
  await again.wal.close();
});

void t.test('writes that queue while a sync runs share the next sync, and finish in order', async (t) => {
  const { wal } = await openWal(optionsFor(await tempDir(t)));
  const order: number[] = [];
  const before = wal.syncStats.count;
  const last = Array.from({ length: 100 }, (_, i) => write(wal, { entries: [entry(i + 2)] }).then(() => order.push(i)));
  await Promise.all(last);
  t.ok(wal.syncStats.count - before <= 3, `${wal.syncStats.count - before} syncs for 100 writes`);
  t.same(
    order,
    Array.from({ length: 100 }, (_, i) => i),
  );
  await wal.close();
});

void t.test('cut and reset: the log begins where the mark says, and old segments go', async (t) => {
  const options = optionsFor(await tempDir(t), { segmentBytes: 1000 });
  const { wal } = await openWal(options);
  for (let i = 2; i <= 60; i++) await write(wal, { entries: [entry(i)] });
  const before = (await readdir(options.dir)).length;
  const cut: SnapshotMark = { kind: 'cut', index: 50, term: 1, confState, logStart: { index: 40, term: 1 } };
  await write(wal, { mark: cut, entries: [] });
  await wal.releaseTo(40);
  t.ok((await readdir(options.dir)).length < before, 'segments were removed');
  for (let i = 61; i <= 90; i++) await write(wal, { entries: [entry(i)] });
  await wal.close();
  let again = await openWal(options);
  t.same(again.state.mark, cut);
  t.same(plain(again.state.entries), plain(range(41, 90)));
  const reset: SnapshotMark = { kind: 'reset', index: 500, term: 3, confState, logStart: { index: 500, term: 3 } };
  await write(again.wal, { mark: reset, entries: range(501, 503, 3) });
  for (let i = 504; i <= 560; i++) await write(again.wal, { entries: [entry(i, 3)] });
  await again.wal.releaseTo(500);
  await again.wal.close();
  again = await openWal(options);
  t.same(again.state.mark, reset);
  t.same(plain(again.state.entries), plain(range(501, 560, 3)));
  await again.wal.close();
});

void t.test('a log that ends anywhere inside its last record is repaired and goes on', async (t) => {
  const dir = await tempDir(t);
  const file = await makeLog(dir, 4);
  const whole = (await stat(file)).size;
  const copy = await tempDir(t);
  await makeLogCopy(dir, copy);
  const lastRecord = 16 + 21 + 'entry 5'.length;
  for (let size = whole - lastRecord; size < whole; size++) {
    const target = segmentFile(join(copy, 'wal'), 1, 2);
    await copyFile(file, target);
    await truncate(target, size);
    const { wal, state } = await openWal(optionsFor(copy, { fsync: false }));
    t.same(plain(state.entries), plain(range(2, 4)), `cut off at ${size} of ${whole}`);
    await write(wal, { entries: [entry(5, 2, 'anew')] });
    await wal.close();
    const again = await openWal(optionsFor(copy, { fsync: false }));
    t.same(plain(again.state.entries), plain([...range(2, 4), entry(5, 2, 'anew')]));
    await again.wal.close();
  }
});

const makeLogCopy = (from: string, to: string): Promise<void> =>
  cp(join(from, 'wal'), join(to, 'wal'), { recursive: true });

void t.test('a tail of zeros, as a crash leaves it, is repaired', async (t) => {
  const dir = await tempDir(t);
  const file = await makeLog(dir, 4);
  await appendFile(file, Buffer.alloc(3000));
  const { wal, state } = await openWal(optionsFor(dir));
  t.same(plain(state.entries), plain(range(2, 5)));
  await wal.close();
});

void t.test('a batch whose sectors reached the disk in another order is cut off at its first hole', async (t) => {
  const dir = await tempDir(t);
  const opened = await openWal(optionsFor(dir));
  await write(opened.wal, { entries: range(2, 3) });
  const from = opened.wal.bytes;
  await Promise.all([4, 5, 6].map((i) => write(opened.wal, { entries: [entry(i, 1, 'x'.repeat(2000))] })));
  await opened.wal.close();
  const file = segmentFile(join(dir, 'wal'), 1, 2);
  const bytes = await readFile(file);
  const sector = Math.ceil(from / 512) * 512;
  bytes.fill(0, sector, sector + 512);
  await writeFile(file, bytes);
  const { wal, state } = await openWal(optionsFor(dir));
  t.same(plain(state.entries), plain(range(2, 3)));
  await wal.close();
});

void t.test('any flipped byte in front of the last record is refused, with file and offset', async (t) => {
  const dir = await tempDir(t);
  const file = await makeLog(dir, 4);
  const bytes = await readFile(file);
  const lastRecord = 16 + 21 + 'entry 5'.length;
  for (let at = 0; at < bytes.length - lastRecord; at++) {
    const damaged = Buffer.from(bytes);
    damaged[at]! ^= 0x10;
    await writeFile(file, damaged);
    const error: unknown = await openWal(optionsFor(dir, { fsync: false })).then(
      ({ wal }) => wal.close(),
      (e: unknown) => e,
    );
    if (!(error instanceof CorruptFileError) || error.file !== file || error.offset > at)
      t.fail(`byte ${at}: ${String(error)}`);
    else if (at >= segmentHeaderBytes && error.offset === 0) t.fail(`byte ${at} was reported as byte 0`);
  }
  await writeFile(file, bytes);
  const { wal } = await openWal(optionsFor(dir));
  await wal.close();
});

void t.test('a damaged older segment, or a missing one, is refused by name', async (t) => {
  const dir = await tempDir(t);
  const options = optionsFor(dir, { segmentBytes: 500 });
  const { wal } = await openWal(options);
  for (let i = 2; i < 40; i++) await write(wal, { entries: [entry(i)] });
  await wal.close();
  const [first, second] = (await readdir(options.dir)).sort().map((name) => join(options.dir, name));
  const bytes = await readFile(second!);
  await truncate(second!, bytes.length - 3);
  await t.rejects(openWal(options), { name: 'CorruptFileError', file: second });
  await rm(second!);
  await t.rejects(openWal(options), { name: 'CorruptFileError', message: /is missing/ });
  await writeFile(second!, bytes);
  await rm(first!);
  await t.rejects(openWal(options), { name: 'CorruptFileError', file: second, message: /older segment is missing/ });
});

void t.test('a log of another cluster, another member or a newer version is refused', async (t) => {
  const dir = await tempDir(t);
  const file = await makeLog(dir, 1);
  const cases = {
    cluster: { metadata: { nodeId: 'a', clusterId: 'other' }, message: /belongs to cluster c, but .* cluster other/ },
    member: { metadata: { nodeId: 'b', clusterId: 'c' }, message: /belongs to member a, but this member is b/ },
  };
  for (const { metadata, message } of Object.values(cases)) {
    await t.rejects(openWal(optionsFor(dir, { metadata })), { name: 'WrongDataDirError', message });
  }
  const bytes = await readFile(file);
  encodeSegmentHeader({ version: 99, salt: bytes.readUInt32LE(12), sequence: 1, firstIndex: 2 }).copy(bytes);
  await writeFile(file, bytes);
  await t.rejects(openWal(optionsFor(dir)), WrongDataDirError);
});

void t.test(
  'a write that fails ends the log: nothing is acknowledged after it, and the error names the file',
  async (t) => {
    const dir = await tempDir(t);
    // Every write to /dev/full fails with ENOSPC, as on a full disk.
    const { open } = await import('node:fs/promises');
    const { Wal } = await import('./wal.ts');
    const handle = await open('/dev/full', 'r+').catch(() => undefined);
    if (handle === undefined) {
      t.pass('no /dev/full on this machine');
      return;
    }
    const head = {
      metadata: { nodeId: 'a', clusterId: 'c' },
      mark: boot,
      hardState: { term: 1, vote: '', commit: 1 },
      lastIndex: 1,
    };
    const segment = { file: '/dev/full', sequence: 1, firstIndex: 2 };
    const wal = new Wal(
      { dir, fsync: true, segmentBytes: 1e6, disk: systemDisk, clock: systemClock, random: systemRandom },
      head,
      [segment],
      {
        handle,
        salt: 1,
        size: 0,
        olderBytes: 0,
      },
    );
    let acknowledged = 0;
    wal.append({ entries: [entry(2)] }, true, () => acknowledged++);
    const error = await wal.failed;
    t.match(error.message, /write of \/dev\/full failed: no space left on device \(ENOSPC\)\. .*Free space/);
    wal.append({ entries: [entry(3)] }, true, () => acknowledged++);
    await wal.close();
    t.equal(acknowledged, 0);
  },
);
