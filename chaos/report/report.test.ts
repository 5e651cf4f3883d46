import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import { availabilityOf, outagesByFault, throughputOf } from './availability.ts';
import { htmlReport } from './html-report.ts';
import { sampleCalls, sampleFaults, sampleResult } from './testing/sample-result.ts';
import { textReport } from './text-report.ts';
import { timelineSvg } from './timeline-svg.ts';

const golden = fileURLToPath(new URL('testing/sample-timeline.svg', import.meta.url));

void t.test('timelineSvg draws what testing/sample-timeline.svg shows (KUORUM_REWRITE=1 writes it anew)', (t) => {
  const svg = `${timelineSvg(sampleResult)}\n`;
  if (process.env['KUORUM_REWRITE'] || !existsSync(golden)) writeFileSync(golden, svg);
  t.equal(svg, readFileSync(golden, 'utf8'));
  t.end();
});

void t.test('timelineSvg escapes what was said by others', (t) => {
  t.match(timelineSvg(sampleResult), 'something &lt;odd&gt;');
  t.notMatch(timelineSvg(sampleResult), '<odd>');
  t.end();
});

void t.test('availabilityOf counts the time without acknowledged writes', (t) => {
  const { outages, longestMs, available, calls, answered } = availabilityOf(sampleCalls, 10_000);
  t.same(outages, [{ fromMs: 2950, toMs: 4250 }]);
  t.same([longestMs, available, calls, answered], [1300, 0.87, 100, 88]);
  t.end();
});

void t.test('availabilityOf a run without any write is nought', (t) => {
  t.same(availabilityOf([], 5000).available, 0);
  t.end();
});

void t.test('outagesByFault gives each fault the longest silence in it or shortly after', (t) => {
  t.same(outagesByFault(sampleFaults, sampleCalls, 10_000), [
    { fault: 'kill', count: 1, leaderHits: 1, medianMs: 1300, longestMs: 1300 },
    { fault: 'mute', count: 1, leaderHits: 0, medianMs: 100, longestMs: 100 },
  ]);
  t.end();
});

void t.test('throughputOf gives calls a second, and what is left at the end belongs to the last bucket', (t) => {
  t.same(throughputOf(sampleCalls, 600).rates, [8, 11]);
  t.end();
});

void t.test('textReport and htmlReport say so where nothing was wrong, and what was', (t) => {
  t.match(textReport(sampleResult), /No violations/);
  t.match(htmlReport(sampleResult), /No violations/);
  const bad = { ...sampleResult, violations: [{ checker: 'Durable', text: 'write <1> is gone', operations: [1] }] };
  t.match(textReport(bad), /1 VIOLATIONS:\n {2}- Durable: write <1> is gone/);
  t.match(htmlReport(bad), /Durable<\/h3><pre>write &lt;1&gt; is gone/);
  t.end();
});
