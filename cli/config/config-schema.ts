/** What cluster.yaml may hold, as data: a rule a key. The rules read text values and say what is wrong with them. */

export interface Rule<T> {
  readonly fallback: T;
  /** the value, or what is wrong with it */
  read(value: unknown): { value: T } | { problem: string };
}

const show = (value: unknown): string => JSON.stringify(value) ?? String(value);

export function integer(fallback: number, min: number, max: number): Rule<number> {
  return {
    fallback,
    read: (value) =>
      typeof value === 'number' && Number.isInteger(value) && value >= min && value <= max
        ? { value }
        : { problem: `must be a whole number from ${min} to ${max}, not ${show(value)}` },
  };
}

export function oneOf(fallback: number, allowed: readonly number[], why: string): Rule<number> {
  return {
    fallback,
    read: (value) =>
      typeof value === 'number' && allowed.includes(value)
        ? { value }
        : { problem: `must be one of ${allowed.join(', ')} (${why}), not ${show(value)}` },
  };
}

export function text(fallback: string, pattern: RegExp, what: string): Rule<string> {
  return {
    fallback,
    read: (value) =>
      typeof value === 'string' && pattern.test(value) ? { value } : { problem: `must be ${what}, not ${show(value)}` },
  };
}

const unitMs: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };

/** `100ms`, `5s`, `2m`: read as milliseconds. */
export function duration(fallbackMs: number, minMs: number, maxMs: number): Rule<number> {
  return {
    fallback: fallbackMs,
    read(value) {
      const match = typeof value === 'string' ? /^(\d+)(ms|s|m|h)$/.exec(value) : null;
      if (match === null) return { problem: `must be a duration such as 100ms, 5s or 2m, not ${show(value)}` };
      const ms = Number(match[1]) * (unitMs[match[2] ?? ''] ?? 0);
      return ms >= minMs && ms <= maxMs
        ? { value: ms }
        : { problem: `must be from ${minMs}ms to ${maxMs}ms, not ${show(value)}` };
    },
  };
}

export function textList(pattern: RegExp, what: string): Rule<readonly string[]> {
  return {
    fallback: [],
    read: (value) =>
      Array.isArray(value) && value.every((item) => typeof item === 'string' && pattern.test(item))
        ? { value: value as string[] }
        : { problem: `must be a list of ${what}, not ${show(value)}` },
  };
}

const dnsLabel = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/;
const cidr = /^(\d{1,3}\.){3}\d{1,3}\/(\d|[12]\d|3[0-2])$/;

export const configSchema = {
  name: text('kuorum', dnsLabel, 'a DNS label (lower-case letters, digits and -)'),
  replicas: oneOf(3, [1, 3, 5, 7], 'an even number survives no more than the odd one below it'),
  port: integer(6443, 1024, 65_000),
  dataDir: text('.kuorum', /^[^\0]+$/, 'a folder'),
  nodes: {
    count: integer(2, 0, 50),
    runtime: text(
      'auto',
      /^(auto|embedded|unix:\/\/\/.+)$/,
      'auto, embedded or a socket such as unix:///run/containerd/containerd.sock',
    ),
  },
  network: {
    serviceCidr: text('10.96.0.0/16', cidr, 'an IPv4 range such as 10.96.0.0/16'),
    podCidr: text('10.244.0.0/16', cidr, 'an IPv4 range such as 10.244.0.0/16'),
  },
  timeouts: {
    heartbeat: duration(100, 10, 5_000),
    election: duration(1000, 50, 50_000),
    lease: duration(5_000, 1_000, 60_000),
    nodeGracePeriod: duration(40_000, 2_000, 600_000),
  },
  store: {
    snapshotCount: integer(10_000, 10, 10_000_000),
    catchUpEntries: integer(5_000, 1, 10_000_000),
  },
  tls: {
    certificateDays: integer(365, 1, 3650),
    extraNames: textList(/^[a-zA-Z0-9.:*-]+$/, 'host names or addresses'),
  },
} as const;

type ValuesOf<S> = { readonly [K in keyof S]: S[K] extends Rule<infer T> ? T : ValuesOf<S[K]> };
export type ClusterConfig = ValuesOf<typeof configSchema>;
