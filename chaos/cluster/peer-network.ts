import type { Layout } from '../../cli/cluster/layout.ts';
import { LinkProxy } from './link-proxy.ts';
import type { LinkMode } from './link-proxy.ts';

/**
 * The network between the replicas: a link for each ordered pair.
 *
 *     replica-1 ──link 1→2──▶ replica-2        replica-1 dials the link in place of replica-2's peer URL
 *     replica-1 ◀──link 2→1── replica-2
 */
export class PeerNetwork {
  readonly #layout: Layout;
  readonly #links = new Map<string, LinkProxy>();

  private constructor(layout: Layout) {
    this.#layout = layout;
  }

  static async start(layout: Layout): Promise<PeerNetwork> {
    const network = new PeerNetwork(layout);
    for (const from of layout.replicas) {
      for (const to of layout.replicas) {
        if (from !== to) network.#links.set(`${from.name}>${to.name}`, await LinkProxy.start(to.peerPort));
      }
    }
    return network;
  }

  /** For KUORUM_PEER_DIAL of `from`: its peers' URLs, and where their links are. */
  dialOverrides(from: string): string {
    return this.#layout.replicas
      .filter((to) => to.name !== from)
      .map((to) => `${to.peerUrl}>https://127.0.0.1:${this.#link(from, to.name).port}`)
      .join(' ');
  }

  set(from: string, to: string, mode: LinkMode, delayMs = 0): void {
    this.#link(from, to).set(mode, delayMs);
  }

  reset(from: string, to: string): void {
    this.#link(from, to).resetAll();
  }

  async close(): Promise<void> {
    await Promise.all([...this.#links.values()].map((link) => link.close()));
  }

  #link(from: string, to: string): LinkProxy {
    const link = this.#links.get(`${from}>${to}`);
    if (link === undefined) throw new Error(`there is no link from ${from} to ${to}`);
    return link;
  }
}
