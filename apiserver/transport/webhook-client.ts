import { Agent, fetch } from 'undici';

/** A server that is asked, as a kubeconfig names it. Texts are PEM. */
export interface WebhookTarget {
  readonly url: string;
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
  readonly token?: string;
  /** the name that its certificate must be for */
  readonly serverName?: string;
  readonly insecure?: boolean;
}

const answerBytesMax = 3 * 1024 * 1024;
const connectionsMax = 16;

/** Posts JSON to one server over connections that are kept. Rejects with what went wrong, also with answers of failure. */
export class WebhookClient {
  readonly #target: WebhookTarget;
  readonly #agent: Agent;

  constructor(target: WebhookTarget) {
    this.#target = target;
    const { ca, cert, key, serverName, insecure } = target;
    this.#agent = new Agent({
      connections: connectionsMax,
      maxResponseSize: answerBytesMax,
      connect: {
        ...(ca !== undefined && { ca }),
        ...(cert !== undefined && { cert, key }),
        ...(serverName !== undefined && { servername: serverName }),
        ...(insecure === true && { rejectUnauthorized: false }),
      },
    });
  }

  async post(body: string, timeoutMs: number): Promise<unknown> {
    const { url, token } = this.#target;
    const response = await fetch(url, {
      method: 'POST',
      body,
      dispatcher: this.#agent,
      redirect: 'error',
      signal: AbortSignal.timeout(timeoutMs),
      headers: {
        'content-type': 'application/json',
        accept: 'application/json',
        ...(token !== undefined && { authorization: `Bearer ${token}` }),
      },
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${url} answered ${response.status}: ${text.slice(0, 200)}`);
    return text === '' ? undefined : (JSON.parse(text) as unknown);
  }

  close(): Promise<void> {
    return this.#agent.destroy();
  }
}
