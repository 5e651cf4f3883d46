import t from 'tap';
import { systemClock } from '../../../base/clock.ts';
import { systemRandom } from '../../../base/random.ts';
import { SimpleTokens } from './simple-tokens.ts';

function make() {
  const world = { nowMs: 0, applied: 10, caughtUp: 0 };
  const tokens = new SimpleTokens({
    clock: { ...systemClock, monotonicMs: () => world.nowMs },
    random: systemRandom,
    ttlMs: 300_000,
    appliedIndex: () => world.applied,
    catchUp: async () => {
      await Promise.resolve();
      world.caughtUp++;
      world.applied = 20;
    },
  });
  return { tokens, world };
}

void t.test('simple tokens are 16 random letters and the index of their entry', (t) => {
  const { tokens } = make();
  const prefixes = new Set(Array.from({ length: 100 }, () => tokens.prefix()));
  t.equal(prefixes.size, 100);
  for (const prefix of prefixes) t.match(prefix, /^[a-zA-Z]{16}$/);
  t.end();
});

void t.test('a token holds for its time after each use', async (t) => {
  const { tokens, world } = make();
  tokens.given('u', 'a.1');
  world.nowMs = 299_999;
  t.same(await tokens.owner('a.1', 4), { user: 'u', revision: 4 });
  world.nowMs += 299_999;
  t.match(await tokens.owner('a.1', 4), { user: 'u' });
  world.nowMs += 300_000;
  t.equal(await tokens.owner('a.1', 4), undefined);
});

void t.test('who is gone has no tokens left; others keep theirs', async (t) => {
  const { tokens } = make();
  tokens.given('u', 'a.1');
  tokens.given('v', 'b.2');
  tokens.forget('u');
  t.equal(await tokens.owner('a.1', 1), undefined);
  t.match(await tokens.owner('b.2', 1), { user: 'v' });
  tokens.forgetAll();
  t.equal(await tokens.owner('b.2', 1), undefined);
});

void t.test('a token from ahead is waited for once, and what is no token not at all', async (t) => {
  const { tokens, world } = make();
  tokens.given('u', 'a.15');
  t.match(await tokens.owner('a.15', 1), { user: 'u' });
  t.equal(world.caughtUp, 1);
  t.equal(await tokens.owner('made-up.99', 1), undefined);
  t.equal(world.caughtUp, 2);
  for (const text of ['', 'a', '.', 'a.', 'a.b', 'a.1.2', 'a.-1', `a.${'9'.repeat(30)}`]) {
    t.equal(await tokens.owner(text, 1), undefined, JSON.stringify(text));
  }
  t.equal(world.caughtUp, 2);
});
