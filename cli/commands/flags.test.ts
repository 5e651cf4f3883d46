import { Command } from 'commander';
import t from 'tap';
import { addFlags } from './flags.ts';
import type { Flag, FlagValues } from './flags.ts';

const flags: readonly Flag[] = [
  { name: 'name', type: 'text', fallback: 'default', text: '' },
  { name: 'urls', type: 'list', text: '' },
  { name: 'count', type: 'number', text: '' },
  { name: 'wait', type: 'duration', fallback: '15s', text: '' },
  { name: 'elect', type: 'boolean', fallback: 'true', text: '' },
];

function read(...argv: string[]): FlagValues {
  const command = new Command().exitOverride().configureOutput({ writeErr: () => {} });
  const values = addFlags(command, flags);
  command.action(() => {});
  command.parse(argv, { from: 'user' });
  return values();
}

void t.test('flags are read by their type, in both spellings', (t) => {
  const values = read('--name=m1', '--urls', 'a,b', '--count=3', '--wait', '1m30s', '--elect=false');
  t.equal(values.text('name'), 'm1');
  t.same(values.list('urls'), ['a', 'b']);
  t.equal(values.number('count'), 3);
  t.equal(values.number('wait'), 90_000);
  t.equal(values.boolean('elect'), false);
  t.end();
});

void t.test('flags that are not given have their defaults, or none', (t) => {
  const values = read();
  t.equal(values.text('name'), 'default');
  t.equal(values.optional('count'), undefined);
  t.equal(values.number('wait'), 15_000);
  t.equal(read('--elect').boolean('elect'), true);
  t.end();
});

void t.test('a wrong value or an unknown flag is refused by name', (t) => {
  t.throws(() => read('--count=many'), { message: /invalid argument "many" for "--count"/ });
  t.throws(() => read('--wait=10'), { message: /invalid argument "10" for "--wait"/ });
  t.throws(() => read('--elect=maybe'), { message: /true or false/ });
  t.throws(() => read('--nme=x'), { message: /unknown option '--nme=x'/ });
  t.end();
});
