import type { RequestContext, Stage } from '../pipeline.ts';
import { isLongRunning } from '../transport/long-running.ts';
import type { Classified, FlowController } from './flow-controller.ts';
import type { Rejection } from './priority-level.ts';

const retryAfterSeconds = 1;
/** a quarter of the time that a request has */
const waitMsDefault = 15_000;

/** As kube-apiserver: plain text, not a Status. */
export function refuseAsTooMany(ctx: RequestContext): void {
  ctx.reply.header('retry-after', String(retryAfterSeconds));
  ctx.reply.header('x-content-type-options', 'nosniff');
  ctx.reply.send(429, 'text/plain; charset=utf-8', 'Too many requests, please try again later.\n');
}

function label(ctx: RequestContext, { schema, level }: Classified): void {
  ctx.reply.header('x-kubernetes-pf-flowschema-uid', schema.metadata?.uid ?? '');
  ctx.reply.header('x-kubernetes-pf-prioritylevel-uid', level.uid);
}

async function seatsOf(
  controller: FlowController,
  ctx: RequestContext,
  found: Classified,
  waitMs: number,
): Promise<(() => void) | Rejection> {
  const seats = controller.seatsFor(found, ctx.info);
  const at = found.level.tryStart(seats);
  if (at !== undefined) return at;
  const schema = found.schema.metadata?.name ?? '';
  const flow = `${schema}\0${found.distinguisher}`;
  return found.level.wait({ flow, schema, seats, waitMsMax: waitMs, signal: ctx.signal });
}

/** Each request waits for its turn in its priority level; who finds no place to wait is told to come again. */
export const flowStage =
  (controller: FlowController, waitMs = waitMsDefault): Stage =>
  async (ctx, next) => {
    const isWatch = ctx.info.verb === 'watch';
    const found = ctx.user === undefined ? undefined : controller.classify(ctx.user, ctx.info);
    if (found === undefined || (!isWatch && isLongRunning(ctx.info))) {
      await next();
      return;
    }
    label(ctx, found);
    const release = await seatsOf(controller, ctx, found, waitMs);
    const count = controller.countOf(found);
    if (typeof release === 'string') {
      count.rejected[release] = (count.rejected[release] ?? 0) + 1;
      refuseAsTooMany(ctx);
      return;
    }
    count.dispatched++;
    // a watch has its seats until it has begun
    if (isWatch) ctx.reply.observe?.(() => release());
    try {
      await next();
    } finally {
      release();
    }
  };

const readVerbs: ReadonlySet<string> = new Set(['get', 'list', 'watch', 'head']);

/** Without priority and fairness: so many requests at a time, those that change something counted by themselves; 0: no limit. */
export function inFlightStage(readsMax: number, changesMax: number): Stage {
  let [reads, changes] = [0, 0];
  return async (ctx, next) => {
    if (isLongRunning(ctx.info)) {
      await next();
      return;
    }
    const isRead = readVerbs.has(ctx.info.verb);
    const [now, max] = isRead ? [reads, readsMax] : [changes, changesMax];
    const isAdmin = ctx.user?.groups.includes('system:masters') ?? false;
    if (max > 0 && now >= max && !isAdmin) {
      refuseAsTooMany(ctx);
      return;
    }
    if (isRead) reads++;
    else changes++;
    try {
      await next();
    } finally {
      if (isRead) reads--;
      else changes--;
    }
  };
}
