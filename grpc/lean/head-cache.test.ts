import t from 'tap';
import { HeadCache } from './head-cache.ts';
import { HpackDecoder, indexedLiteralField, literalField } from './hpack.ts';

/** :method POST, :scheme http, as indexes of the static table, and a path */
const request = (path: Buffer): Buffer => Buffer.concat([Buffer.of(0x83, 0x86), path]);
/** the newest entry of the dynamic table */
const newest = Buffer.of(0x80 | 62);

void t.test('a block means the same until the table changes, and is decoded once as long', (t) => {
  const cache = new HeadCache(new HpackDecoder(1000));
  const first = cache.decode(request(indexedLiteralField(':path', '/a')));
  t.equal(first.head(1).path, '/a');
  const again = cache.decode(request(newest));
  t.equal(again.head(3).path, '/a');
  t.equal(cache.decode(request(newest)), again, 'not decoded again');
  t.equal(cache.decode(request(indexedLiteralField(':path', '/b'))).head(5).path, '/b');
  t.equal(cache.decode(request(newest)).head(7).path, '/b', 'the same bytes mean another path now');
  cache.decode(Buffer.concat([Buffer.of(0x20), request(literalField(':path', '/c'))])); // empties the table
  t.throws(() => cache.decode(request(newest)), /no field 62/);
  t.end();
});

void t.test('a block that is no request is refused each time, for its own stream', (t) => {
  const cache = new HeadCache(new HpackDecoder(1000));
  for (const streamId of [1, 3]) {
    t.throws(() => cache.decode(Buffer.of(0x83)).head(streamId), { streamId, message: /a request needs :method/ });
  }
  t.end();
});

void t.test('what is kept is bounded', (t) => {
  const cache = new HeadCache(new HpackDecoder(1000));
  for (let i = 0; i < 100; i++) {
    t.equal(cache.decode(request(literalField(':path', `/${i}`))).head(1).path, `/${i}`);
  }
  const long = request(literalField(':path', `/${'x'.repeat(300)}`));
  t.not(cache.decode(long), cache.decode(long));
  t.end();
});
