/** Asks the real kube-apiserver and writes down what it says: `npm run one e2e/kinds/record.ts [group ...]` */
import { allGroups } from './all-groups.ts';
import { writeAnswers } from './answers.ts';
import { play } from './play.ts';
import { withRealServer } from './real-server.ts';

const wanted = process.argv.slice(2);
const groups = allGroups.filter(({ name }) => wanted.length === 0 || wanted.includes(name));
await withRealServer(async (send) => {
  for (const group of groups) {
    const answers = await play(send, group);
    writeAnswers(group.name, answers);
    process.stdout.write(`${group.name}: ${answers.length} answers\n`);
  }
});
