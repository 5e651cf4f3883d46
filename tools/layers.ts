/** Checks the import table of docs/architecture.md: which folder may import which. Run: npm run layers */
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';

/** The longest matching folder decides; a folder may always import itself and base/. */
const mayImport: Readonly<Record<string, readonly string[]>> = {
  base: [],
  proto: [],
  'raft/core': [],
  'raft/runtime': ['raft/core', 'grpc'],
  grpc: [],
  'store/mvcc': [],
  'store/auth': ['store/mvcc'],
  'store/backend': [],
  'store/bolt': [],
  'store/etcd': [
    'raft/core',
    'raft/runtime',
    'grpc',
    'proto',
    'store/mvcc',
    'store/auth',
    'store/backend',
    'store/bolt',
  ],
  api: [],
  client: ['api'],
  apiserver: ['api', 'proto'],
  controllers: ['client', 'api'],
  'node/cri': ['grpc', 'proto'],
  'node/runtime': ['grpc', 'proto', 'node/cri'],
  'node/kubelet': ['client', 'api', 'grpc', 'node/cri', 'node/runtime'],
  'sim/check': [],
  sim: ['raft/core', 'raft/runtime', 'grpc', 'store/mvcc', 'store/auth', 'store/backend', 'store/etcd', 'sim/check'],
  cli: ['*'],
  chaos: ['*'],
  bench: ['*'],
  e2e: ['*'],
  tools: [],
};
/** Folders that import no `node:*`: pure logic. */
const pure = ['raft/core', 'store/mvcc', 'store/auth', 'api', 'sim/check'];
/** Integration tests and what only they use may reach into the parts they join. */
const isTestFile = (file: string): boolean => file.endsWith('.test.ts') || /\/test(ing|data)\//.test(file);

const folders = Object.keys(mayImport).sort((a, b) => b.length - a.length);
const folderOf = (file: string): string | undefined => folders.find((folder) => file.startsWith(`${folder}/`));

function* sources(folder: string): Generator<string> {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) yield* sources(path);
    else if (entry.name.endsWith('.ts')) yield path;
  }
}

function problemOf(file: string, specifier: string): string | undefined {
  const home = folderOf(file) ?? '';
  if (specifier.startsWith('node:')) {
    return pure.includes(home) && !isTestFile(file) ? `pure folder ${home}/ imports ${specifier}` : undefined;
  }
  if (!/^\.\.?\//.test(specifier)) return undefined; // a package, or prose that reads like an import
  const target = folderOf(normalize(join(dirname(file), specifier)));
  if (target === undefined) return `imports ${specifier}, which is in no known folder`;
  const allowed = mayImport[home] ?? [];
  if (target === home || target === 'base' || allowed.includes('*') || allowed.includes(target)) return undefined;
  if (isTestFile(file)) return undefined;
  return `${home}/ may not import ${target}/ (${specifier})`;
}

const importPattern = /^(?:import|export)\s[^'"]*?['"]([^'"]+)['"]|\bimport\(\s*['"]([^'"]+)['"]\s*\)/gm;
let problems = 0;
let files = 0;
for (const top of new Set(folders.map((folder) => folder.split('/')[0] as string))) {
  if (!existsSync(top)) continue;
  for (const file of sources(top)) {
    files++;
    for (const match of readFileSync(file, 'utf8').matchAll(importPattern)) {
      const problem = problemOf(file, match[1] ?? match[2] ?? '');
      if (problem === undefined) continue;
      problems++;
      console.error(`${file}: ${problem}`);
    }
  }
}
console.log(`layers: ${files} files, ${problems} arrows that may not be`);
process.exitCode = problems > 0 ? 1 : 0;
