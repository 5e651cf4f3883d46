import t from 'tap';
import { checkHistory } from './index.ts';
import type { Event, Kv, Operation, Request, Response, RevisionRecord } from './history.ts';

const second = 1000;
const kv = (lease: string): Kv => ({ key: 'a', value: '1', createRevision: 2, modRevision: 2, version: 1, lease });
const put: Event = { type: 'put', kv: kv('7') };
const gone: Event = {
  type: 'delete',
  kv: { key: 'a', value: '', createRevision: 0, modRevision: 3, version: 0, lease: '0' },
};

let ids = 0;
const ok = (call: number, request: Request, response: Response): Operation => {
  ids++;
  return { id: ids, client: ids, call, return: call + 5, request, outcome: { status: 'ok', response } };
};
const grant = ok(
  10,
  { kind: 'lease-grant', lease: '7', ttlSeconds: 2 },
  { kind: 'lease-grant', lease: '7', ttlSeconds: 2, revision: 1 },
);
const write = ok(20, { kind: 'put', key: 'a', value: '1', lease: '7' }, { kind: 'put', revision: 2 });
const keepAlive = (call: number): Operation =>
  ok(call, { kind: 'lease-keep-alive', lease: '7' }, { kind: 'lease-keep-alive', ttlSeconds: 2, revision: 2 });
const revoke = (call: number, revision: number): Operation =>
  ok(call, { kind: 'lease-revoke', lease: '7' }, { kind: 'lease-revoke', revision });
const endAt = (time: number): RevisionRecord => ({ revision: 3, time, events: [gone], leaseEnd: '7' });

interface Case {
  readonly operations: readonly Operation[];
  readonly end?: RevisionRecord;
  readonly says?: RegExp;
}

const cases: Readonly<Record<string, Case>> = {
  'a lease that lives as long as it was kept alive': { operations: [keepAlive(1000)], end: endAt(3000) },
  'a lease that ends before the time of its last renewal is over': {
    operations: [keepAlive(1000)],
    end: endAt(2999),
    says: /lease 7 ended in revision 3, before the time that it was kept alive for/,
  },
  'a lease that was revoked meanwhile': { operations: [keepAlive(1000), revoke(1500, 3)], end: endAt(1501) },
  'a renewal that succeeds while the lease ends': {
    operations: [keepAlive(2009)],
    end: endAt(2010),
    says: /lease 7 ended in revision 3, before the time that it was kept alive for/,
  },
  'a renewal after its end': {
    operations: [keepAlive(2020)],
    end: endAt(2015),
    says: /lease 7 had ended in revision 3 when it was kept alive/,
  },
  'a key that survives a revocation': {
    operations: [revoke(1500, 2)],
    says: /a=.* survives lease 7, which was revoked/,
  },
  'a key that survives the end of its lease': {
    operations: [],
    end: { ...endAt(3000), events: [{ type: 'put', kv: { ...kv('7'), modRevision: 3, version: 2 } }] },
    says: /a=.* survives the end of lease 7 in revision 3/,
  },
};

for (const [name, { operations, end, says }] of Object.entries(cases)) {
  void t.test(`${name} is ${says === undefined ? 'let pass' : 'found'}`, (t) => {
    const { violations } = checkHistory({
      unitsPerSecond: second,
      operations: [grant, write, ...operations],
      revisions: [{ revision: 2, time: 22, events: [put] }, ...(end ? [end] : [])],
    });
    const found = violations.filter(({ checker }) => checker === 'Lease').map(({ text }) => text);
    if (says === undefined) t.same(violations, []);
    else t.match(found.join('\n'), says);
    t.end();
  });
}
