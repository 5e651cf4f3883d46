import type { ChildProcess } from 'node:child_process';
import { pause, startKuorum } from './local-cluster.ts';

/** A command in the foreground, and what it has printed so far. */
export class Foreground {
  readonly child: ChildProcess;
  output = '';
  readonly #ended: Promise<number | null>;

  constructor(args: readonly string[]) {
    this.child = startKuorum(args);
    for (const stream of [this.child.stdout, this.child.stderr]) {
      stream?.on('data', (chunk: Buffer) => (this.output += chunk.toString()));
    }
    this.#ended = new Promise((resolve) => this.child.on('close', (code) => resolve(code)));
  }

  async printed(pattern: RegExp, timeoutMs = 60_000): Promise<void> {
    for (const deadline = performance.now() + timeoutMs; !pattern.test(this.output); await pause(20)) {
      if (performance.now() > deadline)
        throw new Error(`${String(pattern)} was not printed within ${timeoutMs} ms:\n${this.output}`);
    }
  }

  /** the exit code */
  stop(signal: NodeJS.Signals): Promise<number | null> {
    this.child.kill(signal);
    return this.#ended;
  }
}
