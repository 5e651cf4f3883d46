import t from 'tap';
import { CachedObject } from './cached-object.ts';
import { EventRing, type CacheEvent } from './event-ring.ts';

const event = (revision: number, bytes = 0): CacheEvent => ({
  type: 'MODIFIED',
  revision,
  current: new CachedObject('/x', {}, revision, '0', bytes),
  previous: undefined,
});

const revisions = (ring: EventRing, after: number): number[] | undefined =>
  ring.since(after)?.map(({ revision }) => revision);

void t.test('EventRing keeps the latest events and says from where on they are complete', async (t) => {
  const ring = new EventRing(3, 10);
  for (const revision of [12, 15, 16, 20]) ring.push(event(revision));
  t.same(revisions(ring, 12), [15, 16, 20]);
  t.same(revisions(ring, 16), [20]);
  t.same(revisions(ring, 20), []);
  t.equal(revisions(ring, 11), undefined);
  for (let revision = 21; revision <= 40; revision++) ring.push(event(revision));
  t.same(revisions(ring, 37), [38, 39, 40]);
  t.equal(ring.completeAfter, 37);
});

void t.test('EventRing keeps no more bytes than it may, however few events those are', async (t) => {
  const ring = new EventRing(100, 0, 1_000);
  for (let revision = 1; revision <= 10; revision++) ring.push(event(revision, 300));
  t.same(revisions(ring, 7), [8, 9, 10]);
  t.equal(revisions(ring, 6), undefined);
  ring.push(event(11, 5_000));
  t.same(revisions(ring, 11), []);
  t.equal(revisions(ring, 10), undefined, 'one that is larger than all of it is not kept either');
  ring.push(event(12, 10));
  t.same(revisions(ring, 11), [12]);
});
