import type { CallContext, Method, ServerStream } from '../../../grpc/server.ts';
import { toGrpcError } from '../errors.ts';
import type { MemberContext } from '../service.ts';
import { accessRule } from './access-rules.ts';
import type { AccessRule } from './access-rules.ts';

/**
 * The methods of services: each asks first who calls, by the rules of access-rules.ts, but for those that look by
 * themselves. Throws where a method has no rule.
 */
export const guarded = (
  context: MemberContext,
  services: readonly ((context: MemberContext) => readonly Method[])[],
): Method[] => services.flatMap((methods) => methods(context)).map((method) => guardedOne(context, method));

function guardedOne(context: MemberContext, method: Method): Method {
  const rule = accessRule(method.path);
  if (rule === undefined) return method;
  const allowed = async (wanted: AccessRule, call: CallContext): Promise<void> => {
    try {
      await context.auth.require(wanted, call);
    } catch (error) {
      throw toGrpcError(error);
    }
  };
  if (method.kind !== 'unary') {
    const { handle } = method;
    return {
      ...method,
      handle: async (stream: ServerStream<unknown, unknown>) => {
        if (context.auth.enabled) await allowed(rule(undefined), stream);
        return handle(stream);
      },
    };
  }
  const { handle } = method;
  return {
    ...method,
    handle: (request: unknown, call: CallContext): unknown =>
      context.auth.enabled
        ? allowed(rule(request), call).then(() => handle(request, call) as unknown)
        : handle(request, call),
  };
}
