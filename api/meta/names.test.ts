import t from 'tap';
import { errorText } from './field-error.ts';
import { goQuote } from './go-text.ts';
import { formatIp, isIpv4, isIpv6, parseIp, validateCidr, validateEndpointIp, validateIp } from './ip.ts';
import {
  byteLength,
  isDns1123Label,
  isDns1123Subdomain,
  isLabelValue,
  isPortName,
  isQualifiedName,
  nameIsDnsSubdomain,
} from './names.ts';
import { formatMicroTime, formatTime, parseMicroTime, parseTime } from './time.ts';

void t.test('names', (t) => {
  const fine = (messages: string[]): boolean => messages.length === 0;
  const cases: [name: string, is: boolean, should: boolean][] = [
    ['label', fine(isDns1123Label('a-1')), true],
    ['label of 64', fine(isDns1123Label('a'.repeat(64))), false],
    ['label with upper case', fine(isDns1123Label('A')), false],
    ['subdomain', fine(isDns1123Subdomain('a.b-c.d')), true],
    ['subdomain with empty part', fine(isDns1123Subdomain('a..b')), false],
    ['subdomain of 254', fine(isDns1123Subdomain(`${'a.'.repeat(126)}aa`)), false],
    ['generated name', fine(nameIsDnsSubdomain('abc-', true)), true],
    ['qualified name', fine(isQualifiedName('example.com/My_name.x')), true],
    ['two slashes', fine(isQualifiedName('a/b/c')), false],
    ['empty label value', fine(isLabelValue('')), true],
    ['port name', fine(isPortName('http-2')), true],
    ['port name without letter', fine(isPortName('80')), false],
    ['port name of 16', fine(isPortName('abcdefghijklmnop')), false],
  ];
  for (const [name, is, should] of cases) t.equal(is, should, name);
  t.same(isDns1123Label('a.b'), ['must not contain dots']);
  t.equal(byteLength('aé€😀'), 10);
  t.end();
});

void t.test('long hostile names are answered quickly', (t) => {
  const long = `${'a-'.repeat(100_000)}!`;
  for (const check of [isDns1123Subdomain, isQualifiedName, isLabelValue]) t.ok(check(long).length > 0);
  t.end();
});

void t.test('text is quoted as Go quotes it', (t) => {
  t.equal(goQuote('a"b\\c\n\u0001\u007fé\u200b😀'), '"a\\"b\\\\c\\n\\x01\\x7fé\\u200b😀"');
  t.end();
});

void t.test('times', (t) => {
  const cases: [text: string, normal: string][] = [
    ['2026-01-02T03:04:05Z', '2026-01-02T03:04:05Z'],
    ['2026-01-02T03:04:05.999+02:00', '2026-01-02T01:04:05Z'],
    ['2024-02-29T23:59:59-01:00', '2024-03-01T00:59:59Z'],
    ['0001-01-01T00:00:00Z', '0001-01-01T00:00:00Z'],
    ['9999-12-31T23:59:59Z', '9999-12-31T23:59:59Z'],
    ['1969-12-31T23:59:59Z', '1969-12-31T23:59:59Z'],
  ];
  for (const [text, normal] of cases) t.equal(formatTime(parseTime(text)), normal, text);
  t.equal(parseTime('2026-01-02T03:04:05Z').seconds, 1_767_323_045);
  t.equal(formatMicroTime(parseMicroTime('2026-01-02T03:04:05.000006+01:00')), '2026-01-02T02:04:05.000006Z');
  t.throws(() => parseTime('2026-02-30T00:00:00Z'), {
    message: 'parsing time "2026-02-30T00:00:00Z": day out of range',
  });
  t.end();
});

void t.test('addresses', (t) => {
  const forms: [text: string, canonical: string | undefined][] = [
    ['10.0.0.1', '10.0.0.1'],
    ['2001:DB8:0:0:1:0:0:1', '2001:db8::1:0:0:1'],
    ['::', '::'],
    ['::ffff:1.2.3.4', '::ffff:102:304'],
    ['1.2.3', undefined],
    ['1.2.3.256', undefined],
    ['1::2::3', undefined],
    ['1:2:3:4:5:6:7:8:9', undefined],
    ['', undefined],
  ];
  for (const [text, canonical] of forms) {
    const ip = parseIp(text);
    t.equal(ip === undefined ? undefined : formatIp(ip), canonical, text);
  }
  t.ok(isIpv4('1.2.3.4') && !isIpv6('1.2.3.4') && isIpv6('::1'));
  const words = (errors: readonly { detail: string }[]): string[] => errors.map((e) => e.detail);
  t.same(words(validateIp('010.0.0.1', 'x')), ['must not have leading 0s']);
  t.same(words(validateCidr('10.0.0.1/8', 'x')), ['must not have bits set beyond the prefix length']);
  t.same(words(validateCidr('10.0.0.0/8', 'x')), []);
  t.same(words(validateCidr('2001:db8::/129', 'x')).length, 1);
  t.same(validateEndpointIp('127.0.0.1', 'x').map(errorText), [
    'x: Invalid value: "127.0.0.1": may not be in the loopback range (127.0.0.0/8, ::1/128)',
  ]);
  t.same(words(validateEndpointIp('0.0.0.0', 'x')), ['may not be unspecified (0.0.0.0)']);
  t.same(words(validateEndpointIp('fe80::1', 'x')).length, 1);
  t.end();
});
