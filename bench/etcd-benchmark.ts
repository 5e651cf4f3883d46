import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { findPeer } from '../e2e/testing/peers.ts';

const run = promisify(execFile);

/** etcd's own load generator: installed by `npm run peers` */
export const etcdBenchmark = (): string | undefined => findPeer('benchmark');

/** Runs a command of it against `url`; answers the `Requests/sec` of its last summary. */
export async function loadByEtcdBenchmark(url: string, args: readonly string[]): Promise<number> {
  const program = etcdBenchmark();
  if (program === undefined) throw new Error("etcd's benchmark is not installed: npm run peers");
  const { stdout, stderr } = await run(program, [...args, '--endpoints', new URL(url).host, '--precise'], {
    maxBuffer: 64 * 1024 * 1024,
  });
  const rate = [...stdout.matchAll(/Requests\/sec:\s+([\d.e+]+)/g)].at(-1)?.[1];
  const failures = /Error distribution:[\s\S]*/.exec(stdout)?.[0];
  if (rate === undefined || failures !== undefined) {
    throw new Error(`benchmark ${args.join(' ')}: ${failures ?? 'no rate'}\n${stderr}`);
  }
  return Number(rate);
}
