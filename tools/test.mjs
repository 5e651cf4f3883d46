// Runs test files, each in a process of its own: `node tools/test.mjs [--jobs N] [--repeat N] [path or folder ...]`.
// A test file is a plain program (`import t from 'tap'`), so one also runs alone: node --import tsx raft/core/log.test.ts
import { spawn } from 'node:child_process';
import { readdirSync, statSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const skippedFolders = new Set(['node_modules', 'dist', '.git', '.tap', '.kuorum']);
const defaultTimeoutMs = 180_000;
// End-to-end files start whole clusters: they run after the others, two at a time, each job with ports of its own.
const heavyJobsMax = 2;
const isHeavy = (file) => file.startsWith('e2e/') || file.endsWith('.e2e.test.ts');

function* testFiles(path) {
  if (statSync(path).isFile()) {
    yield path;
    return;
  }
  for (const entry of readdirSync(path, { withFileTypes: true })) {
    if (skippedFolders.has(entry.name)) continue;
    const child = join(path, entry.name);
    if (entry.isDirectory()) yield* testFiles(child);
    else if (entry.name.endsWith('.test.ts')) yield child;
  }
}

function parseArguments(argv) {
  const options = { jobs: Math.max(1, Math.min(4, availableParallelism())), repeat: 1, paths: [] };
  for (let i = 0; i < argv.length; i++) {
    if (argv[i] === '--jobs') options.jobs = Number(argv[++i]);
    else if (argv[i] === '--repeat') options.repeat = Number(argv[++i]);
    else options.paths.push(argv[i]);
  }
  return options;
}

/** Assertions that passed, failed and were skipped, read from the TAP of one process (tap's closing comment lists all). */
function countsOf(output, exitCode) {
  const closing = /^# \{ ([^}]*) \}$/m.exec(output);
  const value = (name) => Number(new RegExp(`\\b${name}: (\\d+)`).exec(closing?.[1] ?? '')?.[1] ?? 0);
  const top = output.split('\n').filter((line) => /^(not )?ok \d/.test(line));
  const skipped = [...output.matchAll(/^ *ok \d+ - (.*) # SKIP(.*)$/gm)].map((m) => `${m[1]}${m[2]}`);
  const failed = closing ? value('fail') : top.filter((line) => line.startsWith('not ok')).length;
  const passed = closing
    ? value('pass')
    : top.filter((line) => line.startsWith('ok') && !line.includes('# SKIP')).length;
  return { passed, failed: exitCode !== 0 && failed === 0 ? 1 : failed, skipped };
}

/** What tells a test file apart from those that run beside it: see freePortBlock in e2e/testing/local-cluster.ts. */
const forJob = (job) => ({ KUORUM_TEST_JOB: String(job) });

function run(file, job) {
  return new Promise((resolve) => {
    const started = performance.now();
    const timeoutMs = isHeavy(relative(root, file)) ? defaultTimeoutMs * 4 : defaultTimeoutMs;
    const child = spawn(process.execPath, ['--enable-source-maps', '--import', 'tsx', file], {
      cwd: root,
      // tap's own limit of 30 s a file would fail what is merely slow on a busy machine
      env: { ...process.env, TAP_BAIL: '0', TAP_TIMEOUT: String(timeoutMs / 1000), NODE_ENV: 'test', ...forJob(job) },
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    });
    let output = '';
    const collect = (chunk) => {
      if (output.length < 4_000_000) output += chunk;
    };
    child.stdout.on('data', collect);
    child.stderr.on('data', collect);
    const timer = setTimeout(() => {
      output += `\nnot ok - timed out after ${timeoutMs} ms\n`;
      process.kill(-child.pid, 'SIGKILL');
    }, timeoutMs);
    child.on('close', (code, signal) => {
      clearTimeout(timer);
      const exitCode = code ?? 1;
      resolve({
        file,
        exitCode,
        signal,
        output,
        ms: Math.round(performance.now() - started),
        ...countsOf(output, exitCode),
      });
    });
  });
}

async function runAll(files, jobs, report) {
  const queue = [...files];
  const worker = async (_, job) => {
    for (let file = queue.shift(); file !== undefined; file = queue.shift()) report(await run(file, job));
  };
  await Promise.all(Array.from({ length: jobs }, worker));
}

const options = parseArguments(process.argv.slice(2));
const paths = options.paths.length > 0 ? options.paths : [root];
const files = [...new Set(paths.flatMap((path) => [...testFiles(path)]))]
  .map((f) => relative(root, f))
  .sort((a, b) => (a < b ? -1 : 1));
const total = { passed: 0, failed: 0, skipped: 0 };

function report(result) {
  total.passed += result.passed;
  total.failed += result.failed;
  total.skipped += result.skipped.length;
  const mark = result.failed > 0 ? 'FAIL' : 'ok  ';
  console.log(`${mark} ${result.file}  ${result.passed} passed, ${result.failed} failed  ${result.ms} ms`);
  for (const name of result.skipped) console.log(`     skipped: ${name}`);
  if (result.failed > 0) console.log(result.output.replace(/^/gm, '     '));
}

for (let round = 1; round <= options.repeat; round++) {
  if (options.repeat > 1) console.log(`round ${round} of ${options.repeat}`);
  await runAll(
    files.filter((f) => !isHeavy(f)),
    options.jobs,
    report,
  );
  await runAll(files.filter(isHeavy), Math.min(options.jobs, heavyJobsMax), report);
}
console.log(`${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`);
process.exit(total.failed > 0 || total.passed === 0 ? 1 : 0);
