/** /livez, /readyz, /healthz and a path for each single check below them, answered as k8s.io/apiserver's healthz does. */
import type { Log } from '../../base/log.ts';
import { goQuote } from '../../api/meta/go-text.ts';
import type { HealthCheck, NonResourceRoute, RequestContext } from '../pipeline.ts';

const roots = ['/livez', '/readyz', '/healthz'] as const;
type Root = (typeof roots)[number];

const text = 'text/plain; charset=utf-8';

/** A check that hangs is a check that fails. */
const checkTimeoutMs = 5000;

export interface HealthOptions {
  /** checks as of now; hooks may add theirs while the server starts */
  readonly checks: () => readonly HealthCheck[];
  readonly log: Log;
  /** resolves after so many milliseconds; cancelled by the signal */
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<void>;
}

const ping: HealthCheck = { name: 'ping', paths: ['/livez', '/readyz'], check: () => {} };

/** `/healthz`, the oldest of the three, holds every check. */
const checksOf = (options: HealthOptions, root: Root): HealthCheck[] =>
  [ping, ...options.checks()].filter((check) => root === '/healthz' || check.paths.includes(root));

async function failureOf(options: HealthOptions, check: HealthCheck): Promise<Error | undefined> {
  const done = new AbortController();
  const timeout = options.sleep(checkTimeoutMs, done.signal).then(
    () => new Error(`check timed out after ${checkTimeoutMs} ms`),
    () => undefined,
  );
  const run = (async (): Promise<Error | undefined> => {
    try {
      await check.check();
      return undefined;
    } catch (error) {
      return error instanceof Error ? error : new Error(String(error));
    } finally {
      done.abort();
    }
  })();
  return Promise.race([run, timeout.then((late) => late ?? run)]);
}

async function answerAll(options: HealthOptions, root: Root, ctx: RequestContext): Promise<void> {
  const excluded = new Set(ctx.query.getAll('exclude'));
  const checks = checksOf(options, root);
  const lines = await Promise.all(
    checks.map(async (check): Promise<{ line: string; failed: boolean }> => {
      if (excluded.has(check.name)) return { line: `[+]${check.name} excluded: ok`, failed: false };
      const failure = await failureOf(options, check);
      if (failure === undefined) return { line: `[+]${check.name} ok`, failed: false };
      options.log.warn({ check: check.name, error: failure.message }, `${root} check failed`);
      // The answer goes to anybody who asks; the reason goes to the log.
      return { line: `[-]${check.name} failed: reason withheld`, failed: true };
    }),
  );
  const unknown = [...excluded].filter((name) => !checks.some((check) => check.name === name));
  const body = lines.map(({ line }) => `${line}\n`);
  if (unknown.length > 0) {
    body.push(`warn: some health checks cannot be excluded: no matches for ${unknown.map(goQuote).join(',')}\n`);
  }
  const failed = lines.some((line) => line.failed);
  ctx.reply.header('x-content-type-options', 'nosniff');
  ctx.reply.header('cache-control', 'no-cache, private');
  if (failed) ctx.reply.send(500, text, `${body.join('')}${root.slice(1)} check failed\n`);
  else if (ctx.query.has('verbose')) ctx.reply.send(200, text, `${body.join('')}${root.slice(1)} check passed\n`);
  else ctx.reply.send(200, text, 'ok');
}

async function answerOne(options: HealthOptions, root: Root, ctx: RequestContext): Promise<void> {
  const name = ctx.info.path.slice(root.length + 1);
  const check = checksOf(options, root).find((candidate) => candidate.name === name);
  if (check === undefined) {
    ctx.reply.send(404, text, '404 page not found\n');
    return;
  }
  const failure = await failureOf(options, check);
  if (failure === undefined) ctx.reply.send(200, text, 'ok');
  else ctx.reply.send(500, text, `internal server error: ${failure.message}\n`);
}

export const healthRoutes = (options: HealthOptions): NonResourceRoute[] =>
  roots.flatMap((root): NonResourceRoute[] => [
    { path: root, match: 'exact', handle: (ctx) => answerAll(options, root, ctx) },
    { path: `${root}/`, match: 'prefix', handle: (ctx) => answerOne(options, root, ctx) },
  ]);
