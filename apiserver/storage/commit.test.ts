import t from 'tap';
import { commit } from './commit.ts';
import { EtcdError, type EtcdClient } from './etcd-client.ts';
import { MemoryEtcd } from './memory-etcd.ts';
import { writeMark } from './write-mark.ts';

const value = (text: string): Uint8Array => new TextEncoder().encode(text + writeMark());
const text = (bytes: Uint8Array | undefined): string => new TextDecoder().decode(bytes).split('\n')[0] ?? '';

/** Loses the answers of the first `times` writes: before they happen, or after. */
function losing(
  client: EtcdClient,
  when: 'before' | 'after',
  times: number,
  afterLoss?: () => Promise<unknown>,
): EtcdClient {
  let left = times;
  return {
    ...client,
    write: async (request) => {
      if (left-- <= 0) return client.write(request);
      if (when === 'after') await client.write(request);
      await afterLoss?.();
      throw new EtcdError('unknown-outcome', 'connection lost');
    },
  };
}

async function store(client: EtcdClient, key: string, contents: string): Promise<number> {
  return (await client.write({ guards: [], operations: [{ put: { key, value: value(contents) } }] })).revision;
}

const losses = ['before', 'after'] as const;

for (const when of losses) {
  void t.test(`commit is carried out once when answers are lost ${when} the write`, async (t) => {
    const client = new MemoryEtcd().client();
    const flaky = (): EtcdClient => losing(client, when, 2);

    const created = await commit(flaky(), { key: '/c', expected: 0, value: value('1') });
    t.ok(created.done);
    const first = (await client.range({ key: '/c' })).kvs[0];
    t.equal(first?.version, 1);
    t.equal(created.done && created.revision, first?.modRevision);

    const updated = await commit(flaky(), { key: '/c', expected: first?.modRevision ?? 0, value: value('2') });
    t.ok(updated.done);
    const second = (await client.range({ key: '/c' })).kvs[0];
    t.equal(second?.version, 2);

    const deleted = await commit(flaky(), { key: '/c', expected: second?.modRevision ?? 0, value: undefined });
    t.ok(deleted.done);
    t.equal((await client.range({ key: '/c' })).count, 0);
  });
}

void t.test('commit finds its own write under a later one', async (t) => {
  const client = new MemoryEtcd().client();
  const revision = await store(client, '/k', 'base');
  const flaky = losing(client, 'after', 1, () => store(client, '/k', 'later'));
  const result = await commit(flaky, { key: '/k', expected: revision, value: value('mine') });
  t.match(result, { done: true, revision: revision + 1 });
  t.equal(text((await client.range({ key: '/k' })).kvs[0]?.value), 'later');
});

void t.test('commit does not take another’s equal write for its own', async (t) => {
  const client = new MemoryEtcd().client();
  const revision = await store(client, '/k', 'n: 1');
  const flaky = losing(client, 'before', 1, () => store(client, '/k', 'n: 2'));
  const result = await commit(flaky, { key: '/k', expected: revision, value: value('n: 2') });
  t.equal(result.done, false);
});

void t.test('commit says so when it cannot find out', async (t) => {
  const client = new MemoryEtcd().client();
  let writes = 0;
  const dying: EtcdClient = {
    ...client,
    write: async () => {
      throw new EtcdError(writes++ === 0 ? 'unknown-outcome' : 'unavailable', 'gone');
    },
  };
  const error = await commit(dying, { key: '/k', expected: 0, value: value('1') }).catch((e: unknown) => e);
  t.equal((error as EtcdError).kind, 'unknown-outcome');
});
