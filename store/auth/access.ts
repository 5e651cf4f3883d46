import type { Lease, PutRequest, RequestOp, TxnRequest } from '../mvcc/types.ts';
import { keyBytes } from '../mvcc/key-name.ts';
import type { AuthStore } from './auth-store.ts';
import { AuthError } from './types.ts';
import type { AuthInfo } from './types.ts';

type Ranged = { readonly key: Uint8Array; readonly rangeEnd?: Uint8Array; readonly prevKv?: boolean };

/** Checks requests against what one user may do now. Each method throws an AuthError where it is not permitted. */
export class Access {
  readonly #auth: AuthStore;
  readonly #leases: ReadonlyMap<bigint, Pick<Lease, 'keys'>>;
  readonly #who: AuthInfo;

  constructor(auth: AuthStore, leases: ReadonlyMap<bigint, Pick<Lease, 'keys'>>, who: AuthInfo) {
    this.#auth = auth;
    this.#leases = leases;
    this.#who = who;
  }

  admin(): void {
    this.#auth.checkAdmin(this.#who);
  }

  range({ key, rangeEnd }: Ranged): void {
    this.#auth.checkRange(this.#who, 'read', key, rangeEnd);
  }

  put({ key, lease = 0n, prevKv }: PutRequest): void {
    this.#auth.checkRange(this.#who, 'write', key);
    // who may not revoke a lease shall not put keys at its mercy either
    if (lease !== 0n) this.leaseKeys(lease, 'write');
    if (prevKv === true) this.#auth.checkRange(this.#who, 'read', key);
  }

  deleteRange({ key, rangeEnd, prevKv }: Ranged): void {
    this.#auth.checkRange(this.#who, 'write', key, rangeEnd);
    if (prevKv === true) this.#auth.checkRange(this.#who, 'read', key, rangeEnd);
  }

  /** Everything in it, in both branches, at every depth (CVE-2026-33343): what is not taken would tell by failing. */
  txn({ compare, success, failure }: TxnRequest): void {
    for (const { key, rangeEnd } of compare) this.#auth.checkRange(this.#who, 'read', key, rangeEnd);
    for (const op of success) this.#operation(op);
    for (const op of failure) this.#operation(op);
  }

  #operation({ requestRange, requestPut, requestDeleteRange, requestTxn }: RequestOp): void {
    if (requestRange) this.range(requestRange);
    if (requestPut) this.put(requestPut);
    if (requestDeleteRange) this.deleteRange(requestDeleteRange);
    if (requestTxn) this.txn(requestTxn);
  }

  /** All keys attached to a lease; one that is not there has none. */
  leaseKeys(id: bigint, use: 'read' | 'write'): void {
    const lease = this.#leases.get(id);
    if (lease === undefined || this.#isAdmin()) return;
    for (const name of lease.keys) this.#auth.checkRange(this.#who, use, keyBytes(name));
  }

  #isAdmin(): boolean {
    try {
      this.admin();
      return true;
    } catch (error) {
      if (error instanceof AuthError) return false;
      throw error;
    }
  }
}
