/** A client that others wrote, with all that it can do: etcd3 from npm on three members, one of which is killed. */
import { Etcd3 } from 'etcd3';
import type { IKeyValue, Watcher } from 'etcd3';
import t from 'tap';
import { eventually } from '../client/testing/eventually.ts';
import { startEtcd } from './testing/etcd-process.ts';

t.setTimeout(240_000);
const patienceMs = 60_000;
/** etcd3's Isolation.SerializableSnapshot, which is there for its own compiler only */
const serializableSnapshot = 0;

/** What a watcher has told, as `put k=v` and `delete k`. */
function told(watcher: Watcher): string[] {
  const lines: string[] = [];
  watcher.on('put', ({ key, value }: IKeyValue) => lines.push(`put ${key.toString()}=${value.toString()}`));
  watcher.on('delete', ({ key }: IKeyValue) => lines.push(`delete ${key.toString()}`));
  return lines;
}

void t.test('etcd3 on a store of three', async (t) => {
  const store = await startEtcd({ program: 'kuorum', count: 3 });
  t.teardown(() => store.stop());
  const etcd = new Etcd3({ hosts: [...store.urls] });
  t.teardown(() => etcd.close());

  await t.test('put, get and delete builders', async (t) => {
    await etcd.put('a/1').value('one');
    await etcd.put('a/2').value(2);
    await etcd.put('a/3').value(Buffer.from([0, 255]));
    t.equal(await etcd.get('a/1').string(), 'one');
    t.equal(await etcd.get('a/2').number(), 2);
    t.same(await etcd.get('a/3').buffer(), Buffer.from([0, 255]));
    t.equal(await etcd.get('none').string(), null);
    t.equal(await etcd.get('none').exists(), false);
    const before = await etcd.put('a/1').value('uno').getPrevious();
    t.equal(before?.value.toString(), 'one');
    t.same(await etcd.getAll().prefix('a/').keys(), ['a/1', 'a/2', 'a/3']);
    t.same(await etcd.getAll().prefix('a/').sort('Key', 'Descend').limit(2).keys(), ['a/3', 'a/2']);
    t.equal(await etcd.getAll().prefix('a/').count(), 3);
    t.same(await etcd.getAll().inRange({ start: 'a/1', end: 'a/3' }).strings(), { 'a/1': 'uno', 'a/2': '2' });
    const { header } = await etcd.getAll().prefix('a/').exec();
    await etcd.delete().key('a/2');
    t.same(await etcd.getAll().prefix('a/').revision(header.revision).keys(), ['a/1', 'a/2', 'a/3'], 'as of before');
    const gone = await etcd.delete().prefix('a/').getPrevious();
    t.same(
      gone.map(({ key }) => key.toString()),
      ['a/1', 'a/3'],
    );
    t.equal(await etcd.getAll().prefix('a/').count(), 0);
  });

  await t.test('namespaces keep to themselves', async (t) => {
    const mine = etcd.namespace('mine/');
    await mine.put('k').value('v');
    t.equal(await etcd.get('mine/k').string(), 'v');
    t.same(await mine.getAll().keys(), ['k']);
    await mine.delete().all();
    t.equal(await etcd.get('mine/k').exists(), false);
  });

  await t.test('if, then, else', async (t) => {
    const claim = (value: string) =>
      etcd
        .if('txn', 'Create', '==', 0)
        .and('other', 'Version', '==', 0)
        .then(etcd.put('txn').value(value))
        .else(etcd.get('txn'))
        .commit();
    t.equal((await claim('first')).succeeded, true);
    const second = await claim('second');
    t.equal(second.succeeded, false);
    t.equal(second.responses[0]?.response_range?.kvs[0]?.value.toString(), 'first');
    const value = await etcd.if('txn', 'Value', '==', 'first').then(etcd.put('txn').value('next')).commit();
    t.equal(value.succeeded, true);
    t.equal(await etcd.get('txn').string(), 'next');
  });

  await t.test('leases: kept alive, released, revoked, lost', async (t) => {
    const kept = etcd.lease(2);
    await kept.put('leased').value('x');
    let renewals = 0;
    kept.on('keepaliveSucceeded', () => renewals++);
    await eventually('it is kept alive beyond its time', () => renewals >= 4, patienceMs);
    t.equal(await etcd.get('leased').string(), 'x');
    await kept.revoke();
    t.equal(await etcd.get('leased').exists(), false);
    const released = etcd.lease(1);
    await released.put('released').value('x');
    released.release();
    await eventually('one that is let go runs out', async () => !(await etcd.get('released').exists()), patienceMs);
    const lost = etcd.lease(5);
    const id = await lost.grant();
    const loss = new Promise((resolve) => lost.once('lost', resolve));
    await etcd.leaseClient.leaseRevoke({ ID: id });
    await lost.keepaliveOnce().catch(() => {});
    t.match(await loss, { message: /is expired or revoked/ });
  });

  await t.test('locks: one holds, the other is refused, then has it', async (t) => {
    const lock = etcd.lock('door');
    await lock.acquire();
    await t.rejects(etcd.lock('door').acquire(), { message: /Failed to acquire a lock on door/ });
    await lock.release();
    t.equal(await etcd.lock('door').do(() => 'held'), 'held');
  });

  await t.test('watchers: from now, from a revision, of a prefix, of deletions only', async (t) => {
    const all = await etcd.watch().prefix('w/').create();
    // what etcd3's `ignore` is given is all that it lets through
    const one = await etcd.watch().key('w/a').ignore('delete').create();
    const [allTold, oneTold] = [told(all), told(one)];
    const { header } = await etcd.put('w/a').value('1');
    await etcd.put('w/b').value('2');
    await etcd.delete().key('w/a');
    await eventually('all is told', () => allTold.length === 3 && oneTold.length === 1, patienceMs);
    t.same(allTold, ['put w/a=1', 'put w/b=2', 'delete w/a']);
    t.same(oneTold, ['delete w/a']);
    const again = await etcd.watch().prefix('w/').startRevision(header.revision).create();
    const againTold = told(again);
    await eventually('the past is told', () => againTold.length === 3, patienceMs);
    t.same(againTold, allTold);
    await Promise.all([all.cancel(), one.cancel(), again.cancel()]);
  });

  await t.test('software transactions: none of many increments is lost', async (t) => {
    const increment = () =>
      etcd.stm({ isolation: serializableSnapshot, retries: 200 }).transact(async (tx) => {
        const count = Number((await tx.get('count').string()) ?? '0');
        await tx.put('count').value(count + 1);
      });
    await Promise.all(Array.from({ length: 10 }, increment));
    t.equal(await etcd.get('count').number(), 10);
  });

  await t.test('an election: one leads, the next follows, an observer sees both', async (t) => {
    const election = etcd.election('crown', 5);
    const observer = await election.observe();
    const seen: (string | undefined)[] = [];
    observer.on('change', (leader) => seen.push(leader));
    const first = election.campaign('first');
    await first.wait();
    const second = election.campaign('second');
    t.equal(await election.leader(), 'first');
    await first.proclaim('first, still');
    await eventually('the proclamation is seen', async () => (await election.leader()) === 'first, still', patienceMs);
    await first.resign();
    await second.wait();
    await eventually('the second leads', () => seen.includes('second'), patienceMs);
    await second.resign();
    await observer.cancel();
  });

  await t.test('maintenance and membership', async (t) => {
    const { members } = await etcd.cluster.memberList({});
    t.equal(members.length, 3);
    const { version } = await etcd.maintenance.status({});
    t.match(version, /^3\.\d+\.\d+$/);
  });

  await t.test('a member dies: the client goes on with the others, and its watcher misses nothing', async (t) => {
    const watcher = await etcd.watch().prefix('after/').create();
    const lines = told(watcher);
    store.members[0]?.kill('SIGKILL');
    let written = 0;
    await eventually(
      'writes go on',
      async () => {
        await etcd
          .put(`after/${written}`)
          .value(`${written}`)
          .then(
            () => written++,
            () => {},
          );
        return written >= 10;
      },
      patienceMs,
    );
    await eventually('all of them are told', () => new Set(lines).size >= 10, patienceMs);
    t.same(
      [...new Set(lines)].slice(0, 10),
      Array.from({ length: 10 }, (_, i) => `put after/${i}=${i}`),
    );
    await watcher.cancel();
  });

  await t.test('users and roles', async (t) => {
    const role = etcd.role('reader');
    await role.create();
    await role.grant({ permission: 'Readwrite', range: etcd.range({ prefix: 'r/' }) });
    const root = etcd.user('root');
    await root.create('secret');
    await etcd
      .role('root')
      .create()
      .catch(() => {});
    await root.addRole('root');
    const user = etcd.user('ann');
    await user.create('pass');
    await user.addRole('reader');
    await etcd.auth.authEnable();
    const as = (username: string, password: string): Etcd3 =>
      new Etcd3({ hosts: store.urls.slice(1), auth: { username, password } });
    const [ann, admin] = [as('ann', 'pass'), as('root', 'secret')];
    t.teardown(() => {
      ann.close();
      admin.close();
    });
    await ann.put('r/1').value('x');
    t.equal(await ann.get('r/1').string(), 'x');
    await t.rejects(ann.put('s/1').value('x').exec(), { message: /permission denied/ });
    t.same((await admin.getUsers()).map(({ name }) => name).sort(), ['ann', 'root']);
    await admin.auth.authDisable();
    t.equal(await etcd.get('r/1').string(), 'x');
  });
});
