import * as grpc from '@grpc/grpc-js';
import t from 'tap';
import { createTestAuthority } from '../../../grpc/testing/certificates.ts';
import { bytes, TestClient } from '../test-client.ts';
import { TestCluster } from '../test-cluster.ts';
import { refusal } from '../test-membership.ts';
import { addUser, enableAuth, tokenOf } from './test-auth.ts';

t.setTimeout(60_000);
const denied = '7 etcdserver: permission denied';

for (const grpcServer of ['lean', 'grpc-js'] as const) {
  void t.test(
    `${grpcServer}: the common name of a client's certificate says who calls, where no token does`,
    async (t) => {
      const authority = await createTestAuthority('clients');
      const clientTls = await authority.issue('member');
      const listenClientUrls = ['https://127.0.0.1:0'];
      const cluster = await TestCluster.start(1, {
        auth: { bcryptCost: 4, trustCommonName: true },
        clientTls,
        grpcServer,
        listenClientUrls,
      });
      const url = cluster.running[0]!.clientUrls[0]!;
      const clients: TestClient[] = [];
      t.teardown(async () => {
        for (const client of clients) client.close();
        await cluster.stop();
      });
      const clientOf = async (name: string): Promise<TestClient> => {
        const { ca, cert, key } = await authority.issue(name);
        const credentials = grpc.credentials.createSsl(Buffer.from(ca), Buffer.from(key), Buffer.from(cert));
        const client = new TestClient(url, credentials);
        clients.push(client);
        return client;
      };
      const [root, u, stranger] = [await clientOf('root'), await clientOf('u'), await clientOf('stranger')];
      await enableAuth(root);
      await addUser(root, 'u', 'mine/', 2);
      await root.call('Auth/UserAdd', { name: 'cert', options: { noPassword: true } });
      await root.call('Auth/UserGrantRole', { user: 'cert', role: 'u' });
      const put = (key: string) => ({ key: bytes(key), value: bytes('v') });
      t.equal(await refusal(u.call('KV/Put', put('mine/a'))), 'accepted');
      t.equal(await refusal(u.call('KV/Put', put('x'))), denied);
      t.equal(await refusal((await clientOf('cert')).call('KV/Put', put('mine/b'))), 'accepted', 'without a password');
      t.equal(await refusal(stranger.call('KV/Put', put('mine/a'))), denied);
      t.equal(await refusal(stranger.call('Auth/UserList', {})), '9 etcdserver: user name not found');
      const token = await tokenOf(stranger, 'u', 'pw');
      t.equal(await refusal(stranger.call('KV/Put', put('mine/a'), token)), 'accepted', 'a token goes before the name');
      t.equal(await refusal(root.call('KV/Put', put('x'), token)), denied, 'also where the name could more');
      t.equal(await refusal(root.call('KV/Put', put('x'), { token: 'abc.1' })), '16 etcdserver: invalid auth token');
      const gateway = { 'grpcgateway-accept': '*/*' };
      t.equal(await refusal(root.call('KV/Put', put('x'), gateway)), '3 etcdserver: user name is empty', 'not its own');
    },
  );
}
