import { mkdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import type { Plugin } from 'esbuild';
import { applyEdit } from './bug.ts';
import type { Bug, Edit, Simulation } from './bug.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
/** below node_modules, so that packages are found from there and nothing takes it for source */
const outputDir = join(root, 'node_modules', '.cache', 'sim-bugs');

export function patchedSource(source: string, edits: readonly Edit[], file: string): string {
  return edits.filter((edit) => edit.file === file).reduce(applyEdit, source);
}

function patching(edits: readonly Edit[], applied: Set<string>): Plugin {
  return {
    name: 'deliberate-bug',
    setup(context) {
      context.onLoad({ filter: /\.ts$/ }, ({ path }) => {
        const file = relative(root, path);
        if (!edits.some((edit) => edit.file === file)) return undefined;
        applied.add(file);
        return { contents: patchedSource(readFileSync(path, 'utf8'), edits, file), loader: 'ts' };
      });
    },
  };
}

/**
 * Bundles a simulation with one bug in it (undefined: with none) and returns the bundle's path. Throws where an
 * edit does not apply, or where the simulation does not contain the file.
 */
export async function makeTestBuild(bug: Bug | undefined, simulation: Simulation): Promise<string> {
  mkdirSync(outputDir, { recursive: true });
  const outfile = join(outputDir, `${bug?.name ?? 'no-bug'}.${simulation}.${process.pid}.mjs`);
  const edits = bug?.edits ?? [];
  const applied = new Set<string>();
  await build({
    entryPoints: [join(root, 'sim', 'bugs', `${simulation}-seeds.ts`)],
    outfile,
    bundle: true,
    platform: 'node',
    target: 'node20',
    format: 'esm',
    packages: 'external',
    sourcemap: 'inline',
    sourcesContent: false,
    plugins: [patching(edits, applied)],
    logLevel: 'silent',
  });
  const missed = edits.filter(({ file }) => !applied.has(file));
  if (missed.length > 0)
    throw new Error(`the simulation does not contain ${missed.map(({ file }) => file).join(', ')}`);
  return outfile;
}
