/** A member under all kinds of writes is killed with -9, again and again: what is on its disk is sound each time. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import type { Test } from 'tap';
import { bytes, TestClient } from '../store/etcd/test-client.ts';
import { kuorum, startKuorum } from './testing/local-cluster.ts';
import { freePort } from './testing/ports.ts';

t.setTimeout(300_000);
const writers = 8;
const writesEach = 120;

/** Puts, deletions, transactions, leases that run out or are revoked, compactions; ends when the member is gone. */
async function write(client: TestClient, writer: number, onWrite: () => void): Promise<void> {
  const put = (key: string, value: string, lease = 0n) =>
    client.call('KV/Put', { key: bytes(key), value: bytes(value), lease });
  const kinds: ((i: number, key: string) => Promise<unknown>)[] = [
    (i, key) => put(key, `${writer}-${i}`),
    (_, key) => client.call('KV/DeleteRange', { key: bytes(key), rangeEnd: bytes(`${key}~`) }),
    (i, key) =>
      client.call('KV/Txn', {
        compare: [{ key: bytes(key), target: 0, result: 1, version: 3 }],
        success: [
          { requestPut: { key: bytes(key), value: bytes(`t${i}`) } },
          { requestDeleteRange: { key: bytes('l3') } },
        ],
        failure: [{ requestPut: { key: bytes('other'), value: bytes(String(i)) } }],
      }),
    async (i) => {
      const { ID } = await client.call<{ ID: bigint }>('Lease/LeaseGrant', { TTL: 1 + (i % 3) });
      await put(`l${writer}`, String(i), ID);
      if (i % 2 === 0) await client.call('Lease/LeaseRevoke', { ID });
    },
    async (_, key) => {
      const { header } = await client.call<{ header: { revision: number } }>('KV/Range', { key: bytes(key) });
      if (writer === 0 && header.revision > 60) await client.call('KV/Compact', { revision: header.revision - 50 });
    },
  ];
  for (let i = 0; ; i++) {
    await kinds[i % kinds.length]!(i, `k${(writer * 7 + i) % 40}`);
    onWrite();
  }
}

async function runAndKill(t: Test, dataDir: string, snapshotCount: number): Promise<void> {
  const [url, peer] = [`http://127.0.0.1:${await freePort()}`, 'http://localhost:2380'];
  const flags = {
    'data-dir': dataDir,
    'snapshot-count': String(snapshotCount),
    'listen-client-urls': url,
    'advertise-client-urls': url,
    'listen-peer-urls': `http://127.0.0.1:${await freePort()}`,
    'initial-advertise-peer-urls': peer,
  };
  const child = startKuorum(['etcd', ...Object.entries(flags).map(([name, value]) => `--${name}=${value}`)]);
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()));
  t.teardown(() => child.kill('SIGKILL'));
  let log = '';
  await new Promise<void>((resolve, reject) => {
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      log = (log + text).slice(-10_000);
      if (log.includes('ready to serve client requests')) resolve();
    });
    void ended.then(() => reject(new Error(log)));
  });
  const client = new TestClient(url);
  let written = 0;
  const kill = (): void => {
    if (++written === writers * writesEach) child.kill('SIGKILL');
  };
  const ends = await Promise.allSettled(Array.from({ length: writers }, (_, writer) => write(client, writer, kill)));
  client.close();
  await ended;
  t.ok(written >= writers * writesEach, `${written} writes; ${String((ends[0] as PromiseRejectedResult).reason)}`);
}

void t.test('kuorum verify after kill -9', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'kuorum-verify-kill-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  const dataDir = join(folder, 'm');
  for (const snapshotCount of [10_000, 50, 50]) {
    await runAndKill(t, dataDir, snapshotCount);
    const { code, stdout, stderr } = await kuorum(['verify', dataDir]);
    t.equal(code, 0, `${stdout}${stderr}`);
    t.match(stdout, /log against store: all \d+ entries replayed and compared[^]*sound/);
  }
});
