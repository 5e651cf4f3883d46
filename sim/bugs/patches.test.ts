import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { transformSync } from 'esbuild';
import t from 'tap';
import { allBugs } from './all-bugs.ts';
import { patchedSource } from './test-build.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const product = /^(raft\/(core|runtime)|store)\//;

void t.test('every deliberate bug still finds the text it replaces, once, and leaves code that parses', (t) => {
  for (const { name, edits } of allBugs) {
    t.ok(edits.length > 0 && edits.every(({ file }) => product.test(file)), `${name} is in the product's code`);
    t.doesNotThrow(() => {
      for (const file of new Set(edits.map((edit) => edit.file))) {
        const before = readFileSync(join(root, file), 'utf8');
        const after = patchedSource(before, edits, file);
        if (after === before) throw new Error(`${file} is as it was`);
        transformSync(after, { loader: 'ts', sourcefile: file });
      }
    }, name);
  }
  t.end();
});

void t.test('bugs have names of their own', (t) => {
  t.same(
    allBugs.map(({ name }) => name).filter((name, i, all) => all.indexOf(name) !== i),
    [],
  );
  t.end();
});
