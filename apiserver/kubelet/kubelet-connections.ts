import { messageOf } from '../../base/message-of.ts';
import { isIPv6 } from 'node:net';
import { Agent, request, type Dispatcher } from 'undici';
import { newInternalError } from '../../api/meta/status.ts';
import type { ObjectStore } from '../pipeline.ts';
import { kubeletPortDefault, locateNode, preferredAddressesDefault, type NodeLocation } from './node-location.ts';

/** How kubelets are reached. Texts are PEM. */
export interface KubeletClientSettings {
  /** who we are to them */
  readonly cert?: string;
  readonly key?: string;
  /** signs their certificates; absent: those are not looked at, as in kube-apiserver */
  readonly ca?: string;
  readonly preferredAddressTypes?: readonly string[];
  /** of nodes that do not tell theirs; default 10250 */
  readonly port?: number;
  /** default 5 s */
  readonly timeoutMs?: number;
}

/** to one kubelet: each log that is followed holds one */
const connectionsMax = 1_000;
const timeoutMsDefault = 5_000;

/** Connections to kubelets, with the certificate that this server has for them. */
export class KubeletConnections {
  readonly #settings: KubeletClientSettings;
  readonly #store: ObjectStore;
  readonly #agents = new Map<boolean, Agent>();
  #others: Agent | undefined;

  constructor(settings: KubeletClientSettings, store: ObjectStore) {
    this.#settings = settings;
    this.#store = store;
  }

  /** Throws where there is no such node, or it tells no address. */
  locate(nodeName: string): Promise<NodeLocation> {
    const { preferredAddressTypes: preferred = preferredAddressesDefault, port = kubeletPortDefault } = this.#settings;
    return locateNode(this.#store, nodeName, { preferred, port });
  }

  /** for TLS to a kubelet; `unchecked`: whoever asks does not mind who answers */
  tls(unchecked = false): { cert?: string; key?: string; ca?: string; rejectUnauthorized: boolean } {
    const { cert, key, ca } = this.#settings;
    return {
      ...(cert !== undefined && { cert }),
      ...(key !== undefined && { key }),
      ...(ca !== undefined && { ca }),
      rejectUnauthorized: ca !== undefined && !unchecked,
    };
  }

  #agent(unchecked: boolean): Agent {
    let agent = this.#agents.get(unchecked);
    if (agent === undefined) {
      const timeout = this.#settings.timeoutMs ?? timeoutMsDefault;
      agent = new Agent({ connections: connectionsMax, connect: { timeout, ...this.tls(unchecked) } });
      this.#agents.set(unchecked, agent);
    }
    return agent;
  }

  /** Throws a StatusError where the kubelet does not answer. A body may be silent for as long as it wants. */
  async ask(
    { host, port }: NodeLocation,
    path: string,
    options: { readonly signal: AbortSignal; readonly unchecked?: boolean },
  ): Promise<Dispatcher.ResponseData> {
    const url = `https://${isIPv6(host) ? `[${host}]` : host}:${port}${path}`;
    try {
      return await request(url, {
        dispatcher: this.#agent(options.unchecked === true),
        // a log that is followed begins with its first line
        headersTimeout: 0,
        bodyTimeout: 0,
        signal: options.signal,
      });
    } catch (error) {
      throw newInternalError(`Get ${JSON.stringify(url)}: ${messageOf(error)}`);
    }
  }

  /** Of those that are no kubelets nobody knows a certificate, so none is looked at, as in kube-apiserver. */
  #outside(): Agent {
    const timeout = this.#settings.timeoutMs ?? timeoutMsDefault;
    const connect = { timeout, rejectUnauthorized: false };
    return (this.#others ??= new Agent({ connections: connectionsMax, connect }));
  }

  /** A request as it came, to a kubelet or to whoever listens there. Rejects where nobody answers. */
  pass(
    isKubelet: boolean,
    url: string,
    options: Pick<Dispatcher.RequestOptions, 'method' | 'body'> & {
      readonly headers: Record<string, string | string[]>;
      readonly signal: AbortSignal;
    },
  ): Promise<Dispatcher.ResponseData> {
    const dispatcher = isKubelet ? this.#agent(false) : this.#outside();
    return request(url, { ...options, dispatcher, headersTimeout: 0, bodyTimeout: 0 });
  }

  async close(): Promise<void> {
    await this.#others?.destroy();
    await Promise.all([...this.#agents.values()].map((agent) => agent.destroy()));
  }
}
