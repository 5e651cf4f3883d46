import t from 'tap';
import { TokenCache } from './token-cache.ts';

const hourMs = 3_600_000;

void t.test('TokenCache asks again when four fifths of a token are over', async (t) => {
  let nowMs = 0;
  let asked = 0;
  let isDown = false;
  const cache = new TokenCache(
    () => (isDown ? Promise.reject(new Error('down')) : Promise.resolve(`token ${++asked}`)),
    () => nowMs,
  );
  const get = (uid = 'u', expirationSeconds = 3600): Promise<string | undefined> =>
    cache.get('default', 'a', { expirationSeconds, pod: { name: 'p', uid } });
  t.equal(await get(), 'token 1');
  nowMs = 0.7 * hourMs;
  t.equal(await get(), 'token 1');
  t.equal(await get('other'), 'token 2', 'every pod has its own');
  isDown = true;
  nowMs = 0.9 * hourMs;
  t.equal(await get(), 'token 1', 'an old one is better than none');
  nowMs = 1.1 * hourMs;
  await t.rejects(get(), { message: 'down' }, 'one that has ended is not');
  isDown = false;
  t.equal(await get(), 'token 3');
  t.equal(await get('u', 1_000_000), 'token 4');
  nowMs += 25 * hourMs;
  t.equal(await get('u', 1_000_000), 'token 5', 'after a day in any case');
});
