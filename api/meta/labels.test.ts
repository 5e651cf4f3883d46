import t from 'tap';
import { matcherOfSelector, parseLabelSelector, SelectorError, validateLabelSelector } from './labels.ts';
import { errorText } from './field-error.ts';

void t.test('selectors match labels', (t) => {
  const cases: [selector: string, labels: Record<string, string>, matches: boolean][] = [
    ['', {}, true],
    ['a=b', { a: 'b' }, true],
    ['a==b', { a: 'c' }, false],
    ['a!=b', {}, true],
    ['a!=b', { a: 'b' }, false],
    ['a', { a: '' }, true],
    ['!a', { a: '' }, false],
    ['!a', {}, true],
    ['a in (b, c)', { a: 'c' }, true],
    ['a notin (b,c)', {}, true],
    ['a notin (b,c)', { a: 'b' }, false],
    ['a in (,b)', { a: '' }, true],
    ['a in ()', { a: '' }, true],
    ['a=', { a: '' }, true],
    ['a>1,a<10', { a: '5' }, true],
    ['a>1', { a: 'x' }, false],
    ['in in (in,notin)', { in: 'notin' }, true],
    ['x.io/a=b,c=d', { 'x.io/a': 'b', c: 'd' }, true],
    ['constructor', {}, false],
    ['toString notin (x)', {}, true],
  ];
  for (const [selector, labels, matches] of cases) {
    t.equal(parseLabelSelector(selector).matches(labels), matches, `${selector} ${JSON.stringify(labels)}`);
  }
  t.equal(parseLabelSelector('b notin (z,y),a').toString(), 'a,b notin (y,z)', 'text is sorted');
  t.end();
});

void t.test('bad selectors are refused in Kubernetes’ words', (t) => {
  const cases: [selector: string, message: string][] = [
    ['a in (', "unable to parse requirement: found '', expected: ',', ')' or identifier"],
    ['a in b', "unable to parse requirement: found 'b' expected: '('"],
    ['a b', "unable to parse requirement: found 'b', expected: in, notin, =, ==, !=, gt, lt"],
    ['a=b,', "found '', expected: identifier after ','"],
    [',', "found ',', expected: !, identifier, or 'end of string'"],
    ['a=b c', "found 'c', expected: ',' or 'end of string'"],
    ['a==(b)', "unable to parse requirement: found '(', expected: identifier"],
  ];
  for (const [selector, message] of cases) {
    t.throws(() => parseLabelSelector(selector), new SelectorError(message), selector);
  }
  t.throws(() => parseLabelSelector('a=b!c'), SelectorError);
  t.throws(() => parseLabelSelector('-a=b'), { message: /name part must consist of alphanumeric characters/ });
  t.throws(() => parseLabelSelector('a>x'), { message: /the value must be an integer/ });
  t.end();
});

void t.test('LabelSelector objects', (t) => {
  t.equal(matcherOfSelector(undefined).matches({ a: 'b' }), false, 'a missing selector selects nothing');
  t.equal(matcherOfSelector({}).matches({ a: 'b' }), true, 'an empty one everything');
  const selector = { matchLabels: { a: 'b' }, matchExpressions: [{ key: 'c', operator: 'NotIn', values: ['d'] }] };
  t.equal(matcherOfSelector(selector).matches({ a: 'b' }), true);
  t.equal(matcherOfSelector(selector).matches({ a: 'b', c: 'd' }), false);
  const bad = {
    matchExpressions: [
      { key: 'a', operator: 'In' },
      { key: 'b', operator: 'Gt', values: ['1'] },
    ],
  };
  t.same(validateLabelSelector(bad, 'spec.selector').map(errorText), [
    "spec.selector.matchExpressions[0].values: Required value: must be specified when `operator` is 'In' or 'NotIn'",
    'spec.selector.matchExpressions[1].operator: Invalid value: "Gt": not a valid selector operator',
  ]);
  t.end();
});
