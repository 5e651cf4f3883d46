/** For tests: content with something of everything, and all that a client can see of it. */
import type { LeaseLeasesResponse, LeaseTimeToLiveResponse, RangeResponse } from '../../proto/etcd-types.ts';
import { bytes, text } from './test-client.ts';
import type { TestClient } from './test-client.ts';

export const zero = new Uint8Array(1);

/** Some of everything: values, deletions, one of them at the compaction revision, transactions, leases. */
export async function fill(client: TestClient): Promise<void> {
  const put = (key: string, value: string, lease = 0n) =>
    client.call('KV/Put', { key: bytes(key), value: bytes(value), lease });
  await client.call('Lease/LeaseGrant', { ID: 77n, TTL: 5000 });
  await client.call('Lease/LeaseGrant', { ID: -3n, TTL: 6000 });
  for (let i = 0; i < 20; i++) await put(`k${i % 7}`, 'v'.repeat(i * 40)); // 2 to 21
  await client.call('KV/DeleteRange', { key: bytes('k3') }); // 22
  await put('leased', 'x', 77n); // 23
  await client.call('KV/Compact', { revision: 22 });
  await client.call('KV/DeleteRange', { key: bytes('k4'), rangeEnd: bytes('k6') }); // 24
  const success = ['t1', 't2'].map((key) => ({ requestPut: { key: bytes(key), value: bytes(key) } }));
  await client.call('KV/Txn', { compare: [], success, failure: [] }); // 25
  await put('k4', 'again'); // 26
  await put('large', 'x'.repeat(300_000)); // 27
}

export const rangeAt = (client: TestClient, revision = 0): Promise<RangeResponse> =>
  client.call<RangeResponse>('KV/Range', { key: zero, rangeEnd: zero, revision });

/** Everything that a client can see of the content. */
export async function contentOf(client: TestClient) {
  const { kvs, header } = await rangeAt(client);
  const past = await Promise.all([22, 23, 24, 25].map((revision) => rangeAt(client, revision)));
  const { leases } = await client.call<LeaseLeasesResponse>('Lease/LeaseLeases', {});
  const ttls = await Promise.all(
    leases
      .sort((a, b) => Number(a.ID - b.ID))
      .map(({ ID }) => client.call<LeaseTimeToLiveResponse>('Lease/LeaseTimeToLive', { ID, keys: true })),
  );
  const compacted = await rangeAt(client, 21).catch((error: Error) => error.message);
  return {
    revision: header?.revision,
    kvs,
    past: past.map((response) => response.kvs),
    leases: ttls.map(({ ID, grantedTTL, keys }) => ({ ID, grantedTTL, keys: keys.map(text).sort() })),
    compacted,
  };
}
