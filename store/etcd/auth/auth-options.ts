import type { Log } from '../../../base/log.ts';
import { bcryptCost } from './passwords.ts';

/** etcd's flags of the same names. */
export interface AuthOptions {
  /** --auth-token: `simple`, or `jwt,sign-method=…,pub-key=FILE,priv-key=FILE,ttl=10m`; '' takes no tokens */
  readonly token?: string;
  /** --auth-token-ttl, of simple tokens; 0 or absent: 300 s */
  readonly tokenTtlMs?: number;
  /** --bcrypt-cost, 4 to 31; default 10 */
  readonly bcryptCost?: number;
  /** --client-cert-auth: the common name in a client's certificate says who calls, where no token does */
  readonly trustCommonName?: boolean;
}

export const authDefaults = { token: 'simple', tokenTtlMs: 300_000, bcryptCost: bcryptCost.default } as const;

/** As etcd: a cost that cannot be is told, and not used. */
export function costOf({ bcryptCost: wanted = bcryptCost.default }: AuthOptions, log: Log): number {
  if (wanted >= bcryptCost.min && wanted <= bcryptCost.max) return wanted;
  log.warn({ given: wanted, ...bcryptCost }, 'the bcrypt cost is out of range: the default is used');
  return bcryptCost.default;
}
