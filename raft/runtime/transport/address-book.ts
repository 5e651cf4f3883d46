import type { NodeId } from '../../core/types.ts';
import type { PeerAddress } from '../types.ts';

/** Members that are known from their own calls alone. */
const strangersMax = 32;

/**
 * Where peers are: as the state machine lists them, and as they say themselves when they call. A member that was away
 * while others joined has their addresses only behind entries that it lacks; and if one of them leads, it gets those
 * entries from nobody else. So it must be able to answer whoever calls. (etcd: X-PeerURLs.)
 */
export class AddressBook {
  readonly #own: NodeId;
  readonly #isRemoved: (id: NodeId) => boolean;
  #listed: ReadonlyMap<NodeId, PeerAddress> = new Map();
  readonly #told = new Map<NodeId, readonly string[]>();

  constructor(own: NodeId, isRemoved: (id: NodeId) => boolean = () => false) {
    this.#own = own;
    this.#isRemoved = isRemoved;
  }

  list(addresses: readonly PeerAddress[]): void {
    this.#listed = new Map(addresses.map((address) => [address.id, address]));
  }

  /** A member has called and says where it is. True: that was news. */
  called(id: NodeId, urls: readonly string[]): boolean {
    const known = this.#urlsOf(id);
    if (id === this.#own || urls.every((url) => known.includes(url))) return false;
    if (!this.#listed.has(id) && !this.#told.has(id) && this.#told.size >= strangersMax) return false;
    this.#told.set(id, urls);
    return true;
  }

  /** of everybody but this member; those who were removed are nobody's peers */
  get peers(): ReadonlyMap<NodeId, PeerAddress> {
    for (const id of this.#told.keys()) if (this.#isRemoved(id)) this.#told.delete(id);
    const ids = new Set([...this.#listed.keys(), ...this.#told.keys()]);
    ids.delete(this.#own);
    return new Map([...ids].map((id) => [id, { id, urls: this.#urlsOf(id) }]));
  }

  #urlsOf(id: NodeId): readonly string[] {
    const listed = this.#listed.get(id)?.urls ?? [];
    const told = this.#told.get(id) ?? [];
    return [...listed, ...told.filter((url) => !listed.includes(url))];
  }
}
