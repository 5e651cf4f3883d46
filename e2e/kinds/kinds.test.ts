/** What the real kube-apiserver has answered to the same requests (answers/), ours must answer, too. */
import t from 'tap';
import { allGroups } from './all-groups.ts';
import { readAnswers } from './answers.ts';
import { isKnownLine, knownDifference } from './known-differences.ts';
import { differences } from './normalize.ts';
import { withOwnServer } from './own-server.ts';
import { play } from './play.ts';

t.setTimeout(300_000); // in all; busy machines are slow

void t.test('titles are unique in their group', async (t) => {
  for (const { name, cases } of allGroups) t.equal(new Set(cases.map(({ title }) => title)).size, cases.length, name);
});

void t.test('kinds answer as those of the real kube-apiserver', { timeout: 240_000 }, async (t) => {
  await withOwnServer(async (send) => {
    for (const group of allGroups) {
      const expected = readAnswers(group.name);
      await t.test(group.name, { timeout: 60_000 }, async (t) => {
        for (const found of await play(send, group)) {
          const why = knownDifference(group.name, found.title);
          const real = expected.get(found.title);
          const lines = differences(found, real).filter((line) => !isKnownLine(line));
          if (why === undefined) t.strictSame(lines, [], found.title);
          else t.not(lines.length, 0, `${found.title} differs: ${why}`);
        }
      });
    }
  });
});
