import t from 'tap';
import { readTestdata } from '../testdata/read-testdata.ts';
import {
  addQuantities,
  canonicalQuantity,
  compareQuantities,
  formatQuantity,
  millisOf,
  parseQuantity,
  QuantityError,
  subtractQuantities,
  unitsOf,
} from './quantity.ts';

void t.test('texts become what apimachinery answers', (t) => {
  // pairs made with k8s.io/apimachinery 0.36
  const wrong = readTestdata<[string, string][]>('../testdata/quantities.json').filter(([text, want]) => {
    try {
      return canonicalQuantity(text) !== want;
    } catch (error) {
      if (!(error instanceof QuantityError)) throw error;
      return `error: ${error.message}` !== want;
    }
  });
  t.same(wrong, []);
  t.end();
});

void t.test('arithmetic is exact', (t) => {
  const q = parseQuantity;
  t.equal(formatQuantity(addQuantities(q('100m'), q('0.2'))), '300m');
  t.equal(formatQuantity(addQuantities(q('1Gi'), q('512Mi'))), '1536Mi');
  t.equal(formatQuantity(subtractQuantities(q('1'), q('1'))), '0');
  t.equal(formatQuantity(addQuantities(q('0'), q('1Ki'))), '1Ki', 'the format of what is not zero');
  t.equal(compareQuantities(q('1024Mi'), q('1Gi')), 0);
  t.equal(compareQuantities(q('999m'), q('1')), -1);
  t.equal(millisOf(q('0.0001')), 1n, 'rounded away from zero');
  t.equal(unitsOf(q('9007199254740993')), 9007199254740993n, 'beyond 2^53');
  t.end();
});

void t.test('hostile texts are refused at once', (t) => {
  for (const text of ['9'.repeat(300), '1e999999999', '1E99999999999999999999', '', ' 1', '1 ', '١']) {
    t.throws(() => parseQuantity(text), QuantityError, text.slice(0, 20));
  }
  t.equal(canonicalQuantity('1e-999999'), '1e-9', 'too small rounds up to the smallest');
  t.end();
});
