import t from 'tap';
import { parseDurationMs, simulatedProcess, simulationOf } from './simulated-process.ts';

const cases: [name: string, argv: string[], exit: { code: number; afterMs: number } | undefined, lines?: string[]][] = [
  ['the image decides', [], undefined],
  ['a server', ['nginx', '-g', 'daemon off;'], undefined],
  ['true', ['/bin/true'], { code: 0, afterMs: 0 }],
  ['false', ['false'], { code: 1, afterMs: 0 }],
  ['sleep', ['sleep', '2'], { code: 0, afterMs: 2000 }],
  ['sleep for ever', ['sleep', 'infinity'], undefined],
  ['a script', ['sh', '-c', 'echo "a  b"; sleep 1.5; exit 3'], { code: 3, afterMs: 1500 }, ['a  b']],
  ['exit without a number', ['sh', '-c', 'false; exit'], { code: 1, afterMs: 0 }],
  ['and', ['sh', '-ec', 'false && sleep 10'], { code: 1, afterMs: 0 }],
  ['or', ['sh', '-c', 'false || echo no'], { code: 0, afterMs: 0 }, ['no']],
  ['redirection', ['sh', '-c', 'echo hi > /tmp/x && exit 4'], { code: 4, afterMs: 0 }],
  ['a loop', ['sh', '-c', 'while true; do sleep 1; done'], undefined],
  ['exec of a server', ['sh', '-c', 'touch x; exec httpd -f'], undefined],
  ['a pipe is not understood', ['sh', '-c', 'yes | head'], undefined],
  ['nothing after exit', ['sh', '-c', 'exit 300; echo never'], { code: 44, afterMs: 0 }],
];
for (const [name, argv, exit, lines = []] of cases) {
  void t.test(`simulatedProcess guesses the end of: ${name}`, (t) => {
    const process = simulatedProcess(argv);
    t.same(process.exit, exit);
    t.same(
      process.lines.map((line) => line.text),
      lines,
    );
    t.end();
  });
}

void t.test('the annotation goes before the guess', (t) => {
  t.match(simulatedProcess(['nginx'], { exit: '1', after: '2s' }), { exit: { code: 1, afterMs: 2000 } });
  t.match(simulatedProcess(['nginx'], { term: 'ignore' }), { termCode: undefined });
  t.match(simulatedProcess(['nginx'], { term: '0', 'stop-after': '300ms' }), { termCode: 0, termAfterMs: 300 });
  t.end();
});

void t.test("a container's own annotation goes before the pod's", (t) => {
  const annotations = { 'kuorum.dev/simulate': 'exit=1 after=2s', 'kuorum.dev/simulate.b': 'exit=2' };
  t.same(simulationOf(annotations, 'a'), { exit: '1', after: '2s' });
  t.same(simulationOf(annotations, 'b'), { exit: '2' });
  t.end();
});

void t.test('parseDurationMs refuses what is no duration', (t) => {
  t.same(['1m', '5', 'x', ''].map(parseDurationMs), [60_000, 5000, undefined, undefined]);
  t.end();
});
