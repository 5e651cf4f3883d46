/** PodExecOptions and PodAttachOptions as they stand in a query. */
import { isTrue } from '../transport/request-info.ts';

export interface StreamOptions {
  readonly container: string;
  readonly stdin: boolean;
  readonly stdout: boolean;
  readonly stderr: boolean;
  readonly tty: boolean;
  readonly command: readonly string[];
}

export function streamOptionsOf(query: URLSearchParams): StreamOptions {
  const on = (name: string): boolean => isTrue(query.get(name));
  return {
    container: query.get('container') ?? '',
    stdin: on('stdin'),
    stdout: on('stdout'),
    stderr: on('stderr'),
    tty: on('tty'),
    command: query.getAll('command'),
  };
}

/** In the kubelet's words. */
export function kubeletQuery({ stdin, stdout, stderr, tty, command }: StreamOptions): string {
  const params = new URLSearchParams();
  if (stdin) params.set('input', '1');
  if (stdout) params.set('output', '1');
  if (stderr) params.set('error', '1');
  if (tty) params.set('tty', '1');
  for (const word of command) params.append('command', word);
  return params.toString();
}
