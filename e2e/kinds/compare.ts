/** Prints where our API server answers otherwise than the real one: `npm run one e2e/kinds/compare.ts [group ...]` */
import { allGroups } from './all-groups.ts';
import { readAnswers } from './answers.ts';
import { isKnownLine, knownDifference } from './known-differences.ts';
import { differences } from './normalize.ts';
import { withOwnServer } from './own-server.ts';
import { play } from './play.ts';

const wanted = process.argv.slice(2);
const groups = allGroups.filter(({ name }) => wanted.length === 0 || wanted.includes(name));
await withOwnServer(async (send) => {
  let [same, all] = [0, 0];
  for (const group of groups) {
    const expected = readAnswers(group.name);
    for (const found of await play(send, group)) {
      all++;
      const known = knownDifference(group.name, found.title);
      const real = expected.get(found.title);
      const lines =
        real === undefined
          ? [`no recorded answer; ours is ${found.status}`]
          : differences(found, real).filter((line) => !isKnownLine(line));
      if (lines.length === 0) same++;
      else
        process.stdout.write(
          `\n# ${group.name}: ${found.title}${known ? ` (known: ${known})` : ''}\n  ${lines.join('\n  ')}\n`,
        );
    }
  }
  process.stdout.write(`\n${same} of ${all} alike\n`);
});
