import { Agent } from 'undici';
import type { Dispatcher } from 'undici';
import { loadKubeconfig } from '../../client/kubeconfig.ts';

export interface KubeAnswer {
  readonly status: number;
  readonly json: unknown;
}

const headersTimeoutMs = 5000;

/** HTTPS requests through the front, each once: what fails is told, and nothing is repeated behind the caller's back. */
export class KubeRest {
  readonly #agent: Agent;
  readonly #origin: string;

  constructor(kubeconfig: string) {
    const { servers, ca, cert, key } = loadKubeconfig(kubeconfig);
    this.#origin = servers[0] ?? '';
    this.#agent = new Agent({
      connect: { ca, cert, key },
      connections: 4,
      pipelining: 1,
      headersTimeout: headersTimeoutMs,
    });
  }

  async request(
    method: Dispatcher.HttpMethod,
    path: string,
    body: object | undefined,
    timeoutMs: number,
  ): Promise<KubeAnswer> {
    const { statusCode, body: answer } = await this.#agent.request({
      origin: this.#origin,
      path,
      method,
      headers: { accept: 'application/json', ...(body && { 'content-type': 'application/json' }) },
      ...(body && { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(timeoutMs),
    });
    return { status: statusCode, json: JSON.parse(await answer.text()) as unknown };
  }

  /** Each line of a watch, parsed; ends where the server ends it, rejects where it breaks or `signal` aborts. */
  async *watch(path: string, signal: AbortSignal): AsyncGenerator {
    const { statusCode, body } = await this.#agent.request({
      origin: this.#origin,
      path,
      method: 'GET',
      headers: { accept: 'application/json' },
      bodyTimeout: 0,
      signal,
    });
    if (statusCode !== 200) throw new KubeStatusError(statusCode, await body.text());
    let rest = '';
    for await (const chunk of body.setEncoding('utf8') as AsyncIterable<string>) {
      const lines = (rest + chunk).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) if (line !== '') yield JSON.parse(line);
    }
  }

  async close(): Promise<void> {
    await this.#agent.destroy();
  }
}

/** An answer other than 200 to a watch. */
export class KubeStatusError extends Error {
  override name = 'KubeStatusError';
  readonly status: number;
  constructor(status: number, text: string) {
    super(`${status}: ${text.slice(0, 200)}`);
    this.status = status;
  }
}
