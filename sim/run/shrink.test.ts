import t from 'tap';
import { parseOptions } from './options.ts';
import { replayCommand } from './replay-command.ts';
import { drawConfig } from './run-config.ts';
import type { RunOptions } from './run-config.ts';
import type { RunResult } from './run-seed.ts';
import { faultNames } from './schedule.ts';
import { shrink } from './shrink.ts';

/** A seed with a schedule long enough to be cut down. */
const seed = [...Array(100).keys()].find((at) => drawConfig(at).schedule.length > 40)!;

function resultOf(options: RunOptions, fails: boolean, timeMs: number): RunResult {
  const { schedule } = drawConfig(seed, options);
  const violations = fails ? [{ kind: 'check', timeMs, text: 'it failed' }] : [];
  return { seed, violations, simMs: 1000, events: 1, counts: {}, fingerprint: '', happened: schedule };
}

void t.test('shrink leaves only the faults and the time that a failure needs', (t) => {
  const [a, , , b] = drawConfig(seed).schedule.slice(10);
  const needs = [a!.id, b!.id];
  const run = (_seed: number, options: RunOptions): RunResult => {
    const config = drawConfig(seed, options);
    const ids = config.schedule.map(({ id }) => id);
    return resultOf(options, needs.every((id) => ids.includes(id)) && config.clients >= 3, b!.atMs + 10);
  };
  const shrunk = shrink(run(seed, {}), {}, { runsMax: 400, run });
  t.same(shrunk.options.only, needs, 'two faults are left');
  t.equal(shrunk.options.clients, 3, 'and three clients');
  const { safetyMs } = drawConfig(seed, shrunk.options);
  t.ok(safetyMs > b!.atMs && safetyMs < b!.atMs + 2000, 'the time ends soon after the last of them');
  t.ok(shrunk.runs < 150, `in ${shrunk.runs} runs`);
  t.end();
});

void t.test('shrink keeps to its number of runs, and to the kind of the violation', (t) => {
  let runs = 0;
  const other = (_seed: number, options: RunOptions): RunResult => {
    runs++;
    const result = resultOf(options, true, 5000);
    return { ...result, violations: [{ kind: 'liveness', timeMs: 5000, text: 'another failure' }] };
  };
  const shrunk = shrink(resultOf({}, true, 5000), {}, { runsMax: 7, run: other });
  t.equal(runs, 7);
  t.same(shrunk.options, {}, 'nothing that fails otherwise was taken');
  t.end();
});

void t.test('a replay command means the run that it was made of', (t) => {
  const cases: RunOptions[] = [
    {},
    { seconds: 20 },
    { members: 5, clients: 2, only: [3, 17], untilMs: 12_345 },
    { untilMs: 1 },
    { only: [] },
  ];
  for (const options of cases) {
    const command = replayCommand(seed, options);
    const parsed = parseOptions(command.split(' ').slice(4));
    t.equal(parsed.first, seed, command);
    t.ok(parsed.trace && parsed.seeds === 1, 'a trace of one seed');
    t.same(drawConfig(parsed.first, parsed.run), drawConfig(seed, options), 'and the same configuration');
  }
  t.end();
});

void t.test('options that make no sense are refused by name', (t) => {
  for (const [argv, text] of [
    [['--seeds', 'many'], /--seeds wants a whole number/],
    [['--seeds', '0'], /--seeds wants a whole number of at least 1/],
    [['--until', ''], /--until wants a number/],
    [['--only', '1,x'], /--only wants a whole number/],
    [['--sedes', '3'], /Unknown option '--sedes'/],
  ] as const) {
    t.throws(() => parseOptions(argv), { message: text }, argv.join(' '));
  }
  t.end();
});

void t.test('a configuration follows from its seed, and schedules have every fault among them', (t) => {
  t.same(drawConfig(7), drawConfig(7), 'the same twice');
  t.notSame(drawConfig(7).schedule, drawConfig(8).schedule, 'another seed, another schedule');
  const seen = new Set<string>();
  for (let at = 0; at < 200; at++) {
    const { schedule, safetyMs, totalMs } = drawConfig(at);
    for (const { fault, atMs, untilMs } of schedule) {
      seen.add(fault);
      if (atMs > untilMs || untilMs > safetyMs) t.fail(`${fault} of seed ${at} lasts from ${atMs} to ${untilMs}`);
    }
    t.ok(safetyMs < totalMs, `seed ${at} leaves time to see that the cluster recovers`);
  }
  t.same(
    faultNames.filter((name) => !seen.has(name)),
    [],
    'no fault is left out',
  );
  t.end();
});
