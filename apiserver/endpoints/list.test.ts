import t from 'tap';
import { silentLog } from '../../base/log.ts';
import { MemoryEtcd } from '../storage/memory-etcd.ts';
import { startTestServer } from '../testing/test-server.ts';

interface List {
  kind: string;
  metadata: { resourceVersion: string; continue?: string; remainingItemCount?: number };
  items: { metadata: { name: string } }[];
}

const path = '/api/v1/namespaces/default/configmaps';

void t.test('list', async (t) => {
  const etcd = new MemoryEtcd();
  const server = await startTestServer({ etcdClient: etcd.client(), log: silentLog });
  t.teardown(() => server.stop());
  const { admin } = server;
  const names = ['a', 'b', 'c', 'd', 'e'];
  for (const name of names) await admin.request('POST', path, { body: { metadata: { name, labels: { name } } } });
  const get = async (query: string): Promise<List> =>
    (await admin.request('GET', `${path}?${query}`)).json as unknown as List;
  const namesOf = (list: List): string => list.items.map((item) => item.metadata.name).join('');

  await t.test('pages hold one version, whatever is written between them', async (t) => {
    const first = await get('limit=2');
    t.equal(namesOf(first), 'ab');
    t.equal(first.metadata.remainingItemCount, 3);
    await admin.request('DELETE', `${path}/c`);
    await admin.request('POST', path, { body: { metadata: { name: 'bb' } } });
    const second = await get(`limit=2&continue=${first.metadata.continue ?? ''}`);
    t.equal(namesOf(second), 'cd');
    t.equal(second.metadata.resourceVersion, first.metadata.resourceVersion);
    const last = await get(`limit=2&continue=${second.metadata.continue ?? ''}`);
    t.equal(namesOf(last), 'e');
    t.equal(last.metadata.continue, undefined);
  });

  await t.test('a compacted page answers 410 with a token to go on from', async (t) => {
    const first = await get('limit=2');
    await admin.request('POST', path, { body: { metadata: { name: 'f' } } });
    etcd.compact(etcd.revision);
    const answer = await admin.request('GET', `${path}?limit=2&continue=${first.metadata.continue ?? ''}`);
    t.equal(answer.status, 410);
    const expired = answer.json as unknown as List & { reason: string };
    t.equal(expired.reason, 'Expired');
    t.equal(namesOf(await get(`continue=${expired.metadata.continue ?? ''}`)), 'bbdef');
  });

  await t.test('selectors', async (t) => {
    t.equal(namesOf(await get('labelSelector=name+in+(a,d)')), 'ad');
    t.equal(namesOf(await get('fieldSelector=metadata.name%3De')), 'e');
    const page = await get('labelSelector=name&limit=1');
    t.equal(page.metadata.remainingItemCount, undefined);
    t.ok(page.metadata.continue);
  });

  await t.test('a version from the future is refused after a while', async (t) => {
    const answer = await admin.request('GET', `${path}?resourceVersion=999999&resourceVersionMatch=NotOlderThan`);
    t.equal(answer.status, 504);
    t.match(answer.text, /Too large resource version/);
  });

  await t.test('an exact version of before', async (t) => {
    const now = await get('');
    await admin.request('POST', path, { body: { metadata: { name: 'g' } } });
    const before = await get(`resourceVersion=${now.metadata.resourceVersion}&resourceVersionMatch=Exact`);
    t.equal(namesOf(before), namesOf(now));
  });
});
