/** An IPv4 network, `10.96.0.0/16`, as numbers. */
export class IpRange {
  readonly cidr: string;
  readonly #base: number;
  /** addresses, the network's own and the broadcast address included */
  readonly size: number;

  constructor(cidr: string) {
    const match = /^(\d+)\.(\d+)\.(\d+)\.(\d+)\/(\d+)$/.exec(cidr);
    const [a = 0, b = 0, c = 0, d = 0, bits = 0] = (match ?? []).slice(1).map(Number);
    if (match === null || Math.max(a, b, c, d) > 255 || bits < 8 || bits > 30) {
      throw new Error(`invalid service cluster IP range ${JSON.stringify(cidr)}: IPv4 with /8 to /30 is supported`);
    }
    this.cidr = cidr;
    this.size = 2 ** (32 - bits);
    const address = ((a * 256 + b) * 256 + c) * 256 + d;
    this.#base = address - (address % this.size);
  }

  /** `at(1)` is the first usable one */
  at(offset: number): string {
    const address = this.#base + offset;
    return [24, 16, 8, 0].map((shift) => Math.floor(address / 2 ** shift) % 256).join('.');
  }

  /** Usable addresses: not the network's own, not the broadcast address. */
  contains(ip: string): boolean {
    const parts = ip.split('.');
    if (parts.length !== 4 || !parts.every((part) => /^\d{1,3}$/.test(part) && Number(part) <= 255)) return false;
    const address = parts.reduce((sum, part) => sum * 256 + Number(part), 0);
    return address > this.#base && address < this.#base + this.size - 1;
  }

  /** Below this offset addresses are for those who ask for one by number: they are not given out unasked. */
  get staticBand(): number {
    if (this.size <= 16) return 0;
    return Math.min(256, Math.max(16, Math.floor(this.size / 16)));
  }
}
