import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import type { Test } from 'tap';
import { sleep } from '../../../base/clock.ts';
import { LevelBackend } from '../../backend/level-backend.ts';
import { startEtcdMember } from '../member.ts';
import { bootstrapOf } from '../member-options.ts';
import { indexKey, jsonValue, metaKey, recordKey } from '../records.ts';
import { restoreBackup } from '../restore.ts';
import { bytes, TestClient } from '../test-client.ts';
import { reserveOptions, TestCluster } from '../test-cluster.ts';
import { fill } from '../test-content.ts';
import { takeSnapshot } from '../test-snapshot.ts';
import { verifyDirectory } from './verify-directory.ts';

t.setTimeout(120_000); // busy machines are slow

/** Everything below, as names with sizes and times of change: what a check must leave alone. */
function listing(directory: string): string[] {
  return readdirSync(directory, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .map((path) => `${path} ${statSync(path).size} ${statSync(path).mtimeMs}`)
    .sort();
}

async function until(what: string, holds: () => boolean): Promise<void> {
  for (let waitedMs = 0; waitedMs < 30_000; waitedMs += 50) {
    if (holds()) return;
    await sleep(50);
  }
  throw new Error(`${what}: not within 30 s`);
}

/** A stopped member's data; with a small `snapshotCount` its log is cut. */
async function stoppedMember(t: Test, more = {}, cutAt?: number): Promise<string> {
  const cluster = await TestCluster.start(1, more);
  t.teardown(() => cluster.stop());
  const client = new TestClient(cluster.clientUrl(0));
  await fill(client);
  for (let i = 0; i < 60; i++) await client.call('KV/Put', { key: bytes(`p${i % 10}`), value: bytes(`value ${i}`) });
  if (cutAt !== undefined) {
    // the store is synced, and the log cut behind that, every few seconds
    await until('the log is cut', () => cluster.running[0]!.status().snapshotIndex > cutAt);
  }
  client.close();
  await cluster.stopMember(0);
  return cluster.optionsOf(0).dataDir;
}

const scratch = mkdtempSync(join(tmpdir(), 'kuorum-verify-test-'));
t.teardown(() => rmSync(scratch, { recursive: true, force: true }));
let copies = 0;
function copyOf(directory: string): string {
  const copy = join(scratch, String(++copies));
  cpSync(directory, copy, { recursive: true });
  return copy;
}

const faultsOf = async (directory: string) => (await verifyDirectory(directory, 'member')).faults;

async function changeStore(directory: string, change: (backend: LevelBackend) => Promise<void>): Promise<void> {
  const backend = await LevelBackend.open(join(directory, 'store'));
  await change(backend);
  await backend.close();
}

void t.test('a sound member: every part is read, log and store agree, and nothing is changed', async (t) => {
  const dataDir = await stoppedMember(t);
  const before = listing(dataDir);
  const { faults, lines } = await verifyDirectory(dataDir, 'member');
  t.same(faults, []);
  const text = lines.join('\n');
  t.match(text, /^written by kuorum \d/);
  t.match(text, /^log: 1 segments, entries 2 to \d+ \(behind 1\), last of term \d+/m);
  t.match(text, /^store: revision 87, compacted at 22, 19 keys in \d+ records, 2 leases, 1 members/m);
  t.match(text, /^log against store: all \d+ entries replayed and compared$/m);
  t.same(listing(dataDir), before);
  mkdirSync(join(dataDir, '.verify-left-by-one-that-was-killed'));
  t.same((await verifyDirectory(join(dataDir, 'raft'), 'raft')).faults, []);
  t.same((await verifyDirectory(join(dataDir, 'store'), 'store')).faults, []);
  t.same(readdirSync(dataDir).sort(), ['raft', 'store', 'version.json']);
});

void t.test(
  'a flipped bit in the log, in a table, in the log of the store: the file and the place are named',
  async (t) => {
    const dataDir = await stoppedMember(t);
    const flip = (path: string, at: number): void => {
      const content = readFileSync(path);
      content[at]! ^= 4;
      writeFileSync(path, content);
    };
    const inLog = copyOf(dataDir);
    const wal = join(inLog, 'raft', 'wal');
    const segment = join(
      wal,
      readdirSync(wal).find((name) => name.endsWith('.wal'))!,
    );
    flip(segment, 2000);
    const [logFault] = await faultsOf(inLog);
    t.match(logFault, { file: segment, what: /checksum|header is damaged/ });
    t.ok(logFault!.offset! <= 2000 && logFault!.offset! > 1000, `at ${logFault!.offset}`);

    const inStore = copyOf(dataDir);
    const database = join(inStore, 'store', readFileSync(join(inStore, 'store', 'current'), 'utf8').trim());
    const file = join(
      database,
      readdirSync(database).find((name) => name.endsWith('.log') && statSync(join(database, name)).size > 3000)!,
    );
    flip(file, 1500);
    t.match(await faultsOf(inStore), [{ file, offset: Number, what: /checksum|header is damaged/ }]);
  },
);

void t.test('a log that lost its end behind what is applied, and one whose file is gone', async (t) => {
  const dataDir = await stoppedMember(t);
  const cut = copyOf(dataDir);
  const wal = join(cut, 'raft', 'wal');
  const segment = join(
    wal,
    readdirSync(wal).find((name) => name.endsWith('.wal'))!,
  );
  truncateSync(segment, statSync(segment).size - 3000);
  t.match(await faultsOf(cut), [
    { file: join(cut, 'raft'), what: /are applied, but the log ends at \d+: it was cut off or lost/ },
  ]);
  rmSync(segment);
  t.match(await faultsOf(cut), [{ file: wal, what: 'there is no log' }]);
  rmSync(join(cut, 'raft'), { recursive: true });
  t.match(await faultsOf(cut), [{ file: join(cut, 'raft'), what: 'it is missing' }]);
});

void t.test('records that are sound by themselves, but not together', async (t) => {
  const dataDir = await stoppedMember(t);
  const cases: [string, (backend: LevelBackend) => Promise<void>, RegExp][] = [
    [
      'a revision is gone',
      (b) => b.write([{ key: recordKey({ modRevision: 50, sub: 0 }), value: undefined }]),
      /revisions 50 to 50 are missing/,
    ],
    [
      'half of a transaction',
      (b) => b.write([{ key: recordKey({ modRevision: 25, sub: 0 }), value: undefined }]),
      /change 0 of revision 25 is missing/,
    ],
    [
      'the newest one is gone',
      (b) => b.write([{ key: recordKey({ modRevision: 87, sub: 0 }), value: undefined }]),
      /the store is at revision 87, its last record of 86/,
    ],
    [
      'a record in the wrong place',
      async (b) => {
        const value = await b.get(recordKey({ modRevision: 60, sub: 0 }));
        await b.write([{ key: recordKey({ modRevision: 61, sub: 0 }), value }]);
      },
      /the record of revision 61 says that it is of 60/,
    ],
    [
      'no record at all',
      (b) => b.write([{ key: recordKey({ modRevision: 70, sub: 0 }), value: new Uint8Array([1, 2, 3]) }]),
      /the record of revision 70 cannot be read/,
    ],
    [
      'a lease that does not exist',
      (b) => b.write([{ key: Buffer.from('6c000000000000004d', 'hex'), value: undefined }]),
      /"leased" is attached to lease 77, which does not exist/,
    ],
    [
      'a revision that is too high',
      (b) => b.write([{ key: metaKey, value: jsonValue({ revision: 99, compactRevision: 22 }) }]),
      /the store is at revision 99/,
    ],
  ];
  for (const [name, change, expected] of cases) {
    const copy = copyOf(dataDir);
    await changeStore(copy, change);
    const faults = await faultsOf(copy);
    t.ok(
      faults.some(({ file, what }) => file === join(copy, 'store') && expected.test(what)),
      `${name}: ${JSON.stringify(faults)}`,
    );
  }
});

void t.test('a store that is sound by itself, but not what the log says', async (t) => {
  const dataDir = await stoppedMember(t);
  const copy = copyOf(dataDir);
  await changeStore(copy, async (backend) => {
    const key = recordKey({ modRevision: 87, sub: 0 });
    const value = Buffer.from((await backend.get(key))!);
    value[value.length - 1]!++;
    await backend.write([{ key, value }]);
  });
  t.match(await faultsOf(copy), [
    { file: join(copy, 'store'), what: 'revision 87 is not what the log says' },
    { what: /the values/ },
  ]);
  const behind = copyOf(dataDir);
  await changeStore(behind, (backend) => backend.write([{ key: indexKey, value: jsonValue(30) }]));
  t.match(await faultsOf(behind), [{ what: /^the store is at revision 87, by the log it should be at \d\d?$/ }]);
});

void t.test('where the log was cut, the last puts in it are compared', async (t) => {
  const dataDir = await stoppedMember(t, { snapshotCount: 20, catchUpEntries: 15 }, 70);
  const sound = await verifyDirectory(dataDir, 'member');
  t.same(sound.faults, []);
  const text = sound.lines.join('\n');
  t.match(text, /the log begins later than the store: entries \d+ to \d+ compared by the last values of \d+ keys/);
  t.notMatch(text, /values of 0 keys/);
  const copy = copyOf(dataDir);
  await changeStore(copy, async (backend) => {
    const key = recordKey({ modRevision: 87, sub: 0 });
    const value = Buffer.from((await backend.get(key))!);
    value[value.length - 1]!++;
    await backend.write([{ key, value }]);
  });
  t.match(await faultsOf(copy), [
    { what: /"p9", which entry \d+ of the log puts, has another value in the store, of revision 87/ },
  ]);
});

void t.test(
  'a running member is left alone; one made of a backup is sound before its first start and after',
  async (t) => {
    const cluster = await TestCluster.start(1);
    const client = new TestClient(cluster.clientUrl(0));
    const { options, remove } = await reserveOptions(1);
    t.teardown(async () => {
      client.close();
      await cluster.stop();
      await remove();
    });
    await fill(client);
    await t.rejects(verifyDirectory(cluster.optionsOf(0).dataDir, 'member'), { name: 'DataDirLockedError' });
    await t.rejects(verifyDirectory(join(cluster.optionsOf(0).dataDir, 'store'), 'store'), {
      name: 'DataDirLockedError',
    });
    const [one] = options;
    const file = join(scratch, 'backup.db');
    writeFileSync(file, await takeSnapshot(cluster.clientUrl(0)));
    await restoreBackup({ file, dataDir: one!.dataDir, bootstrap: bootstrapOf(one!) });
    t.same(await faultsOf(one!.dataDir), []);
    const member = await startEtcdMember(one!);
    const again = new TestClient(member.clientUrls[0]!);
    for (let i = 0; i < 5; i++) await again.call('KV/Put', { key: bytes('x'), value: bytes(String(i)) });
    again.close();
    await member.stop();
    const { faults, lines } = await verifyDirectory(one!.dataDir, 'member');
    t.same(faults, []);
    t.match(lines.join('\n'), /compared by the last values of 1 keys/);
    t.ok(existsSync(join(one!.dataDir, 'raft')));
  },
);
