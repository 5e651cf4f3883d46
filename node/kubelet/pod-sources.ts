import type { ConfigMap, Secret, Service } from '../../api/types/core-v1.ts';
import { isNotFound } from '../../client/api-errors.ts';
import { configMaps, secrets } from '../../client/resources.ts';
import { TokenCache } from './token-cache.ts';
import type { KubeClient, Lister } from '../../client/types.ts';

/** What a pod refers to is not there, or cannot be used. Shown to people as it is. */
export class MissingSourceError extends Error {
  override name = 'MissingSourceError';
}

/** Reads what pods refer to. */
export interface PodSources {
  configMap(namespace: string, name: string): Promise<ConfigMap | undefined>;
  secret(namespace: string, name: string): Promise<Secret | undefined>;
  services(namespace: string): Service[];
  /** a token of a service account bound to a pod; undefined where the API server issues none */
  token(namespace: string, account: string, request: TokenOptions): Promise<string | undefined>;
}
export interface TokenOptions {
  readonly audience?: string;
  readonly expirationSeconds?: number;
  readonly pod: { readonly name: string; readonly uid: string };
}

async function orUndefined<T>(promise: Promise<T>): Promise<T | undefined> {
  try {
    return await promise;
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
}

/** `nowMs` tells when tokens are old. */
export function apiPodSources(client: KubeClient, services: Lister<Service>, nowMs: () => number): PodSources {
  const tokens = new TokenCache(
    async (namespace, account, options) => requestToken(client, namespace, account, options),
    nowMs,
  );
  return {
    configMap: (namespace, name) => orUndefined(client.resource(configMaps).get(name, namespace)),
    secret: (namespace, name) => orUndefined(client.resource(secrets).get(name, namespace)),
    services: (namespace) => services.list(namespace),
    token: tokens.get,
  };
}

async function requestToken(
  client: KubeClient,
  namespace: string,
  account: string,
  { audience, expirationSeconds, pod }: TokenOptions,
): Promise<string | undefined> {
  const path = `/api/v1/namespaces/${encodeURIComponent(namespace)}/serviceaccounts/${encodeURIComponent(account)}/token`;
  const spec = {
    audiences: audience ? [audience] : [],
    expirationSeconds: expirationSeconds ?? 3600,
    boundObjectRef: { kind: 'Pod', apiVersion: 'v1', ...pod },
  };
  const body = { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec };
  const answer = await orUndefined(client.request<{ status?: { token?: string } }>('POST', path, body));
  return answer?.status?.token;
}

/** Keys and bytes of a ConfigMap. */
export function configMapData(map: ConfigMap): Map<string, Buffer> {
  const out = new Map(Object.entries(map.data ?? {}).map(([key, text]) => [key, Buffer.from(text)]));
  for (const [key, base64] of Object.entries(map.binaryData ?? {})) out.set(key, Buffer.from(base64, 'base64'));
  return out;
}
export const secretData = (secret: Secret): Map<string, Buffer> =>
  new Map(Object.entries(secret.data ?? {}).map(([key, base64]) => [key, Buffer.from(base64, 'base64')]));
