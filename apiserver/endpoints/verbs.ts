import { newMethodNotAllowed, newMethodNotSupported, newNotFound, newPathNotFound } from '../../api/meta/status.ts';
import type { ResourceEntry } from '../registry/resource-entry.ts';
import { bind } from './binding.ts';
import { create } from './create.ts';
import { deleteCollection } from './delete-collection.ts';
import { remove } from './delete.ts';
import { evict } from './eviction.ts';
import { get } from './get.ts';
import { list } from './list.ts';
import { patch } from './patch.ts';
import { groupResourceOf, type VerbHandler } from './resource-request.ts';
import { podAttach, podExec, podPortForward } from '../kubelet/pod-streams.ts';
import { podLog } from '../kubelet/pod-log.ts';
import { proxyNode, proxyPod, proxyService } from '../proxying/proxy-request.ts';
import { scale } from './scale.ts';
import { requestToken } from './token-request.ts';
import { update } from './update.ts';
import { watch } from './watch.ts';

type Verbs = Readonly<Record<string, VerbHandler>>;

const objectVerbs: Verbs = {
  get,
  list,
  watch,
  create,
  update,
  patch,
  delete: remove,
  deletecollection: deleteCollection,
};

const everyVerb = (handler: VerbHandler): Verbs => ({
  get: handler,
  create: handler,
  update: handler,
  patch: handler,
  delete: handler,
});

/** `/x`: of any resource that has it; `pods/x`: of this one. */
const subresourceVerbs: Readonly<Record<string, Verbs>> = {
  '/status': { get, update, patch },
  '/scale': { get: scale, update: scale, patch: scale },
  'pods/binding': { create: bind },
  'pods/eviction': { create: evict },
  'pods/ephemeralcontainers': { get, update, patch },
  'pods/resize': { get, update, patch },
  'pods/log': { get: podLog },
  'pods/exec': { get: podExec, create: podExec },
  'pods/attach': { get: podAttach, create: podAttach },
  'pods/portforward': { get: podPortForward, create: podPortForward },
  'pods/proxy': everyVerb(proxyPod),
  'services/proxy': everyVerb(proxyService),
  'nodes/proxy': everyVerb(proxyNode),
  'namespaces/finalize': { update },
  'certificatesigningrequests/approval': { get, update, patch },
  'serviceaccounts/token': { create: requestToken },
};

/** What carries a request out. Throws 404 and 405 as the real server's router does. */
export function handlerFor(entry: ResourceEntry, verb: string, subresource: string, name: string): VerbHandler {
  if (subresource === '') {
    const handler = objectVerbs[verb];
    if (handler === undefined || !entry.info.verbs.includes(verb)) throw newMethodNotAllowed();
    return handler;
  }
  const path = `${entry.info.resource}/${subresource}`;
  const verbs = subresourceVerbs[path] ?? subresourceVerbs[`/${subresource}`];
  const has = entry.info.subresources.some((each) => each.name === subresource);
  if (entry.custom !== undefined && !has) throw newNotFound(groupResourceOf(entry), name);
  if (verbs === undefined || !has) throw newPathNotFound();
  const handler = verbs[verb];
  if (handler === undefined) throw newMethodNotSupported(groupResourceOf(entry), verb);
  return handler;
}
