import t from 'tap';
import { silentLog } from '../../base/log.ts';
import type { CallContext, UnaryMethod } from '../../grpc/server.ts';
import { TestClock } from './test-clock.ts';
import { tellingSlowOnes } from './slow-requests.ts';

void t.test('tellingSlowOnes warns of a request that takes longer than it may, and of no other', async (t) => {
  const clock = new TestClock();
  const warnings: object[] = [];
  const log = { ...silentLog, warn: (fields: object) => void warnings.push(fields) };
  const request = { encode: () => new Uint8Array(0), decode: () => 0 };
  const response = { encode: () => new Uint8Array(0), decode: () => '' };
  const method: UnaryMethod<number, string> = {
    kind: 'unary',
    path: '/a/b',
    request,
    response,
    handle: async (ms) => {
      await Promise.resolve();
      clock.advance(ms);
      if (ms > 500) throw new Error('late');
      return 'done';
    },
  };
  const [timed] = tellingSlowOnes([method], { slowRequestMs: 300, log }, clock) as [UnaryMethod<number, string>];
  const call = { peer: '1.2.3.4:5' } as CallContext;
  t.equal(await timed.handle(299, call), 'done');
  t.same(warnings, []);
  t.equal(await timed.handle(300, call), 'done');
  await t.rejects(Promise.resolve(timed.handle(900, call)), { message: 'late' });
  t.match(warnings, [{ method: '/a/b', remote: '1.2.3.4:5', tookMs: 300, expectedMs: 300 }, { tookMs: 900 }]);
  t.same(tellingSlowOnes([method], { slowRequestMs: 0, log }, clock), [method]);
});
