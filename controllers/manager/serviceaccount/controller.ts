import type { Namespace, ServiceAccount } from '../../../api/types/core-v1.ts';
import { namespaces, serviceAccounts } from '../../../client/resources.ts';
import type { Informer } from '../../../client/types.ts';
import { newQueue, queueController } from '../controller-context.ts';
import type { Controller, ControllerContext } from '../controller-context.ts';
import { ensureCreated } from '../ensure-object.ts';

const accountName = 'default';

/** The ServiceAccount that a namespace lacks; undefined where it lacks none. */
export function missingAccount(
  namespace: Namespace | undefined,
  existing: ServiceAccount | undefined,
): ServiceAccount | undefined {
  if (!namespace || existing || namespace.metadata?.deletionTimestamp || namespace.status?.phase === 'Terminating')
    return undefined;
  return { metadata: { name: accountName, namespace: namespace.metadata?.name } };
}

/** Gives each namespace its ServiceAccount `default`. */
export function serviceAccountController(context: ControllerContext): Controller {
  const spaces: Informer<Namespace> = context.informers.informer(namespaces);
  const accounts: Informer<ServiceAccount> = context.informers.informer(serviceAccounts);
  const queue = newQueue(context, 'serviceaccount', 2);
  const enqueue = (namespace: Namespace): void => queue.add(namespace.metadata?.name ?? '');
  spaces.addHandlers({ added: enqueue, updated: (_, namespace) => enqueue(namespace) });
  accounts.addHandlers({ deleted: (account) => queue.add(account.metadata?.namespace ?? '') });
  return queueController(queue, async (name) => {
    const account = missingAccount(spaces.lister.get(name), accounts.lister.get(accountName, name));
    if (account) await ensureCreated(context.client.resource(serviceAccounts), account, name);
  });
}
