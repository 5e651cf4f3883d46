/** Hands out the addresses of one IPv4 range, each to one holder, lowest free after the last one given. */
export class PodAddresses {
  readonly cidr: string;
  readonly #first: number;
  readonly #count: number;
  readonly #used = new Set<number>();
  #next = 0;

  /** The network, the gateway (first address) and the broadcast address are never given. */
  constructor(cidr: string) {
    const match = /^(\d+)\.(\d+)\.(\d+)\.(\d+)\/(\d+)$/.exec(cidr);
    const octets = match?.slice(1, 5).map(Number) ?? [];
    const bits = Number(match?.[5]);
    if (!match || octets.some((octet) => octet > 255) || bits < 8 || bits > 30) {
      throw new Error(`invalid pod CIDR ${JSON.stringify(cidr)}: must be an IPv4 range between /8 and /30`);
    }
    const address = octets.reduce((sum, octet) => sum * 256 + octet, 0);
    const size = 2 ** (32 - bits);
    this.cidr = cidr;
    this.#first = Math.floor(address / size) * size + 2;
    this.#count = size - 3;
  }

  /** undefined when every address is in use */
  take(): string | undefined {
    for (let i = 0; i < this.#count; i++) {
      const offset = (this.#next + i) % this.#count;
      if (this.#used.has(offset)) continue;
      this.#used.add(offset);
      this.#next = (offset + 1) % this.#count;
      return textOf(this.#first + offset);
    }
    return undefined;
  }

  /** Marks an address as in use, as when state is loaded; one outside the range is ignored. */
  reserve(address: string): void {
    const offset = this.#offsetOf(address);
    if (offset === undefined) return;
    this.#used.add(offset);
    this.#next = (offset + 1) % this.#count;
  }

  release(address: string): void {
    const offset = this.#offsetOf(address);
    if (offset !== undefined) this.#used.delete(offset);
  }

  #offsetOf(address: string): number | undefined {
    const offset = address.split('.').reduce((sum, octet) => sum * 256 + Number(octet), 0) - this.#first;
    return offset >= 0 && offset < this.#count ? offset : undefined;
  }
}

const textOf = (address: number): string => [24, 16, 8, 0].map((shift) => (address >>> shift) & 255).join('.');
