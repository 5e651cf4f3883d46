import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import type { Test } from 'tap';
import { eventually } from '../../client/testing/eventually.ts';
import { bytes, TestClient } from '../../store/etcd/test-client.ts';
import { TestCluster } from '../../store/etcd/test-cluster.ts';
import { backUp, backUpEvery } from './backup-schedule.ts';
import { saveSnapshot } from './save-snapshot.ts';
import { sizeText, statusText } from './status-text.ts';

t.setTimeout(120_000);
const directory = mkdtempSync(join(tmpdir(), 'kuorum-backup-'));
t.teardown(() => rmSync(directory, { recursive: true, force: true }));

const patienceMs = 60_000;
const never = new AbortController().signal;
const addressOf = (...endpoints: string[]) => ({ endpoints, tls: {} });
const gone = 'http://127.0.0.1:1';

async function oneMember(t: Test): Promise<TestCluster> {
  const cluster = await TestCluster.start(1);
  t.teardown(() => cluster.stop());
  const client = new TestClient(cluster.clientUrl(0));
  for (let i = 0; i < 10; i++) await client.call('KV/Put', { key: bytes(`k${i}`), value: bytes('v') });
  client.close();
  return cluster;
}

void t.test("backUp saves, reads the whole file, and keeps the newest few; others' files are left alone", async (t) => {
  const cluster = await oneMember(t);
  const to = join(directory, 'kept');
  const options = { address: addressOf(gone, cluster.clientUrl(0)), directory: to, keep: 2, signal: never };
  const files: string[] = [];
  for (let i = 0; i < 4; i++) {
    const { file, status } = await backUp(options);
    t.match(status, { revision: 11, totalKey: 10 });
    if (i === 0) {
      writeFileSync(join(to, 'mine.db'), 'not a backup');
      writeFileSync(join(to, `${file.slice(to.length + 1)}.999999999-abcd.part`), 'a run that was killed');
      writeFileSync(join(to, `${file.slice(to.length + 1)}.${process.pid}-abcd.part`), 'one that runs');
    }
    files.push(file.slice(to.length + 1));
  }
  const found = readdirSync(to).sort();
  t.same(found, [...files.slice(2), `${files[0]}.${process.pid}-abcd.part`, 'mine.db'].sort());
});

void t.test('backUpEvery goes on after a failure, and says why', async (t) => {
  const cluster = await oneMember(t);
  const to = join(directory, 'every');
  const said: string[] = [];
  t.intercept(process.stderr, 'write', { value: (text: string) => said.push(text) > 0 });
  t.intercept(process.stdout, 'write', { value: () => true });
  const abort = new AbortController();
  const address = { endpoints: [gone], tls: {} };
  const running = backUpEvery({ address, directory: to, everyMs: 20, keep: 3, once: false, signal: abort.signal });
  await eventually('it failed twice', () => said.length >= 2, patienceMs);
  t.match(said[0], new RegExp(`no backup this time: ${gone} cannot be reached`));
  address.endpoints[0] = cluster.clientUrl(0);
  await eventually(
    'it saved three',
    () => readdirSync(to).filter((name) => name.endsWith('.db')).length === 3,
    patienceMs,
  );
  abort.abort();
  await running;
  t.same(
    readdirSync(to).filter((name) => !name.endsWith('.db')),
    [],
  );
  await t.rejects(
    backUpEvery({ address: addressOf(gone), directory: to, everyMs: 20, keep: 3, once: true, signal: never }),
    { name: 'CliError', exitCode: 1, message: /cannot be reached/ },
  );
  t.equal(readdirSync(to).length, 3, 'a failure removes nothing');
});

void t.test('without a leader there is a snapshot, but no backup', async (t) => {
  const cluster = await TestCluster.start(3);
  t.teardown(() => cluster.stop());
  await cluster.stopMember(1);
  await cluster.stopMember(2);
  await eventually('the last one knows no leader', () => cluster.running[0]!.status().leader === '', patienceMs);
  const address = addressOf(cluster.clientUrl(0));
  await t.rejects(backUp({ address, directory, keep: 2, signal: never }), /etcdserver: no leader/);
  const file = join(directory, 'last.db');
  await saveSnapshot({ address, file, signal: never });
  t.ok(statSync(file).size > 4096);
});

void t.test('a full disk, a folder that is not there: said, and nothing stays', async (t) => {
  const cluster = await oneMember(t);
  const address = addressOf(cluster.clientUrl(0));
  const file = join(directory, 'full.db');
  const part = join(directory, 'full.db.part');
  symlinkSync('/dev/full', part);
  await t.rejects(saveSnapshot({ address, file, part, signal: never }), {
    name: 'CliError',
    message: `${part} cannot be written: no space left on its file system`,
  });
  await t.rejects(
    saveSnapshot({ address, file: join(directory, 'no', 'a.db'), signal: never }),
    /there is no such directory/,
  );
  const used = join(directory, 'used');
  writeFileSync(used, '');
  await t.rejects(backUp({ address, directory: used, keep: 1, signal: never }), /--to .*used: /);
  t.notOk(readdirSync(directory).some((name) => name.startsWith('full')));
});

void t.test('what is not sound gets no name, and removes nothing', async (t) => {
  const cluster = await oneMember(t);
  const file = join(directory, 'unsound.db');
  const check = (): Promise<void> => Promise.reject(new Error('it is damaged'));
  await t.rejects(
    saveSnapshot({ address: addressOf(cluster.clientUrl(0)), file, check, signal: never }),
    /it is damaged/,
  );
  t.notOk(readdirSync(directory).some((name) => name.startsWith('unsound')));
  await saveSnapshot({ address: addressOf(cluster.clientUrl(0)), file, signal: never });
  t.equal(readFileSync(file).length % 512, 32);
});

void t.test('statusText is what etcdutl prints', (t) => {
  const status = { hash: 0x5a7d5b15, revision: 8, totalKey: 13, totalSize: 16384, version: '3.6.0' };
  t.equal(statusText(status, 'simple'), '5a7d5b15, 8, 13, 16 kB, 3.6.0');
  t.equal(
    statusText(status, 'table'),
    [
      '+----------+----------+------------+------------+---------+',
      '|   HASH   | REVISION | TOTAL KEYS | TOTAL SIZE | VERSION |',
      '+----------+----------+------------+------------+---------+',
      '| 5a7d5b15 |        8 |         13 |      16 kB |   3.6.0 |',
      '+----------+----------+------------+------------+---------+',
    ].join('\n'),
  );
  t.same(JSON.parse(statusText(status, 'json')!), status);
  t.equal(statusText(status, 'xml'), undefined);
  t.same([9, 999, 1000, 20480, 1_500_000, 2_000_000_000].map(sizeText), [
    '9 B',
    '999 B',
    '1.0 kB',
    '20 kB',
    '1.5 MB',
    '2.0 GB',
  ]);
  t.end();
});
