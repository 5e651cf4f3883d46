import { spawn } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
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

void t.test('of many that ask at once one gets it', async (t) => {
  const dir = await tempDir(t);
  await writeFile(join(dir, 'lock'), JSON.stringify({ pid: 2 ** 22 - 1, host: 'gone', startTime: '1' }));
  const results = await Promise.allSettled(Array.from({ length: 8 }, () => lockDataDir(dir)));
  t.equal(results.filter(({ status }) => status === 'fulfilled').length, 1);
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

void t.test('stale locks are recognised', async (t) => {
  const hostname = (await import('node:os')).hostname();
  const cases: Record<string, string> = {
    'no such process': JSON.stringify({ pid: 2 ** 22 - 1, host: hostname, startTime: '1' }),
    'the pid belongs to another process now': JSON.stringify({ pid: process.ppid, host: hostname, startTime: '1' }),
    'our own pid, of an earlier boot': JSON.stringify({ pid: process.pid, host: hostname, startTime: '1' }),
    'not readable': 'garbage',
    empty: '',
  };
  for (const [name, content] of Object.entries(cases)) {
    const dir = await tempDir(t);
    await writeFile(join(dir, 'lock'), content);
    const lock = await lockDataDir(dir);
    t.match(JSON.parse(await readFile(join(dir, 'lock'), 'utf8')), { pid: process.pid }, name);
    await lock.release();
  }
});
