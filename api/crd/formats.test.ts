import t from 'tap';
import { effectiveFormat, matchesFormat } from './formats.ts';

/** format → what is of it, what is not */
const rows: Readonly<Record<string, readonly [good: string[], bad: string[]]>> = {
  date: [['2024-02-29'], ['2023-02-29', '2024-13-01', 'x']],
  'date-time': [
    ['2024-01-01T10:00:00Z', '2024-01-01t10:00:00.5+02:00'],
    ['2024-01-01', '2024-01-01T25:00:00Z'],
  ],
  duration: [
    ['1h30m', '22 ns', '0'],
    ['abc', ''],
  ],
  uuid: [['123e4567-e89b-12d3-a456-426614174000'], ['123e4567']],
  ipv4: [['10.0.0.1'], ['10.0.0', '::1']],
  ipv6: [['::1'], ['10.0.0.1']],
  cidr: [
    ['10.0.0.0/8', '::/0'],
    ['10.0.0.0', '10.0.0.0/33'],
  ],
  mac: [['01:23:45:67:89:ab', '0123.4567.89ab'], ['01:23:45']],
  email: [['a@b.c'], ['a', '@b']],
  hostname: [
    ['example.com', 'a'],
    ['-a', 'a..b'],
  ],
  uri: [
    ['http://a/b', '/a'],
    ['a b', 'a'],
  ],
  byte: [['YWI='], ['*']],
  isbn10: [['0321751043'], ['0321751044']],
  isbn13: [['978-0321751041'], ['978-0321751042']],
  hexcolor: [['#fff', '00FF00'], ['#ff']],
  rgbcolor: [['rgb(0,10,255)'], ['rgb(0,10,256)']],
  'k8s-short-name': [['a-b'], ['A', '-a', 'a'.repeat(64)]],
};

void t.test('formats are those of Kubernetes', (t) => {
  for (const [format, [good, bad]] of Object.entries(rows)) {
    for (const text of good) t.equal(matchesFormat(format, text), true, `${format}: ${text}`);
    for (const text of bad) t.equal(matchesFormat(format, text), false, `${format}: ${text}`);
  }
  t.equal(effectiveFormat('string', 'colour'), '');
  t.equal(effectiveFormat('integer', 'date'), '');
  t.equal(effectiveFormat('integer', 'int32'), 'int32');
  t.end();
});
