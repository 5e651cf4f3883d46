import { appendFile, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import type { Test } from 'tap';
import { systemClock } from '../../../base/clock.ts';
import type { LogOptions } from './log-options.ts';
import { readLog } from './log-reader.ts';

const all: LogOptions = { follow: false, previous: false, timestamps: false };
const line = (second: number, text: string, tag = 'F'): string =>
  `2026-01-02T03:04:0${second}.000000000Z stdout ${tag} ${text}\n`;
const text = line(1, 'one') + line(2, 'tw', 'P') + line(2, 'o') + 'no log line at all\n' + line(3, 'three');

async function fileWith(t: Test, content: string): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'kuorum-log-'));
  t.teardown(() => rm(dir, { recursive: true }));
  await writeFile(join(dir, '0.log'), content);
  return join(dir, '0.log');
}

async function read(path: string, options: Partial<LogOptions>, isRunning = () => false): Promise<string> {
  const source = { path, clock: systemClock, signal: AbortSignal.timeout(5_000), isRunning: async () => isRunning() };
  let out = '';
  for await (const piece of readLog(source, { ...all, ...options })) out += piece.toString();
  return out;
}

void t.test('readLog gives out the lines that are asked for', async (t) => {
  const path = await fileWith(t, text);
  const cases: [name: string, options: Partial<LogOptions>, out: string][] = [
    ['all; parts are joined, and what is no log line is left out', {}, 'one\ntwo\nthree\n'],
    ['the last', { tailLines: 1 }, 'three\n'],
    ['none', { tailLines: 0 }, ''],
    ['more than there are', { tailLines: 99 }, 'one\ntwo\nthree\n'],
    ['bytes', { limitBytes: 5 }, 'one\nt'],
    ['since a time', { sinceMs: Date.parse('2026-01-02T03:04:03Z') }, 'three\n'],
    ['times', { timestamps: true, tailLines: 1 }, '2026-01-02T03:04:03.000000000Z three\n'],
  ];
  for (const [name, options, out] of cases) t.equal(await read(path, options), out, name);
});

void t.test('readLog finds the last lines over several chunks', async (t) => {
  const long = 'x'.repeat(50_000);
  const path = await fileWith(t, line(1, `a${long}`) + line(2, `b${long}`) + line(3, `c${long}`));
  t.equal(await read(path, { tailLines: 2 }), `b${long}\nc${long}\n`);
});

void t.test('readLog follows a file until its container has ended', async (t) => {
  const path = await fileWith(t, line(1, 'one'));
  let looks = 0;
  const isRunning = (): boolean => {
    looks++;
    if (looks === 1) void appendFile(path, line(2, 'two'));
    return looks < 3;
  };
  t.equal(await read(path, { follow: true, tailLines: 0 }, isRunning), 'two\n');
});

void t.test('readLog says where there is no such file', async (t) => {
  await t.rejects(read('/nowhere/0.log', {}), /failed to try resolving symlinks in path "\/nowhere\/0.log"/);
});
