import t from 'tap';
import { sharesOf } from './profile-shares.ts';

const bundle = [
  '"use strict";',
  '// store/mvcc/key-table.ts',
  'function find() {',
  '}',
  '// grpc/lean/call.ts',
  'function answer() {}',
].join('\n');
const node = (id: number, functionName: string, url: string, lineNumber: number) => ({
  id,
  callFrame: { functionName, url, lineNumber },
});

void t.test('shares: self time is of rooms and functions by their source, and idle time is of none', (t) => {
  const profile = {
    nodes: [
      node(1, '(idle)', '', -1),
      node(2, 'find', 'file:///dist/kuorum.cjs', 2),
      node(3, 'answer', 'file:///dist/kuorum.cjs', 5),
      node(4, '(garbage collector)', '', -1),
      node(5, 'writev', '', -1),
    ],
    samples: [1, 2, 3, 4, 5, 1],
    timeDeltas: [0, 500, 200, 100, 100, 100],
  };
  const { busyPercent, rooms, functions } = sharesOf(profile, bundle);
  t.equal(busyPercent, 50);
  t.same(rooms, [
    { name: 'MVCC', percent: 40 },
    { name: 'HTTP/2 and gRPC', percent: 20 },
    { name: 'garbage collector', percent: 20 },
    { name: 'Node.js, native and the system', percent: 20 },
  ]);
  t.same(functions[0], { name: 'find store/mvcc/key-table.ts', percent: 40 });
  t.end();
});
