import { createHmac } from 'node:crypto';
import type { ConfigMap, Secret } from '../../../api/types/core-v1.ts';
import { isConflict, isNotFound } from '../../../client/api-errors.ts';
import { configMaps, secrets } from '../../../client/resources.ts';
import type { Informer } from '../../../client/types.ts';
import { bootstrapTokenNamespace, bootstrapTokenType } from '../bootstrap-token.ts';
import { newQueue, queueController } from '../controller-context.ts';
import type { Controller, ControllerContext } from '../controller-context.ts';
import { signedMap, type SignText } from './plan.ts';

const mapNamespace = 'kube-public';
const mapName = 'cluster-info';

const encode = (text: string): string => Buffer.from(text).toString('base64url');

/** JWS with HS256 (RFC 7515, appendix F): who knows the token can tell that the text is genuine. */
export const detachedSignature: SignText = (text, kid, secret) => {
  const header = encode(JSON.stringify({ alg: 'HS256', kid }));
  const signature = createHmac('sha256', secret)
    .update(`${header}.${encode(text)}`)
    .digest('base64url');
  return `${header}..${signature}`;
};

/** Signs kube-public/cluster-info with the bootstrap tokens, so that nodes that have nothing but a token can trust it. */
export function bootstrapSignerController(context: ControllerContext): Controller {
  const queue = newQueue(context, 'bootstrap-signer', 1);
  const maps: Informer<ConfigMap> = context.informers.informer(configMaps, {
    namespace: mapNamespace,
    fieldSelector: `metadata.name=${mapName}`,
  });
  const tokens: Informer<Secret> = context.informers.informer(secrets, {
    namespace: bootstrapTokenNamespace,
    fieldSelector: `type=${bootstrapTokenType}`,
  });
  const enqueue = (): void => queue.add(`${mapNamespace}/${mapName}`);
  maps.addHandlers({ added: enqueue, updated: enqueue });
  tokens.addHandlers({ added: enqueue, updated: enqueue, deleted: enqueue });
  return queueController(queue, async () => {
    const map = maps.lister.get(mapName, mapNamespace);
    const own = tokens.lister.list(bootstrapTokenNamespace).filter(({ type }) => type === bootstrapTokenType);
    const signed = map && signedMap(map, own, detachedSignature, context.clock.nowMs());
    if (signed === undefined) return;
    try {
      await context.client.resource(configMaps).update(signed);
    } catch (error) {
      // The newer version comes by itself.
      if (!isNotFound(error) && !isConflict(error)) throw error;
    }
  });
}
