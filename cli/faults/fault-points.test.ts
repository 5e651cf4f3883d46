import type { AddressInfo } from 'node:net';
import t from 'tap';
import { silentLog } from '../../base/log.ts';
import { FaultPoints, faultPointNames } from './fault-points.ts';
import { serveFaultPoints } from './fault-server.ts';
import { parseFaultTerms } from './fault-terms.ts';

void t.test('terms are read as gofail reads them', (t) => {
  const always = { chance: 1, count: Infinity, sleepMs: 0, errorCode: '' };
  const cases: Record<string, object[]> = {
    off: [{ ...always, action: 'off' }],
    panic: [{ ...always, action: 'panic' }],
    'panic("why")': [{ ...always, action: 'panic' }],
    'sleep(500)': [{ ...always, action: 'sleep', sleepMs: 500 }],
    'sleep("1.5s")': [{ ...always, action: 'sleep', sleepMs: 1500 }],
    '5%sleep("500ms")': [{ ...always, action: 'sleep', sleepMs: 500, chance: 0.05 }],
    '2*off->1*panic': [
      { ...always, action: 'off', count: 2 },
      { ...always, action: 'panic', count: 1 },
    ],
    'return("ENOSPC")': [{ ...always, action: 'return', errorCode: 'ENOSPC' }],
    'error("EIO")': [{ ...always, action: 'return', errorCode: 'EIO' }],
  };
  for (const [text, terms] of Object.entries(cases)) t.same(parseFaultTerms(text), terms, text);
  for (const wrong of ['', 'explode', 'sleep', 'sleep(soon)', 'return(1)', 'off->', '%panic']) {
    t.throws(() => parseFaultTerms(wrong), { name: 'SyntaxError' }, `"${wrong}" is refused`);
  }
  t.end();
});

void t.test('a point acts by its term, until the counts are used up', async (t) => {
  let deaths = 0;
  const points = new FaultPoints({ log: silentLog, die: () => deaths++ });
  t.equal(points.reach('walBeforeSync'), undefined, 'nothing is armed');
  points.arm('walBeforeSync', '1*off->1*return("EIO")->1*panic');
  t.equal(points.reach('walBeforeSync'), undefined, 'off');
  await t.rejects(points.reach('walBeforeSync')!, { code: 'EIO' });
  await points.reach('walBeforeSync');
  t.equal(deaths, 1);
  t.equal(points.reach('walBeforeSync'), undefined, 'used up');
  t.equal(points.hitsOf('walBeforeSync'), 2);
  const rare = new FaultPoints({ log: silentLog, random: { next: () => 0.5, below: () => 0 } });
  rare.arm('raftBeforeSave', '50%sleep(1)');
  t.equal(rare.reach('raftBeforeSave'), undefined, 'chance was against it');
  t.end();
});

void t.test('points are armed and disarmed over HTTP, with the answers of gofail', async (t) => {
  const points = new FaultPoints({ log: silentLog });
  const server = await serveFaultPoints(points, '127.0.0.1:0');
  t.teardown(() => void server.close());
  const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const ask = async (method: string, path: string, body?: string) => {
    const answer = await fetch(`${base}/${path}`, { method, body, headers: { connection: 'close' } });
    return { status: answer.status, text: await answer.text() };
  };
  t.same(await ask('PUT', 'walBeforeSync', 'sleep("5ms")\n'), { status: 204, text: '' });
  const { text } = await ask('GET', '');
  t.equal(text.split('\n').length, faultPointNames.length + 1, 'all points are listed');
  t.match(text, /^walBeforeSync=sleep\("5ms"\)$/m);
  await points.reach('walBeforeSync');
  t.match(await ask('GET', 'walBeforeSync/count'), { text: '1' });
  t.match(await ask('PUT', 'walBeforeSync', 'explode'), { status: 400, text: /"explode" is not/ });
  t.match(await ask('DELETE', 'walBeforeSync'), { status: 204 });
  t.match(await ask('GET', 'walBeforeSync'), { status: 200, text: '' });
  t.match(await ask('PUT', 'elsewhere', 'panic'), { status: 404 });
  await t.rejects(serveFaultPoints(points, 'nonsense'), { message: /"nonsense" is not host:port/ });
});
