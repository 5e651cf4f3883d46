import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { silentLog } from '../../base/log.ts';
import { eventually } from '../../client/testing/eventually.ts';
import { createTestAuthority } from '../../grpc/testing/certificates.ts';
import type { TestAuthority } from '../../grpc/testing/certificates.ts';
import { tlsFromFiles } from '../../grpc/tls-files.ts';
import type { TlsAllowed } from '../../grpc/tls-files.ts';
import type { EtcdMember, EtcdMemberOptions } from './member.ts';
import { startEtcdMember } from './member.ts';
import { bytes, TestClient } from './test-client.ts';
import { reserveOptions } from './test-cluster.ts';

t.setTimeout(120_000);

const secure = (urls: readonly string[]): string[] => urls.map((url) => url.replace('http:', 'https:'));

/** Three members over TLS whose certificates are in one folder. */
async function setUp(t: { teardown(fn: () => unknown): unknown }, allowed: TlsAllowed = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'kuorum-peer-tls-'));
  const write = async (authority: TestAuthority, name: string, trusted = authority.ca): Promise<void> => {
    const { cert, key } = await authority.issue(name);
    writeFileSync(join(folder, 'ca.crt'), trusted);
    writeFileSync(join(folder, 'tls.crt'), cert);
    writeFileSync(join(folder, 'tls.key'), key);
  };
  const paths = { cert: join(folder, 'tls.crt'), key: join(folder, 'tls.key'), ca: join(folder, 'ca.crt') };
  const { options, remove } = await reserveOptions(3);
  const secured = options.map((one): EtcdMemberOptions => ({
    ...one,
    listenPeerUrls: secure(one.listenPeerUrls),
    initialAdvertisePeerUrls: secure(one.initialAdvertisePeerUrls),
    initialCluster: Object.fromEntries(Object.entries(one.initialCluster).map(([name, urls]) => [name, secure(urls)])),
  }));
  const members: (EtcdMember | undefined)[] = [];
  const start = async (i: number): Promise<void> => {
    members[i] = await startEtcdMember({ ...secured[i]!, peerTls: await tlsFromFiles(paths, silentLog, allowed) });
  };
  t.teardown(async () => {
    await Promise.all(members.map(async (member) => member?.stop()));
    await remove();
    rmSync(folder, { recursive: true, force: true });
  });
  const client = new TestClient(options[0]!.listenClientUrls[0]!);
  t.teardown(() => client.close());
  const put = (value: string): Promise<boolean> =>
    client.call('KV/Put', { key: bytes('k'), value: bytes(value) }).then(
      () => true,
      () => false,
    );
  return { write, start, members, put };
}

void t.test('members that run and one that starts meet with certificates of a new authority', async (t) => {
  const [old, next] = [await createTestAuthority('old'), await createTestAuthority('next')];
  const { write, start, members, put } = await setUp(t);
  await write(old, 'one');
  await Promise.all([0, 1, 2].map(start));
  await eventually('a write is through', () => put('1'), 30_000);
  await members[2]?.stop();
  members[2] = undefined;
  // nothing of the old authority is left: what is open stays open, what is new is of the new one
  await write(next, 'two');
  await start(2);
  await eventually(
    'it has joined again',
    async () => {
      await put('2');
      return members[2]?.describe().revision === members[0]?.describe().revision;
    },
    60_000,
  );
  t.ok(members[2]!.describe().revision > 1);
});

void t.test('a peer whose certificate has another common name is not let in', async (t) => {
  const authority = await createTestAuthority('ca');
  const { write, start, members, put } = await setUp(t, { commonNames: ['peer'] });
  await write(authority, 'peer');
  await Promise.all([0, 1].map(start));
  await eventually('a write is through', () => put('1'), 30_000);
  await write(authority, 'stranger');
  await start(2);
  await new Promise((resolve) => setTimeout(resolve, 1500));
  t.equal(members[2]?.describe().revision, 1, 'it hears nothing');
  await write(authority, 'peer');
  await eventually(
    'with the right one it does',
    async () => {
      await put('2');
      return members[2]?.describe().revision === members[0]?.describe().revision;
    },
    60_000,
  );
});
