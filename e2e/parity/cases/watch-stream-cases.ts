import { group } from '../parity-case.ts';

const ids = group('watch, ids', [
  [
    'are counted from 0',
    async (s) => {
      const w = s.watch();
      for (const key of ['a', 'b', 'c']) await w.created({ key });
    },
  ],
  [
    'may be chosen',
    async (s) => {
      const w = s.watch();
      await w.created({ key: 'a', watchId: 5 });
      await w.created({ key: 'b', watchId: 1 });
      await w.created({ key: 'c' });
      await w.created({ key: 'd' });
      await w.created({ key: 'e' });
      await s.put('a', '1');
      await w.events(1);
    },
  ],
  [
    'twice the same',
    async (s) => {
      const w = s.watch();
      await w.created({ key: 'a', watchId: 5 });
      await w.created({ key: 'b', watchId: 5 });
      await s.put('a', '1');
      await w.events(1);
    },
  ],
  [
    'again after it was cancelled',
    async (s) => {
      const w = s.watch();
      await w.created({ key: 'a', watchId: 5 });
      w.cancel(5);
      await w.next();
      await w.created({ key: 'b', watchId: 5 });
      await s.put('b', '1');
      await w.events(1);
    },
  ],
  [
    'negative',
    async (s) => {
      const w = s.watch();
      await w.created({ key: 'a', watchId: -7 });
      await s.put('a', '1');
      await w.events(1);
    },
  ],
  [
    '-1 is that of what could not be made',
    async (s) => {
      const w = s.watch();
      await w.created({ key: 'a', watchId: -1 });
    },
  ],
  [
    'two watchers of one key',
    async (s) => {
      const w = s.watch();
      await w.created({ key: 'a' });
      await w.created({ key: 'a', rangeEnd: 'b' });
      await s.put('a', '1');
      await w.events(2);
    },
  ],
  [
    'of two streams are apart',
    async (s) => {
      const [v, w] = [s.watch(), s.watch()];
      await v.created({ key: 'a' });
      await w.created({ key: 'a' });
      await s.put('a', '1');
      await v.events(1);
      await w.events(1);
    },
  ],
]);

const ends = group('watch, end', [
  [
    'a watcher cancelled is told so, and gets no more',
    async (s) => {
      const w = s.watch();
      await w.created({ key: 'a' });
      await w.created({ key: 'b' });
      w.cancel(0);
      await w.next();
      await s.put('a', '1');
      await s.put('b', '1');
      await w.events(1);
    },
  ],
  [
    'cancelling what is not there says nothing',
    async (s) => {
      const w = s.watch();
      w.cancel(3);
      await w.created({ key: 'a' });
    },
  ],
  [
    'cancelling twice says it once',
    async (s) => {
      const w = s.watch();
      await w.created({ key: 'a' });
      w.cancel(0);
      w.cancel(0);
      await w.next();
      await w.created({ key: 'b' });
    },
  ],
  [
    'half-closed: the watchers go on',
    async (s) => {
      const w = s.watch();
      await w.created({ key: 'a' });
      w.halfClose();
      await s.put('a', '1');
      await w.events(1);
    },
  ],
  [
    'with a leader asked for, there is one',
    async (s) => {
      const w = s.watch({ hasleader: 'true' });
      await w.created({ key: 'a' });
      await s.put('a', '1');
      await w.events(1);
    },
  ],
]);

export const watchStreamCases = [...ids, ...ends];
