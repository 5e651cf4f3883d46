import { group } from '../parity-case.ts';
import { op } from '../session.ts';

const yes = [op.put('yes', '1')];
const no = [op.put('no', '1')];

export const nestedTxnCases = group('txn, nested', [
  ['in the branch taken', (s) => s.txn({ success: [op.txn({ success: yes, failure: no })] })],
  ['in the branch not taken', (s) => s.txn({ success: yes, failure: [op.txn({ success: no })] })],
  [
    'its compares see the state before the whole',
    (s) =>
      s.txn({
        success: [op.put('a', '1'), op.txn({ compare: [{ key: 'a', version: 1 }], success: yes, failure: no })],
      }),
  ],
  [
    'three deep',
    (s) =>
      s.txn({
        success: [op.txn({ success: [op.txn({ success: [op.put('deep', '1'), op.range({ key: 'deep' })] })] })],
      }),
  ],
  [
    'only reads',
    async (s) => {
      await s.put('a', '1');
      await s.txn({ success: [op.txn({ success: [op.range({ key: 'a' })] })] });
    },
  ],
  [
    'a key put inside and outside',
    (s) => s.txn({ success: [op.put('a', '1'), op.txn({ success: [op.put('a', '2')] })] }),
  ],
  [
    'a key put in both branches of one',
    (s) => s.txn({ success: [op.txn({ success: [op.put('a', '1')], failure: [op.put('a', '2')] })] }),
  ],
  [
    'a key put by two',
    (s) => s.txn({ success: [op.txn({ success: [op.put('a', '1')] }), op.txn({ success: [op.put('a', '2')] })] }),
  ],
  [
    'a key put by two whose branches exclude each other',
    (s) => s.txn({ success: [op.txn({ success: [op.put('a', '1')] }), op.txn({ failure: [op.put('a', '2')] })] }),
  ],
  [
    'a key put inside and deleted outside',
    (s) => s.txn({ success: [op.del('a'), op.txn({ success: [op.put('a', '2')] })] }),
  ],
  [
    'a key put outside and deleted inside',
    (s) => s.txn({ success: [op.put('a', '2'), op.txn({ success: [op.del('a')] })] }),
  ],
  [
    'a key deleted by one and put by the next',
    (s) => s.txn({ success: [op.txn({ success: [op.del('a')] }), op.txn({ success: [op.put('a', '2')] })] }),
  ],
  [
    'a key put in one branch and deleted in the other',
    (s) => s.txn({ success: [op.txn({ success: [op.put('a', '1')], failure: [op.del('a')] })] }),
  ],
  ['no key inside', (s) => s.txn({ success: [op.txn({ success: [op.put('')] })] })],
  ['no key in a compare inside', (s) => s.txn({ success: [op.txn({ compare: [{ key: '', version: 0 }] })] })],
  [
    'a lease that is not there, inside, after a put',
    async (s) => {
      await s.txn({ success: [op.put('a', '1'), op.txn({ success: [op.put('b', '1', { lease: 99n })] })] });
      await s.range({ key: 'a' });
    },
  ],
  [
    'a read of a future revision inside',
    (s) => s.txn({ success: [op.txn({ success: [op.range({ key: 'a', revision: s.at(9) })] })] }),
  ],
  [
    'reads inside see the writes before them',
    (s) =>
      s.txn({ success: [op.put('a', '1'), op.txn({ success: [op.range({ key: 'a' })] }), op.range({ key: 'a' })] }),
  ],
  ['empty', (s) => s.txn({ success: [op.txn({})] })],
]);
