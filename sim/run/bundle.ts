import { mkdirSync, renameSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = fileURLToPath(new URL('../..', import.meta.url));
export const simBundle = join(root, 'dist', 'sim.cjs');

/** Puts the simulator into one file, which runs much faster than a thousand modules. */
export async function bundleSim(output = simBundle): Promise<string> {
  mkdirSync(dirname(output), { recursive: true });
  // whoever runs the file now goes on with the one it has
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
