// The one command that says whether all is well: types, lint, format, layers, tidy, tests. `node tools/ok.mjs [--no-tests]`
import { spawnSync } from 'node:child_process';

const checks = ['types', 'lint', 'format:check', 'layers', 'tidy'];
const tests = process.argv.includes('--no-tests') ? [] : ['test:run'];
const failed = [];
for (const name of [...checks, ...tests]) {
  const started = performance.now();
  const { status } = spawnSync('npm', ['run', '--silent', name], { stdio: 'inherit' });
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  if (status !== 0) failed.push(name);
  if (name !== 'test:run') console.log(`${status === 0 ? 'ok  ' : 'FAIL'} ${name}  ${seconds} s`);
}
if (failed.length > 0) {
  console.error(`not ok: ${failed.join(', ')}`);
  process.exit(1);
}
