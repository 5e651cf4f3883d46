import type { Clock } from '../../base/clock.ts';
import type { Method } from '../../grpc/server.ts';
import type { EtcdMemberOptions } from './member-options.ts';

/** The methods, and a warning for each unary request that takes longer than `slowRequestMs`, as etcd's of that flag. */
export function tellingSlowOnes(
  methods: readonly Method[],
  { slowRequestMs = 0, log }: Pick<EtcdMemberOptions, 'slowRequestMs' | 'log'>,
  clock: Clock,
): readonly Method[] {
  if (slowRequestMs <= 0) return methods;
  return methods.map((method): Method => {
    if (method.kind !== 'unary') return method;
    const { handle, path } = method;
    return {
      ...method,
      handle: (request, call) => {
        const startMs = clock.monotonicMs();
        const told = (): void => {
          const tookMs = clock.monotonicMs() - startMs;
          if (tookMs < slowRequestMs) return;
          log.warn(
            { method: path, remote: call.peer, tookMs: Math.round(tookMs), expectedMs: slowRequestMs },
            'slow request',
          );
        };
        const answer = handle(request, call) as unknown;
        if (answer instanceof Promise) answer.then(told, told);
        return answer;
      },
    };
  });
}
