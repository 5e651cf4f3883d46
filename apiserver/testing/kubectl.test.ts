/** What kubectl makes of our documents; the oldest and the newest kubectl that is installed. Skipped where there is none. */
import { execFile } from 'node:child_process';
import { mkdtemp, readdir, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import t from 'tap';
import { resources } from '../../api/schema/resources.ts';
import { discoveryRoutes } from '../discovery/discovery-routes.ts';
import { versionRoutes } from '../health/version.ts';
import { openApiRoutes } from '../openapi/openapi-routes.ts';
import { serveRoutes } from './route-server.ts';

const run = promisify(execFile);

/** `kubectl` of the PATH, or where several stand beside it (`kubectl.1.27`), the oldest and the newest. */
async function findKubectls(): Promise<string[]> {
  for (const folder of (process.env['PATH'] ?? '').split(delimiter)) {
    const found = await realpath(join(folder, 'kubectl')).catch(() => undefined);
    if (found === undefined) continue;
    const beside = (await readdir(dirname(found))).filter((name) => /^kubectl\.\d+\.\d+$/.test(name)).sort();
    const chosen = new Set([beside[0], beside.at(-1)].filter((name) => name !== undefined));
    return chosen.size === 0 ? [found] : [...chosen].map((name) => join(dirname(found), name));
  }
  return [];
}

const commands: { name: string; words: string[]; wanted: RegExp[] }[] = [
  {
    name: 'api-resources',
    words: ['api-resources', '-o', 'wide'],
    wanted: [/^deployments\s+deploy\s+apps\/v1\s+true\s+Deployment\s/m, /^nodes\s+no\s+v1\s+false\s+Node\s/m],
  },
  { name: 'api-versions', words: ['api-versions'], wanted: [/^apps\/v1$/m, /^v1$/m] },
  {
    name: 'explain',
    words: ['explain', 'pod.spec.containers'],
    wanted: [/^FIELDS:$/m, /^ {2}image\s+<string>$/m, /Arguments to the entrypoint/],
  },
  { name: 'version', words: ['version', '-o', 'json'], wanted: [/"gitVersion": "v1\.36\.0\+kuorum"/] },
];

void t.test('kubectl reads discovery, OpenAPI and version', async (t) => {
  const kubectls = await findKubectls();
  if (kubectls.length === 0) {
    t.comment('no kubectl on the PATH');
    return;
  }
  const served = (): typeof resources => resources;
  const server = await serveRoutes([
    ...discoveryRoutes({ served, serverAddress: 'test' }),
    ...openApiRoutes({ served }),
    ...versionRoutes(),
  ]);
  const home = await mkdtemp(join(tmpdir(), 'kuorum-kubectl-'));
  t.teardown(async () => {
    await server.close();
    await rm(home, { recursive: true, force: true });
  });
  for (const kubectl of kubectls) {
    for (const { name, words, wanted } of commands) {
      const { stdout } = await run(kubectl, ['--server', server.url, ...words], {
        env: { ...process.env, HOME: join(home, kubectl.replaceAll('/', '_')), KUBECONFIG: '' },
      });
      for (const pattern of wanted) t.match(stdout, pattern, `${kubectl} ${name}`);
    }
  }
  t.same(
    server.requests.filter((request) => !/ (200|304)$/.test(request)),
    [],
    'nothing asked for was missing',
  );
});
