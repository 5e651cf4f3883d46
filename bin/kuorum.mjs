#!/usr/bin/env node
// Builds what needs building, then runs the bundled command. In an installed package dist/ is there already.
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';

const bundle = fileURLToPath(new URL('../dist/kuorum.cjs', import.meta.url));
const builder = new URL('../tools/build.mjs', import.meta.url);
// components are started by the command itself, from the bundle that it runs: they never build
if (existsSync(builder) && process.env.KUORUM_NO_BUILD === undefined) {
  const { build } = await import(builder.href);
  await build();
}
process.argv[1] = bundle;
createRequire(import.meta.url)(bundle);
