import type { Secret } from '../../../api/types/core-v1.ts';
import { isConflict, isNotFound } from '../../../client/api-errors.ts';
import { secrets } from '../../../client/resources.ts';
import { keyOf } from '../../../client/types.ts';
import type { Informer } from '../../../client/types.ts';
import { bootstrapTokenNamespace, bootstrapTokenType, remainingMs } from '../bootstrap-token.ts';
import { newQueue, queueController, splitKey } from '../controller-context.ts';
import type { Controller, ControllerContext } from '../controller-context.ts';

/** timers reach no further; it is looked at again then */
const waitMsMax = 24 * 3_600_000;

/** Removes bootstrap tokens that have ended. */
export function tokenCleanerController(context: ControllerContext): Controller {
  const queue = newQueue(context, 'token-cleaner', 1);
  const informer: Informer<Secret> = context.informers.informer(secrets, {
    namespace: bootstrapTokenNamespace,
    fieldSelector: `type=${bootstrapTokenType}`,
  });
  const enqueue = (secret: Secret): void => {
    if (secret.type === bootstrapTokenType) queue.add(keyOf(secret));
  };
  informer.addHandlers({ added: enqueue, updated: (_, secret) => enqueue(secret) });
  return queueController(queue, async (key) => {
    const { namespace, name } = splitKey(key);
    const secret = informer.lister.get(name, namespace);
    const leftMs = secret === undefined ? Number.POSITIVE_INFINITY : remainingMs(secret, context.clock.nowMs());
    if (leftMs > 0) {
      if (leftMs !== Number.POSITIVE_INFINITY) queue.addAfter(key, Math.min(leftMs, waitMsMax));
      return;
    }
    try {
      const preconditions = { uid: secret?.metadata?.uid };
      await context.client.resource(secrets).delete(name, namespace, { preconditions });
    } catch (error) {
      if (!isNotFound(error) && !isConflict(error)) throw error;
    }
  });
}
