/**
 * Messages as text, in which two servers that behave alike look alike: what differs by nature (ids, hashes, sizes, where
 * the revisions begin) is named or counted from the beginning of the case.
 *
 *     Put {key: a, value: 1} → {header: +1}
 *     Range {key: b, revision: +9} → OutOfRange: etcdserver: mvcc: required revision is a future revision
 */
import { status } from '@grpc/grpc-js';
import type { Answer } from './wire-client.ts';

/** revisions so near the case's first one are of the case; others are shown as they are */
const nearRevisions = 60;
const okCode: number = status.OK;
const textMax = 60;
const itemsMax = 12;

export interface Identity {
  readonly clusterId: bigint;
  readonly memberId: bigint;
}

const printable = (bytes: Uint8Array): string => {
  if (bytes.length > textMax) return `<${bytes.length} bytes>`;
  return Buffer.from(bytes)
    .toString('latin1')
    .replaceAll(/[^!-~]/g, (c) => `\\x${c.charCodeAt(0).toString(16).padStart(2, '0')}`);
};

/** fields whose value is each server's own; that there is one is shown */
const ownValues = new Set([
  'token',
  'hash',
  'dbSize',
  'dbSizeInUse',
  'raftIndex',
  'raftAppliedIndex',
  'raftTerm',
  'memberName',
]);
const leaseFields = new Set(['lease', 'leaseId']);

/** What one case calls its leases and members, in the order in which they appear. */
export class Naming {
  readonly #base: number;
  readonly #identity: Identity;
  readonly #names = new Map<bigint, string>();

  constructor(base: number, identity: Identity) {
    this.#base = base;
    this.#identity = identity;
  }

  message(value: object): string {
    const parts = Object.entries(withoutTime(value))
      .map(([name, item]) => [name, this.#field(name, item)] as const)
      .filter(([, text]) => text !== '');
    return `{${parts.map(([name, text]) => `${name}: ${text}`).join(', ')}}`;
  }

  answer(answer: Answer): string {
    if ('message' in answer) return this.message(answer.message);
    const { code, details } = answer.end;
    // with OK come no words that mean anything
    return code === okCode ? 'Ok' : `${camel(status[code] ?? String(code))}: ${details}`;
  }

  /** '' is not shown: a default, which is not on the wire either */
  #field(name: string, value: unknown): string {
    if (value === undefined || value === '' || value === 0 || value === 0n || value === false) return '';
    if (name === 'header') return this.#header(value as Record<string, unknown>);
    if (ownValues.has(name)) return '…';
    if (/^rev$|[rR]evision$/.test(name) && typeof value === 'number') return this.#revision(value);
    if (value instanceof Uint8Array) return value.length === 0 ? '' : printable(value);
    if (Array.isArray(value)) return this.#list(name, value);
    if (typeof value === 'bigint') return this.#id(name, value);
    return typeof value === 'object' && value !== null ? this.message(value) : `${value as string | number | boolean}`;
  }

  #list(name: string, items: readonly unknown[]): string {
    if (items.length === 0) return '';
    if (items.length > itemsMax) return `[${items.length} of them]`;
    // an item is there even where it is a default
    return `[${items.map((item) => this.#field(name, item) || (item instanceof Uint8Array ? "''" : '{}')).join(', ')}]`;
  }

  #revision(revision: number): string {
    const distance = revision - this.#base;
    if (revision <= 0 || Math.abs(distance) > nearRevisions) return String(revision);
    return distance < 0 ? String(distance) : `+${distance}`;
  }

  /** the revision alone where the rest is as it should be */
  #header({ clusterId, memberId, revision, raftTerm }: Record<string, unknown>): string {
    const odd: string[] = [];
    if (clusterId !== this.#identity.clusterId) odd.push(clusterId === 0n ? 'no cluster' : 'another cluster');
    if (memberId !== this.#identity.memberId) odd.push(memberId === 0n ? 'no member' : 'another member');
    if (raftTerm === 0) odd.push('no term');
    const at = revision === 0 ? 'no revision' : this.#revision(revision as number);
    return [at, ...odd].join(' ');
  }

  /** small ones were chosen by the case */
  #id(name: string, id: bigint): string {
    if (id === this.#identity.memberId) return 'this member';
    if (id < 1_000_000n && id > -1_000_000n) return String(id);
    const kind = leaseFields.has(name) || name === 'ID' ? 'id' : name;
    const known = this.#names.get(id) ?? `${kind}#${this.#names.size + 1}`;
    this.#names.set(id, known);
    return known;
  }
}

/** what is left of a lease depends on how long the case took */
function withoutTime(value: object): object {
  const { TTL = 0, grantedTTL = 0 } = value as { TTL?: number; grantedTTL?: number };
  return TTL > 0 && TTL <= grantedTTL ? { ...value, TTL: 'some of it' } : value;
}

/** INVALID_ARGUMENT → InvalidArgument */
const camel = (name: string): string =>
  name
    .split('_')
    .map((word) => word.slice(0, 1) + word.slice(1).toLowerCase())
    .join('');
