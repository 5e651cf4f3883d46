import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import t from 'tap';
import { CallError, EtcdChannel } from './etcd-channel.ts';

void t.test('a call that fails has an error with a stack trace of ours, and others keep theirs', async (t) => {
  const server = createServer((socket) => socket.destroy());
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => new Promise((resolve) => server.close(resolve)));
  const channel = new EtcdChannel(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, undefined);
  t.teardown(() => channel.close());
  const limit = Error.stackTraceLimit;
  const call = channel.unary('/etcdserverpb.KV/Range', new Uint8Array(), 2_000);
  t.equal(Error.stackTraceLimit, limit);
  t.match(new Error('meanwhile').stack, /\n +at /);
  const error = await call.catch((failure: unknown) => failure);
  t.ok(error instanceof CallError);
  t.match((error as CallError).stack, /CallError: .*\n +at /);
});
