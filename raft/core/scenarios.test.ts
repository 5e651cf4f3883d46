import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import t from 'tap';
import { Scenario } from './testing/scenario.ts';

// KUORUM_REWRITE=1 node --import tsx raft/core/scenarios.test.ts writes what happens into the files; review the difference.
const rewrite = process.env['KUORUM_REWRITE'] === '1';
const folder = new URL('../testdata/', import.meta.url);

/** Replays a file: comments and blank lines stay, commands run, what stands below `----` is replaced by what happened. */
function replay(text: string): string {
  const scenario = new Scenario();
  const out: string[] = [];
  let isAnswer = false;
  let pending: string[] = [];
  const flush = (): void => {
    if (pending.length === 0) return;
    const answer = pending.map((line) => scenario.run(line)).join('');
    out.push(...pending, '----', answer === '' ? 'ok' : answer.trimEnd());
    pending = [];
  };
  for (const line of text.split('\n')) {
    if (line === '') {
      flush();
      isAnswer = false;
      out.push('');
    } else if (line.startsWith('#')) {
      out.push(line);
    } else if (line === '----') {
      flush();
      isAnswer = true;
    } else if (!isAnswer) {
      pending.push(line);
    }
  }
  flush();
  return `${out.join('\n').trimEnd()}\n`;
}

for (const name of readdirSync(folder)
  .filter((file) => file.endsWith('.txt'))
  .sort()) {
  void t.test(`scenario ${name} happens as written`, (t) => {
    const file = new URL(name, folder);
    const expected = readFileSync(file, 'utf8');
    const actual = replay(expected);
    if (rewrite) writeFileSync(file, actual);
    else t.equal(actual, expected);
    t.end();
  });
}
