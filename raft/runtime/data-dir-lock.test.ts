import { spawn } from 'node:child_process';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { lockDataDir } from './data-dir-lock.ts';

async function tempDir(t: { teardown(fn: () => unknown): unknown }): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'kuorum-lock-'));
  t.teardown(() => rm(dir, { recursive: true, force: true }));
  return dir;
}

void t.test('a data directory has one holder; the next gets an error that names it', async (t) => {
  const dir = await tempDir(t);
  const lock = await lockDataDir(dir);
  await t.rejects(lockDataDir(dir), {
    name: 'DataDirLockedError',
    pid: process.pid,
    message: new RegExp(`${dir} is in use by process ${process.pid}`),
  });
  await lock.release();
  await (await lockDataDir(dir)).release();
  t.same(await readdir(dir), [], 'nothing stays behind');
});

const noSuchPid = 2 ** 22 - 1;
const nonce = '0123456789abcdef';

void t.test('of many that ask at once at most one gets it, and one that asks later does', async (t) => {
  for (let round = 0; round < 5; round++) {
    const dir = await tempDir(t);
    await writeFile(join(dir, `lock.${noSuchPid}.1.${nonce}`), '');
    const results = await Promise.allSettled(Array.from({ length: 6 }, () => lockDataDir(dir)));
    const held = results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
    t.ok(held.length <= 1, `${held.length} held it`);
    for (const lock of held) await lock.release();
    await (await lockDataDir(dir)).release();
    t.same(await readdir(dir), []);
  }
});

void t.test('a living process keeps its lock, kill -9 frees it', async (t) => {
  const dir = await tempDir(t);
  const module = new URL('data-dir-lock.ts', import.meta.url).href;
  const script = `const { lockDataDir } = await import(${JSON.stringify(module)});
    await lockDataDir(${JSON.stringify(dir)}); console.log('locked'); setInterval(() => {}, 1000);`;
  const child = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', script]);
  t.teardown(() => child.kill('SIGKILL'));
  await new Promise((resolve) => child.stdout.once('data', resolve));
  await t.rejects(lockDataDir(dir), { name: 'DataDirLockedError', pid: child.pid });
  const exited = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGKILL');
  await exited;
  await (await lockDataDir(dir)).release();
});

void t.test('stale locks are recognised and removed', async (t) => {
  const cases = {
    'no such process': `lock.${noSuchPid}.1.${nonce}`,
    'the pid belongs to another process now': `lock.${process.ppid}.1.${nonce}`,
    'our own pid, of an earlier process': `lock.${process.pid}.1.${nonce}`,
  };
  for (const [name, file] of Object.entries(cases)) {
    const dir = await tempDir(t);
    await writeFile(join(dir, file), '');
    const lock = await lockDataDir(dir);
    t.notOk((await readdir(dir)).includes(file), name);
    await lock.release();
  }
});
