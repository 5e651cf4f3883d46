#!/usr/bin/env node
// Builds what needs building, then runs the bundled command. In an installed package dist/ is there already.
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';

process.env.UV_THREADPOOL_SIZE ??= '8'; // fsyncs must not queue behind the store's background writes
process.env.GRPC_VERBOSITY ??= 'NONE'; // errors reach the user through our own messages
const builder = new URL('../tools/build.mjs', import.meta.url);
if (existsSync(builder)) {
  const { build } = await import(builder.href);
  await build();
}
createRequire(import.meta.url)('./run-bundle.cjs').run();
