import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { drawConfig } from './run-config.ts';
import type { RunOptions } from './run-config.ts';
import { runSeed } from './run-seed.ts';
import type { RunResult } from './run-seed.ts';

export interface Job {
  readonly seed: number;
  readonly options: RunOptions;
}

/** In a macro task, as a simulation needs it. */
export const runJob = ({ seed, options }: Job): Promise<RunResult> =>
  new Promise((resolve, reject) => {
    setImmediate(() => {
      try {
        resolve(runSeed(drawConfig(seed, options)));
      } catch (error) {
        reject(error instanceof Error ? error : new Error(String(error)));
      }
    });
  });

/** Runs jobs that come over the channel to the parent, until that closes. */
export function serveJobs(): void {
  process.on('message', (job: Job) => {
    void runJob(job).then(
      (result) => process.send?.({ result }),
      (error: Error) => process.send?.({ error: `seed ${job.seed}: ${error.stack}` }),
    );
  });
  process.on('disconnect', () => process.exit(0));
}

/** Runs seeds one after the other in this process, or in several at once; `next` gives them until it has none. */
export async function runAll(
  jobs: number,
  next: () => Job | undefined,
  onResult: (result: RunResult) => void,
): Promise<void> {
  if (jobs <= 1) {
    for (let job = next(); job !== undefined; job = next()) onResult(await runJob(job));
    return;
  }
  const workers = Array.from({ length: jobs }, () =>
    fork(process.argv[1]!, ['--worker'], { execArgv: process.execArgv, stdio: 'inherit' }),
  );
  try {
    await Promise.all(workers.map((worker) => feed(worker, next, onResult)));
  } finally {
    for (const worker of workers) worker.disconnect();
  }
}

function feed(worker: ChildProcess, next: () => Job | undefined, onResult: (r: RunResult) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    let current: Job | undefined;
    const go = (): void => {
      current = next();
      if (current === undefined) resolve();
      else worker.send(current);
    };
    worker.on('message', ({ result, error }: { result?: RunResult; error?: string }) => {
      if (result === undefined) {
        reject(new Error(error));
        return;
      }
      onResult(result);
      go();
    });
    worker.on('exit', (code, signal) => {
      if (current !== undefined) reject(new Error(`the worker for seed ${current.seed} ended: ${code ?? signal}`));
    });
    go();
  });
}
