import type { NonResourceRoute } from '../pipeline.ts';

const architectures: Readonly<Record<string, string>> = { x64: 'amd64', ia32: '386' };

/** What `kubectl version` shows. We speak the API of this Kubernetes version; the suffix says who does. */
export const serverVersion = {
  major: '1',
  minor: '36',
  gitVersion: 'v1.36.0+kuorum',
  gitCommit: '',
  gitTreeState: 'clean',
  buildDate: '1970-01-01T00:00:00Z',
  goVersion: `node${process.version}`,
  compiler: 'v8',
  platform: `${process.platform}/${architectures[process.arch] ?? process.arch}`,
} as const;

export const versionRoutes = (): NonResourceRoute[] =>
  (['/version', '/version/'] as const).map((path) => ({
    path,
    match: 'exact',
    handle: (ctx) => ctx.reply.json(200, serverVersion),
  }));
