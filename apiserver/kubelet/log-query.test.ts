import t from 'tap';
import { logQueryOf } from './log-query.ts';

const read = (query: string) => logQueryOf(new URLSearchParams(query), 'web');

void t.test('logQueryOf hands the kubelet what was asked for', async (t) => {
  const { container, params } = read('container=c&follow=true&previous=false&tailLines=5&timestamps=1&sinceSeconds=9');
  t.equal(container, 'c');
  t.equal(params.toString(), 'follow=true&timestamps=true&sinceSeconds=9&tailLines=5');
});

void t.test('logQueryOf refuses in the words of Kubernetes', async (t) => {
  const cases: [query: string, code: number, message: RegExp][] = [
    ['tailLines=x', 400, /^strconv.ParseInt: parsing "x": invalid syntax$/],
    ['sinceTime=yesterday', 400, /^parsing time "yesterday" as "2006-01-02T15:04:05Z07:00"/],
    [
      'tailLines=-1',
      422,
      /PodLogOptions "web" is invalid: tailLines: Invalid value: -1: must be greater than or equal to 0/,
    ],
    ['limitBytes=0', 422, /limitBytes: Invalid value: 0: must be greater than 0/],
    ['sinceSeconds=0', 422, /sinceSeconds: Invalid value: 0: must be greater than 0/],
    [
      'sinceSeconds=1&sinceTime=2026-01-01T00:00:00Z',
      422,
      /at most one of `sinceTime` or `sinceSeconds` may be specified/,
    ],
    ['stream=Stdout', 422, /stream: Forbidden: may not be specified/],
  ];
  for (const [query, code, message] of cases) t.throws(() => read(query), { code, message }, query);
});
