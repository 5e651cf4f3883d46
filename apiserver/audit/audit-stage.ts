import { newInternalError, newUnauthorized } from '../../api/meta/status.ts';
import type { RequestContext, Stage } from '../pipeline.ts';
import { statusErrorOf } from '../transport/error-status.ts';
import type { AuditPolicy } from './audit-policy.ts';
import { AuditRecord, type AuditSink } from './audit-record.ts';

export interface AuditOptions {
  readonly policy: AuditPolicy;
  readonly sink: AuditSink;
  readonly nowMs: () => number;
}

/** Around authentication: who could not show who they are is recorded as nobody. */
export const failedAuthenticationAudit =
  ({ policy, sink, nowMs }: AuditOptions): Stage =>
  async (ctx, next) => {
    try {
      await next();
    } catch (error) {
      if (ctx.user === undefined) {
        const decision = policy(undefined, ctx.info);
        if (decision.level !== 'None') {
          const record = new AuditRecord(ctx, decision, sink, nowMs);
          const { status } = statusErrorOf(error ?? newUnauthorized());
          record.failed({ ...status, message: `Authentication failed, attempted: ${attempted(ctx)}` });
          record.stage('ResponseStarted');
        }
      }
      throw error;
    }
  };

function attempted(ctx: RequestContext): string {
  const { authorization } = ctx.headers;
  if (authorization !== undefined) return authorization.split(' ')[0]?.toLowerCase() ?? '';
  return ctx.clientCertificate === undefined ? 'anonymous' : 'certificate';
}

/** Behind authentication: records what becomes of a request, as much as the policy wants. */
export const auditStage =
  ({ policy, sink, nowMs }: AuditOptions): Stage =>
  async (ctx, next) => {
    const decision = policy(ctx.user, ctx.info);
    if (decision.level === 'None') {
      await next();
      return;
    }
    const record = new AuditRecord(ctx, decision, sink, nowMs);
    ctx.audit = record;
    if (!record.stage('RequestReceived')) throw newInternalError('failed to store audit event');
    ctx.reply.observe?.((code, contentType, body) => {
      record.answered(code, contentType, body);
      // it goes on for as long as the client listens
      if (body === undefined) record.stage('ResponseStarted');
    });
    try {
      await next();
    } catch (error) {
      record.failed(statusErrorOf(error).status);
      throw error;
    } finally {
      if (!ctx.reply.sent) record.answered(200, '', undefined);
      record.stage('ResponseComplete');
    }
  };
