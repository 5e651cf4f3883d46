import t from 'tap';
import { warningHeaders } from './warning-headers.ts';

void t.test('warningHeaders quotes, and keeps to one line', (t) => {
  t.same(warningHeaders(['say "a\\b"\nand more']), ['299 - "say \\"a\\\\b\\" and more"']);
  t.end();
});

void t.test('warningHeaders cuts only where all together are too long', (t) => {
  const long = 'x'.repeat(1000);
  t.same(warningHeaders([long, 'y']), [`299 - "${long}"`, '299 - "y"']);
  const cut = warningHeaders(Array.from({ length: 40 }, (_, i) => `${i}${long}`));
  t.equal(cut.length, 16, 'no more than four thousand characters');
  t.equal(cut[0]?.length, 256 + '299 - ""'.length);
  t.end();
});
