// Bundles the simulator into one file, which runs much faster than a thousand modules, and runs it: `npm run sim -- --help`
import { spawn } from 'node:child_process';
import { mkdirSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** Into `dist/`, or where it is told; returns the file. */
export async function bundleSim(output = join(root, 'dist', 'sim.cjs')) {
  const { build } = await import('esbuild');
  mkdirSync(join(output, '..'), { recursive: true });
  const temporary = `${output}.${process.pid}`;
  await build({
    entryPoints: [join(root, 'sim', 'run', 'main.ts')],
    outfile: temporary,
    bundle: true,
    platform: 'node',
    target: 'node20',
    format: 'cjs',
    // modules with native code find it beside themselves
    external: ['classic-level', 'msgpackr-extract'],
    sourcemap: 'inline',
    sourcesContent: false,
    logLevel: 'warning',
  });
  renameSync(temporary, output);
  return output;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const file = await bundleSim();
  const child = spawn(process.execPath, ['--enable-source-maps', file, ...process.argv.slice(2)], { stdio: 'inherit' });
  for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => child.kill(signal));
  child.on('exit', (code, signal) => (process.exitCode = code ?? (signal ? 130 : 2)));
}
