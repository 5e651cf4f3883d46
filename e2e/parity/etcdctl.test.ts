/**
 * What etcdctl prints on Kuorum, word for word what it prints on the current etcd: answers/etcdctl-*.txt were printed on that
 * one (`KUORUM_REWRITE=1` writes them anew).
 */
import t from 'tap';
import type { Test } from 'tap';
import { startEtcd } from '../testing/etcd-process.ts';
import { findPeer } from '../testing/peers.ts';
import { readAnswers, writeAnswers } from './answers.ts';
import type { Transcripts } from './answers.ts';
import { etcdctlLines, typeLines } from './etcdctl-lines.ts';

t.setTimeout(300_000);
const server = findPeer('etcd-3.7');
/** the oldest and the newest that are spoken of */
const clients = { '3.4': 'etcdctl', '3.7': 'etcdctl-3.7' } as const;

async function typeOn(program: string, etcdctl: string, version: string): Promise<Transcripts> {
  const lines = etcdctlLines.filter(({ since }) => since === undefined || since <= version);
  const { urls, stop } = await startEtcd({ program, flags: ['--bcrypt-cost=4'] });
  try {
    return await typeLines(etcdctl, new URL(urls[0] ?? '').host, lines);
  } finally {
    await stop();
  }
}

function compare(t: Test, printed: Transcripts, expected: Transcripts): void {
  t.same([...printed.keys()], [...expected.keys()], 'the same lines were typed');
  for (const [name, text] of printed) t.same(text, expected.get(name), name);
}

void t.test('what is printed', { jobs: 2 }, async (t) => {
  for (const [version, name] of Object.entries(clients)) {
    const etcdctl = findPeer(name);
    const file = `etcdctl-${version}`;
    const skip = etcdctl === undefined && `${name} not installed`;
    void t.test(`by etcdctl ${version} on kuorum`, { skip }, async (t) => {
      if (process.env['KUORUM_REWRITE'] === '1') writeAnswers(file, await typeOn(server ?? '', etcdctl ?? '', version));
      compare(t, await typeOn('kuorum', etcdctl ?? '', version), readAnswers(file));
    });
    // once is enough to know that the answers are true
    if (version !== '3.7') continue;
    const lacks = skip || (server === undefined && 'etcd-3.7 not installed');
    void t.test(`by etcdctl ${version} on etcd 3.7`, { skip: lacks }, async (t) => {
      compare(t, await typeOn(server ?? '', etcdctl ?? '', version), readAnswers(file));
    });
  }
});
