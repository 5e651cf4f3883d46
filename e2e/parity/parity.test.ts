/**
 * One list of cases, played on Kuorum behind each of its gRPC servers and on every real etcd that is there. What the
 * current etcd answers is in answers/; an older one is asked only what it answers alike.
 */
import { readFileSync } from 'node:fs';
import t from 'tap';
import type { Test } from 'tap';
import { startEtcd } from '../testing/etcd-process.ts';
import { findPeer } from '../testing/peers.ts';
import { allCases } from './all-cases.ts';
import { readAnswers, writeAnswers } from './answers.ts';
import type { Transcripts } from './answers.ts';
import type { ParityCase } from './parity-case.ts';
import { runCases } from './run-cases.ts';

t.setTimeout(300_000);
const cases = Object.values(allCases).flat();
/** the release line that the answers are from */
const current = '3.7';
const rewrite = process.env['KUORUM_REWRITE'] === '1';
/** of Kuorum, where it answers otherwise on purpose */
const differing = 'of-kuorum';

const play = async (program: string, flags: readonly string[], played: readonly ParityCase[]): Promise<Transcripts> => {
  // passwords that are cheap to hash: there are many logins
  const { urls, stop } = await startEtcd({ program, flags: [...flags, '--bcrypt-cost=4'] });
  try {
    return await runCases(urls[0] ?? '', played);
  } finally {
    await stop();
  }
};

const pick = (transcripts: Transcripts, picked: readonly ParityCase[]): Transcripts =>
  new Map(picked.map(({ name }) => [name, transcripts.get(name) ?? []]));

/** Real etcds, the newest first. */
const lines = ['3.7', '3.6', '3.4'] as const;
const programs = { '3.7': 'etcd-3.7', '3.6': 'etcd-3.6', '3.4': 'etcd' } as const;
const isOn = ({ since }: ParityCase, line: string): boolean => since === undefined || since <= line;

async function rewriteAnswers(): Promise<void> {
  const program = findPeer(programs[current]);
  if (program === undefined) throw new Error(`${programs[current]} is not here: \`npm run peers\``);
  const transcripts = await play(program, [], cases);
  for (const [name, group] of Object.entries(allCases)) writeAnswers(name, pick(transcripts, group));
  const ours = cases.filter(({ differs }) => differs !== undefined);
  writeAnswers(differing, await play('kuorum', [], ours));
}

if (rewrite) await rewriteAnswers();
const answers = new Map(Object.keys(allCases).flatMap((name) => [...readAnswers(name)]));
const ownAnswers = readAnswers(differing);

function compare(t: Test, transcripts: Transcripts, played: readonly ParityCase[], expected: Transcripts): void {
  for (const { name } of played) t.same(transcripts.get(name), expected.get(name), name);
}

void t.test('the cases have names of their own, and answers', async (t) => {
  t.equal(new Set(cases.map(({ name }) => name)).size, cases.length);
  t.same([...answers.keys()].sort(), cases.map(({ name }) => name).sort());
  t.comment(`${cases.length} cases`);
});

void t.test('a case in which Kuorum differs names its line of docs/divergence.md', async (t) => {
  const page = readFileSync('docs/divergence.md', 'utf8');
  for (const { name, differs } of cases)
    if (differs !== undefined) t.ok(page.includes(`- ${differs}`), `${name}: ${differs}`);
});

void t.test('the answers of', { jobs: 5 }, async (t) => {
  for (const server of ['lean', 'grpc-js']) {
    void t.test(`kuorum, --grpc-server=${server}`, async (t) => {
      const transcripts = await play('kuorum', [`--grpc-server=${server}`], cases);
      const alike = cases.filter(
        ({ differs, byLibrary }) => differs === undefined && !(byLibrary && server === 'grpc-js'),
      );
      const other = cases.filter(({ differs }) => differs !== undefined);
      compare(t, transcripts, alike, answers);
      compare(t, transcripts, other, ownAnswers);
      for (const { name } of other) t.notSame(transcripts.get(name), answers.get(name), `${name}: it does differ`);
    });
  }
  for (const line of lines) {
    const program = findPeer(programs[line]);
    const skip = program === undefined && `${programs[line]} not installed`;
    void t.test(`etcd ${line}`, { skip }, async (t) => {
      const played = cases.filter((one) => isOn(one, line));
      compare(t, await play(program ?? '', [], played), played, answers);
    });
  }
});
