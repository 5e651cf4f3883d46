import { Agent, request } from 'node:https';
import { loadKubeconfig } from '../../client/kubeconfig.ts';

export interface Answer {
  readonly status: number;
  readonly text: string;
  /** the parsed body; {} where it is not JSON */
  readonly json: Record<string, unknown>;
}

export interface RestOptions {
  readonly server?: string;
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
  /** TCP connections kept; 1 means that requests queue behind each other */
  readonly connections?: number;
}

export interface Call {
  readonly body?: string | Buffer | object;
  readonly contentType?: string;
  readonly accept?: string;
  readonly timeoutMs?: number;
}

const parse = (text: string): Record<string, unknown> => {
  try {
    return JSON.parse(text) as Record<string, unknown>;
  } catch {
    return {};
  }
};

/** Plain HTTPS requests: what the server says reaches the test unchanged, without a client's retries. */
export class Rest {
  readonly #server: URL;
  readonly #agent: Agent;

  constructor(options: RestOptions) {
    this.#server = new URL(options.server ?? '');
    const { ca, cert, key } = options;
    this.#agent = new Agent({ keepAlive: true, maxSockets: options.connections ?? 4, ca, cert, key });
  }

  /** As the administrator of a kubeconfig; `options` win over it. */
  static of(kubeconfig: string, options: RestOptions = {}): Rest {
    const { servers, ca, cert, key } = loadKubeconfig(kubeconfig);
    return new Rest({ server: servers[0], ca, cert, key, ...options });
  }

  request(method: string, path: string, call: Call = {}): Promise<Answer> {
    const { body, timeoutMs = 30_000 } = call;
    const bytes = typeof body === 'object' && !Buffer.isBuffer(body) ? JSON.stringify(body) : body;
    return new Promise((resolve, reject) => {
      const { hostname, port } = this.#server;
      const headers = {
        accept: call.accept ?? 'application/json',
        ...(bytes === undefined ? {} : { 'content-type': call.contentType ?? 'application/json' }),
        ...(bytes === undefined ? {} : { 'content-length': Buffer.byteLength(bytes) }),
      };
      const sent = request({ method, hostname, port, path, headers, agent: this.#agent }, (answer) => {
        const chunks: Buffer[] = [];
        answer.on('data', (chunk: Buffer) => chunks.push(chunk));
        answer.on('error', reject);
        answer.on('end', () => {
          clearTimeout(timer);
          const text = Buffer.concat(chunks).toString();
          resolve({ status: answer.statusCode ?? 0, text, json: parse(text) });
        });
      });
      const timer = setTimeout(() => sent.destroy(new Error(`no answer within ${timeoutMs} ms`)), timeoutMs);
      sent.on('error', (error) => {
        clearTimeout(timer);
        reject(error);
      });
      sent.end(bytes);
    });
  }

  close(): void {
    this.#agent.destroy();
  }
}
