import { Agent, request, type Dispatcher } from 'undici';
import type { User } from '../pipeline.ts';
import type { RemoteService } from './remote-services.ts';

export interface ProxyIdentity {
  readonly cert: string;
  readonly key: string;
}

interface Kept {
  readonly identity: string;
  readonly agent: Agent;
}

const connectionsMax = 32;
const connectTimeoutMs = 5_000;

/** As client-go escapes keys in header names: what HTTP does not allow there, and `%`. */
const escaped = (key: string): string => key.replaceAll(/[^A-Za-z0-9!#$&'*+.^_`|~-]+/g, encodeURIComponent);

/** What the other server believes of who asks, because it knows our certificate. */
export function userHeaders({ name, uid, groups, extra = {} }: User): Record<string, string | string[]> {
  return {
    'x-remote-user': name,
    ...(uid && { 'x-remote-uid': uid }),
    ...(groups.length > 0 && { 'x-remote-group': [...groups] }),
    ...Object.fromEntries(
      Object.entries(extra).map(([key, values]) => [`x-remote-extra-${escaped(key)}`.toLowerCase(), [...values]]),
    ),
  };
}

/** Connections to other API servers, as this server: with the certificate of the front proxy. */
export class RemoteConnections {
  readonly #identity: ProxyIdentity | undefined;
  readonly #agents = new Map<string, Kept>();

  constructor(identity: ProxyIdentity | undefined) {
    this.#identity = identity;
  }

  #agentFor(service: RemoteService): Agent {
    const known = this.#agents.get(service.name);
    if (known?.identity === service.identity) return known.agent;
    void known?.agent.close();
    const agent = new Agent({
      connections: connectionsMax,
      connect: {
        timeout: connectTimeoutMs,
        // its certificate is for the Service, whichever endpoint answers
        servername: `${service.service}.${service.namespace}.svc`,
        ...(service.ca !== undefined && { ca: service.ca }),
        ...(service.insecure && { rejectUnauthorized: false }),
        ...this.#identity,
      },
    });
    this.#agents.set(service.name, { identity: service.identity, agent });
    return agent;
  }

  /** Rejects where the other server cannot be reached, or its certificate is not what it must be. */
  ask(
    service: RemoteService,
    url: string,
    options: Pick<Dispatcher.RequestOptions, 'method' | 'body'> & {
      readonly headers: Record<string, string | string[]>;
      readonly signal?: AbortSignal;
      readonly timeoutMs: number;
    },
  ): Promise<Dispatcher.ResponseData> {
    const { method, body, headers, signal, timeoutMs } = options;
    return request(url, {
      method,
      body,
      headers,
      dispatcher: this.#agentFor(service),
      headersTimeout: timeoutMs,
      bodyTimeout: 0, // watches are silent for as long as nothing happens
      ...(signal && { signal }),
    });
  }

  async close(): Promise<void> {
    await Promise.all([...this.#agents.values()].map(({ agent }) => agent.destroy()));
  }
}
