import { spawn } from 'node:child_process';
import type { Test } from 'tap';
import type { Outcome } from './local-cluster.ts';

const timeoutMs = 60_000;
const outputBytesMax = 8 * 1024 * 1024;

export interface SessionOptions {
  readonly kubeconfig: string;
  /** where kubectl keeps its caches */
  readonly home: string;
  /** path of the kubectl that the lines call `kubectl` */
  readonly kubectl: string;
  /** of every `kubectl` without -n of its own */
  readonly namespace?: string;
}

/**
 * One line of a shell session and what it shall print. `prints` is matched against all output of a line that succeeds,
 * `fails` against that of one that does not.
 */
export type Step = readonly [line: string, prints: RegExp] | { readonly line: string; readonly fails: RegExp };

/** Runs shell lines in which `kubectl` is the one chosen, in a namespace of its own: tests read like a session at a terminal. */
export class ShellSession {
  readonly #options: SessionOptions;

  constructor(options: SessionOptions) {
    this.#options = options;
  }

  /** the same cluster, another namespace or kubectl */
  with(change: Partial<SessionOptions>): ShellSession {
    return new ShellSession({ ...this.#options, ...change });
  }

  /** Never throws for the exit code; ends the line with all its processes after a minute. */
  run(line: string, input = ''): Promise<Outcome> {
    const { kubeconfig, home, kubectl, namespace } = this.#options;
    const inNamespace = namespace === undefined ? '' : ` -n ${namespace}`;
    const child = spawn('sh', ['-c', `kubectl() { "$KUBECTL"${inNamespace} "$@"; }\n${line}`], {
      env: { ...process.env, KUBECONFIG: kubeconfig, HOME: home, KUBECTL: kubectl },
      stdio: ['pipe', 'pipe', 'pipe'],
      detached: true,
    });
    const timer = setTimeout(() => {
      if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
    }, timeoutMs);
    const output = { stdout: '', stderr: '' };
    for (const stream of ['stdout', 'stderr'] as const) {
      child[stream].setEncoding('utf8').on('data', (text: string) => {
        if (output[stream].length < outputBytesMax) output[stream] += text;
      });
    }
    child.stdin.on('error', () => {}); // a line that reads nothing may be gone before its input is written
    child.stdin.end(input);
    return new Promise((resolve, reject) => {
      child.once('error', reject);
      child.once('close', (code, signal) => {
        clearTimeout(timer);
        resolve({ code: code ?? 1, ...output, ...(signal && { stderr: `${output.stderr}(ended by ${signal})` }) });
      });
    });
  }

  /** What the line printed, without the blanks around it; throws where it failed. */
  async ok(line: string, input = ''): Promise<string> {
    const { code, stdout, stderr } = await this.run(line, input);
    if (code !== 0) throw new Error(`${line}: exit code ${code}\n${stdout}${stderr}`);
    return stdout.trim();
  }

  /** Runs the lines in turn, one assertion a line. */
  async play(t: Test, steps: readonly Step[]): Promise<void> {
    for (const step of steps) {
      const [line, expected, succeeds] = 'fails' in step ? [step.line, step.fails, false] : [step[0], step[1], true];
      const { code, stdout, stderr } = await this.run(line);
      const found = { line, ok: code === 0, output: `${stdout}${stderr}`.trim() };
      t.match(found, { line, ok: succeeds, output: expected }, `${line} ${succeeds ? 'prints' : 'fails:'} ${expected}`);
    }
  }
}

/** Polls until the line prints what is expected; throws with its last output. */
export async function untilPrints(session: ShellSession, line: string, expected: RegExp, ms = 30_000): Promise<string> {
  const deadline = Date.now() + ms;
  for (;;) {
    const { stdout, stderr } = await session.run(line);
    if (expected.test(stdout)) return stdout;
    if (Date.now() > deadline)
      throw new Error(`not within ${ms} ms: ${line} prints ${expected}, but ${stdout}${stderr}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}
