/** For tests: clients that say who they are, and what any method answers them. */
import * as grpc from '@grpc/grpc-js';
import { systemClock } from '../../../base/clock.ts';
import type { AuthenticateResponse } from '../../../proto/etcd-auth-types.ts';
import { etcd } from '../command.ts';
import { bytes } from '../test-client.ts';
import type { TestClient } from '../test-client.ts';

export type Fields = Record<string, string>;

/** `prefix` [p, p+1) */
export const prefixOf = (prefix: string): { key: Uint8Array; rangeEnd: Uint8Array } => {
  const end = bytes(prefix);
  end[end.length - 1]!++;
  return { key: bytes(prefix), rangeEnd: end };
};

export async function tokenOf(client: TestClient, name: string, password: string): Promise<Fields> {
  const { token } = await client.call<AuthenticateResponse>('Auth/Authenticate', { name, password });
  return { token };
}

/** Adds root, with the password `rootpw`, and turns authentication on; what root's calls carry. */
export async function enableAuth(client: TestClient): Promise<Fields> {
  await client.call('Auth/UserAdd', { name: 'root', password: 'rootpw' });
  await client.call('Auth/UserGrantRole', { user: 'root', role: 'root' });
  await client.call('Auth/AuthEnable', {});
  return tokenOf(client, 'root', 'rootpw');
}

/** A user with the password `pw` and a role of the same name, which may use all that begins with `prefix`. */
export async function addUser(
  client: TestClient,
  name: string,
  prefix: string,
  permType: number,
  as: Fields = {},
): Promise<void> {
  await client.call('Auth/UserAdd', { name, password: 'pw' }, as);
  await client.call('Auth/RoleAdd', { name }, as);
  await client.call('Auth/RoleGrantPermission', { name, perm: { ...prefixOf(prefix), permType } }, as);
  await client.call('Auth/UserGrantRole', { user: name, role: name }, as);
}

/** What the member says to one request of any method: `OK`, or the code and text of the refusal; of a watch why it was cancelled. */
export function answerOf(url: string, path: string, request: object, metadata: Fields = {}): Promise<string> {
  const client = new grpc.Client(new URL(url).host, grpc.credentials.createInsecure());
  const { request: encode, response: decode } = etcd.methods.get(path)!;
  const call = client.makeBidiStreamRequest(
    path,
    (message: object) => Buffer.from(encode.encode(message as never)),
    (buffer: Buffer) => decode.decode(buffer) as { cancelReason?: string },
    grpc.Metadata.fromHttp2Headers(metadata),
    { deadline: systemClock.nowMs() + 15_000 },
  );
  const answer = new Promise<string>((resolve) => {
    call.on('error', ({ code, details }: grpc.ServiceError) => resolve(`${grpc.status[code]}: ${details}`));
    call.on('data', ({ cancelReason }: { cancelReason?: string }) => resolve(cancelReason || 'OK'));
    call.on('end', () => resolve('OK'));
  });
  call.write(request);
  call.end();
  return answer.finally(() => {
    call.cancel();
    client.close();
  });
}
