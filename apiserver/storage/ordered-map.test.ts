import t from 'tap';
import { OrderedMap } from './ordered-map.ts';

void t.test('OrderedMap counts the keys of a prefix as a walk finds them', (t) => {
  const map = new OrderedMap<number>();
  const keys = ['/p/b/2', '/p/a/1', '/p/b/10', '/p/b-c/1', '/p/b0/1', '/p/c/1', '/p/b/é', '/q/1'];
  for (const [i, key] of keys.entries()) map.set(key, i);
  for (const [prefix, count] of Object.entries({ '/p/': 7, '/p/b/': 3, '/p/a/': 1, '/p/x/': 0, '/q/': 1 })) {
    t.equal(map.count(prefix), count, prefix);
    t.equal([...map.range(prefix)].length, count, prefix);
  }
  map.delete('/p/b/10');
  t.equal(map.count('/p/b/'), 2);
  t.end();
});
