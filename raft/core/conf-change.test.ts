import t from 'tap';
import { decodeConfChange, encodeConfChange } from './conf-change-codec.ts';
import { changeConfiguration } from './conf-change.ts';
import { configurationOf, confStateOf } from './configuration.ts';
import { emptyData } from './entry.ts';
import { renderConfState } from './testing/render.ts';
import type { ConfChange, ConfChangeSingle, ConfState } from './types.ts';

const types: Record<string, ConfChangeSingle['type']> = {
  '+': 'add-voter',
  '-': 'remove',
  '~': 'add-learner',
  '=': 'update',
};

function changeOf(text: string): ConfChange {
  const [transition, ...words] = text.split(' ');
  const changes = words.map((word) => ({ type: types[word[0]!]!, id: word.slice(1) }));
  return { transition: transition as ConfChange['transition'], changes, data: emptyData };
}

const voters = (...ids: string[]): ConfState => ({
  voters: ids,
  votersOutgoing: [],
  learners: [],
  learnersNext: [],
  autoLeave: false,
});

void t.test('configuration changes lead to the expected configuration, or are refused', (t) => {
  const cases: { name: string; from: ConfState; steps: string[]; to: string | RegExp }[] = [
    { name: 'add one', from: voters('1'), steps: ['auto +2'], to: '(1 2)' },
    { name: 'add it again', from: voters('1', '2'), steps: ['auto +2'], to: '(1 2)' },
    { name: 'remove one', from: voters('1', '2'), steps: ['auto -2'], to: '(1)' },
    { name: 'remove one that is not there', from: voters('1'), steps: ['auto -2'], to: '(1)' },
    { name: 'remove the last', from: voters('1'), steps: ['auto -1'], to: /removed all voters/ },
    { name: 'learner', from: voters('1'), steps: ['auto ~2'], to: '(1) learners (2)' },
    { name: 'promote', from: voters('1'), steps: ['auto ~2', 'auto +2'], to: '(1 2)' },
    { name: 'demote at once', from: voters('1', '2'), steps: ['auto ~2'], to: '(1) learners (2)' },
    {
      name: 'demote in a joint one',
      from: voters('1', '2'),
      steps: ['joint-explicit ~2'],
      to: '(1)&&(1 2) learners next (2)',
    },
    { name: 'and leave', from: voters('1', '2'), steps: ['joint-explicit ~2', 'auto'], to: '(1) learners (2)' },
    { name: 'demote and remove', from: voters('1', '2'), steps: ['joint-explicit ~2 -2', 'auto'], to: '(1)' },
    { name: 'two: auto becomes joint', from: voters('1'), steps: ['auto +2 +3'], to: '(1 2 3)&&(1) auto-leave' },
    { name: 'implicit with one', from: voters('1'), steps: ['joint-implicit +2'], to: '(1 2)&&(1) auto-leave' },
    { name: 'explicit', from: voters('1'), steps: ['joint-explicit +2'], to: '(1 2)&&(1)' },
    { name: 'replace the only voter', from: voters('1'), steps: ['joint-explicit +2 -1', 'auto'], to: '(2)' },
    {
      name: 'joint within joint',
      from: voters('1'),
      steps: ['joint-explicit +2', 'joint-explicit +3'],
      to: /already joint/,
    },
    { name: 'simple within joint', from: voters('1'), steps: ['joint-explicit +2', 'auto +3'], to: /is joint/ },
    { name: 'leave what is not joint', from: voters('1'), steps: ['auto'], to: /not joint/ },
    { name: 'update changes nobody', from: voters('1'), steps: ['auto =1'], to: '(1)' },
  ];
  for (const { name, from, steps, to } of cases) {
    const run = (): string =>
      renderConfState(confStateOf(steps.map(changeOf).reduce(changeConfiguration, configurationOf(from))));
    if (typeof to === 'string') t.equal(run(), to, name);
    else t.throws(run, { name: 'ConfChangeError', message: to }, name);
  }
  t.end();
});

void t.test('a change survives encoding, and damaged bytes are refused', (t) => {
  const change: ConfChange = {
    ...changeOf('joint-explicit +8e9e05c52164694d -2 ~3'),
    data: new Uint8Array([0, 255, 7]),
  };
  const bytes = encodeConfChange(change);
  t.same(decodeConfChange(bytes), change);
  t.same(decodeConfChange(encodeConfChange(changeOf('auto'))), changeOf('auto'));
  for (const cut of [0, 3, 5, 10]) t.throws(() => decodeConfChange(bytes.slice(0, cut)), RangeError, `cut at ${cut}`);
  t.throws(() => decodeConfChange(Uint8Array.of(9, 0, 0, 0)), /unknown version 9/);
  t.throws(() => decodeConfChange(Uint8Array.of(1, 9, 0, 0)), /unknown code 9/);
  t.end();
});
