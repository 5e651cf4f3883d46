import t from 'tap';
import { holdToConformance } from '../../store/backend/testing/conformance.ts';
import { b, dump, put } from '../../store/backend/testing/conformance.ts';
import type { Backend } from '../../store/backend/backend.ts';
import type { Disk } from '../../raft/runtime/disk.ts';
import { EventQueue, Life } from './event-queue.ts';
import { BackendStore } from './sim-backend.ts';
import { SimDisk } from './sim-disk.ts';
import { settle } from './testing/settle.ts';

function machine(seed = 1) {
  const queue = new EventQueue();
  const disk = new SimDisk(queue, seed, 'n0');
  const life = new Life(queue);
  const run = <T>(promise: Promise<T>): Promise<T> => settle(queue, promise);
  return { queue, disk, life, files: disk.of(life), run };
}
const names = async (files: Disk): Promise<string> => (await files.readdir('/d')).sort().join(' ');

async function create(files: Disk, path: string, content: string): Promise<void> {
  const file = await files.open(path, 'w');
  await file.appendFile(b(content));
  await file.sync();
  await file.close();
}

void t.test('names: durable with their directory, in the order of their changes', async (t) => {
  const { disk, files, run } = machine();
  await run(files.mkdir('/d'));
  await run(create(files, '/d/a', '1'));
  await run(files.syncDir('/d'));
  await run(create(files, '/d/b', '2'));
  await run(files.rename('/d/a', '/d/c'));
  t.equal(await run(names(files)), 'b c');
  disk.lose('lost');
  t.equal(await run(names(files)), 'a', 'the rest was not synced');
  await run(create(files, '/d/b', '3'));
  await run(files.unlink('/d/a'));
  await run(files.syncDir('/d'));
  disk.lose('lost');
  t.equal(await run(names(files)), 'b');
  t.equal((await run(files.readFile('/d/b'))).toString(), '3');
  await t.rejects(run(files.readFile('/d/a')), { code: 'ENOENT' });
});

void t.test('names: a prefix of what was not synced survives', async (t) => {
  const outcomes = new Set<string>();
  for (let seed = 0; seed < 40; seed++) {
    const { disk, files, run } = machine(seed);
    await run(files.mkdir('/d'));
    await run(create(files, '/d/a', '1'));
    await run(files.rename('/d/a', '/d/b'));
    disk.lose(undefined);
    outcomes.add(await run(names(files)));
  }
  t.same([...outcomes].sort(), ['', 'a', 'b'], 'never both, and never the later without the earlier');
});

void t.test('a trap springs once, during or right after the operation that was named', async (t) => {
  const moments = new Set<string>();
  for (let seed = 0; seed < 20; seed++) {
    const { queue, disk, life, files, run } = machine(seed);
    await run(files.mkdir('/d'));
    await run(create(files, '/d/a', '1'));
    let sprung = 0;
    let synced = false;
    disk.trap('sync', 2, () => {
      sprung++;
      moments.add(synced ? 'after' : 'during');
    });
    await run(files.syncDir('/d'));
    t.equal(sprung, 0, 'the first is let pass');
    await run(files.syncDir('/d').then(() => (synced = true)));
    await run(files.syncDir('/d'));
    await run(new Promise<void>((resolve) => void queue.plan(1_000_000, life, resolve)));
    t.equal(sprung, 1);
  }
  t.same([...moments].sort(), ['after', 'during']);
  const { disk, files, run } = machine();
  disk.trap('name', 1, () => t.fail('it was removed'))();
  await run(files.mkdir('/d'));
});

void t.test('faults: full, failing, writing short, stuck, slow; each is over when it is taken back', async (t) => {
  const { queue, disk, files, run } = machine();
  await run(files.mkdir('/d'));
  const file = await run(files.open('/d/a', 'w'));
  disk.setFull(true);
  await t.rejects(run(file.writev([b('x')], 0)), { code: 'ENOSPC' });
  t.ok(disk.mayFail);
  disk.setFull(false);
  disk.started();
  t.notOk(disk.mayFail);
  disk.setErrors({ sync: 1 });
  await run(file.writev([b('lost')], 0));
  await t.rejects(run(file.datasync()), { code: 'EIO' });
  disk.setErrors({});
  await run(file.datasync());
  t.equal((await run(files.readFile('/d/a'))).length, 4, 'processes still see it');
  disk.setShortWrites(1);
  const { bytesWritten } = await run(file.writev([new Uint8Array(5000)], 0));
  t.ok(bytesWritten > 0 && bytesWritten < 5000 && bytesWritten % 512 === 0, `${bytesWritten} bytes`);
  disk.setShortWrites(0);
  disk.slowSyncs(500, 60_000);
  const before = queue.timeUs;
  await run(file.datasync());
  t.ok(queue.timeUs - before >= 500_000);
  disk.setStuck(true);
  let done = false;
  const sync = file.datasync().then(() => (done = true));
  while (queue.step(queue.timeUs + 10_000_000)) await Promise.resolve();
  t.notOk(done);
  disk.setStuck(false);
  await run(sync);
  t.ok(done);
});

void t.test(
  'a life that has ended hears of nothing; what a paused one asked for is done, and told later',
  async (t) => {
    const { queue, disk, life, files, run } = machine();
    await run(files.mkdir('/d'));
    const file = await run(files.open('/d/a', 'w'));
    await run(files.syncDir('/d'));
    await run(file.writev([b('kept')], 0));
    let told = false;
    void file.datasync().then(() => (told = true));
    life.pause();
    while (queue.step(queue.timeUs + 1_000_000)) await Promise.resolve();
    t.notOk(told);
    life.end();
    disk.lose('lost');
    const next = disk.of(new Life(queue));
    t.equal((await run(next.readFile('/d/a'))).toString(), 'kept');
    t.notOk(told);
  },
);

void t.test('a directory has one owner, who loses it with his life', async (t) => {
  const { queue, disk, life, files, run } = machine();
  const lock = await run(files.lock('/d'));
  const other = disk.of(new Life(queue));
  await t.rejects(run(other.lock('/d')), { name: 'Error', message: /in use/ });
  await run(lock.release());
  await run(other.lock('/d'));
  t.ok(life.alive);
});

void t.test('a flipped bit changes one byte of a file that matches, for good', async (t) => {
  const { disk, files, run } = machine();
  await run(files.mkdir('/d'));
  await run(create(files, '/d/a.wal', 'aaaa'));
  await run(create(files, '/d/b.snap', 'bbbb'));
  await run(files.syncDir('/d'));
  t.equal(disk.flipBit(/none/), undefined);
  t.equal(disk.flipBit(/\.snap$/), '/d/b.snap');
  t.ok(disk.mayFail);
  t.not((await run(files.readFile('/d/b.snap'))).toString(), 'bbbb');
  t.equal((await run(files.readFile('/d/a.wal'))).toString(), 'aaaa');
  disk.wipe();
  t.notOk(disk.mayFail);
});

/** every promise settled, as a backend of real files would */
function awaited(backend: Backend, run: <T>(promise: Promise<T>) => Promise<T>): Backend {
  return {
    ...backend,
    write: (ops) => run(backend.write(ops)),
    sync: () => run(backend.sync()),
    get: (key) => run(backend.get(key)),
    replace: (entries) => run(backend.replace(entries)),
    close: () => run(backend.close()),
  };
}

void t.test('simulated backend: the conformance suite', async (t) => {
  const { disk, life, run } = machine();
  await holdToConformance(t, awaited(new BackendStore(disk).of(life), run));
});

void t.test('simulated backend: a power failure takes some of the last unsynced writes', async (t) => {
  const outcomes = new Set<string>();
  for (let seed = 0; seed < 60; seed++) {
    const { disk, life, run } = machine(seed);
    const store = new BackendStore(disk);
    const backend = awaited(store.of(life), run);
    await backend.write([put('a', '1'), put('x', 'x')]);
    await backend.sync();
    await backend.write([put('a', '2'), put('b', '2')]);
    await backend.write([{ key: b('x'), value: undefined }]);
    store.lose('some');
    outcomes.add(await dump(backend));
  }
  t.same([...outcomes].sort(), ['a=1 x=x', 'a=2 b=2', 'a=2 b=2 x=x']);
});
