import { newBadRequest, StatusError } from '../../api/meta/status.ts';
import { admitSubresource } from './admit-subresource.ts';
import { sendAny } from './answer.ts';
import { formOf } from './negotiation.ts';
import { objectOf } from './request-body.ts';
import { writeOptions } from './request-options.ts';
import type { ResourceRequest } from './resource-request.ts';

const tokenRequestKind = { group: 'authentication.k8s.io', version: 'v1', kind: 'TokenRequest' };

/** POST serviceaccounts/{name}/token: `kubectl create token`, and kubelets for their pods. */
export async function requestToken(request: ResourceRequest): Promise<void> {
  const { ctx, services } = request;
  const { name, namespace } = ctx.info;
  const form = { ...formOf(ctx), as: 'object' as const };
  const options = writeOptions(ctx, 'CreateOptions');
  const object = objectOf(ctx, tokenRequestKind, options);
  if (services.mintToken === undefined) {
    const why = 'this server has no key to sign tokens with: start it with --service-account-signing-key-file';
    throw new StatusError(501, 'NotImplemented', why, { kind: 'serviceaccounts', name });
  }
  const named = object.metadata?.name;
  if (named && named !== name) {
    throw newBadRequest(`the name of the object (${named}) does not match the name on the URL (${name})`);
  }
  await admitSubresource(request, object, options.dryRun);
  const warn = (text: string): void => ctx.reply.warn(text);
  sendAny(ctx, 201, await services.mintToken(object, namespace, name, warn), form);
}
