/** docs/api-machinery.md: its code is that of the files, and its requests are answered as it says. */
import { existsSync, readFileSync } from 'node:fs';
import t from 'tap';
import { startTestServer } from './testing/test-server.ts';

const root = new URL('../', import.meta.url);
const textOf = (path: string): string => readFileSync(new URL(path, root), 'utf8');
const page = textOf('docs/api-machinery.md');
const blocks = (language: string): string[] =>
  [...page.matchAll(new RegExp(`^\`\`\`${language}\\n([^]*?)^\`\`\`$`, 'gm'))].map(([, block]) => block ?? '');

void t.test('the code of docs/api-machinery.md is the code', (t) => {
  const files = [...page.matchAll(/`((?:api|apiserver)\/[a-z./-]+\.ts)`/g)].map(([, path]) => textOf(path ?? ''));
  const code = blocks('ts');
  t.equal(code.length, 3);
  for (const block of code)
    t.ok(
      files.some((text) => text.includes(block)),
      block,
    );
  t.end();
});

void t.test('the requests of docs/api-machinery.md are answered as it says', async (t) => {
  const server = await startTestServer();
  t.teardown(() => server.stop());
  const exchanges = blocks('http')
    .join('\n')
    .split('\n\n')
    .map((text) => text.trim().split('\n'));
  t.equal(exchanges.length, 4);
  for (const [request = '', ...rest] of exchanges) {
    const [method = '', path = ''] = request.split(' ');
    const [, code = '', message = ''] = /^(\d+) ?(.*)$/.exec(rest.at(-1) ?? '') ?? [];
    const body = rest.length > 1 ? rest[0] : undefined;
    const answer = await server.admin.request(method, path, { body });
    t.equal(answer.status, Number(code), request);
    if (message !== '') t.equal(answer.json['message'], message, request);
  }
});

void t.test('every folder that docs/api-machinery.md links to is there', (t) => {
  for (const [, path = ''] of page.matchAll(/\]\(\.\.\/([\w./-]+)\)/g)) t.ok(existsSync(new URL(path, root)), path);
  t.end();
});
