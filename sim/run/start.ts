/** `npm run sim -- --help`: bundles the simulator and runs it. */
import { spawn } from 'node:child_process';
import { bundleSim } from './bundle.ts';

const file = await bundleSim();
const child = spawn(process.execPath, ['--enable-source-maps', file, ...process.argv.slice(2)], { stdio: 'inherit' });
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => child.kill(signal));
child.on('exit', (code, signal) => (process.exitCode = code ?? (signal === null ? 2 : 130)));
