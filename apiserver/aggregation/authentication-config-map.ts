import type { KubeObject, PostStartHook } from '../pipeline.ts';
import type { ApiServerOptions } from '../server-options.ts';

const namespace = 'kube-system';
const name = 'extension-apiserver-authentication';

function dataOf({
  clientCa,
  requestHeader,
}: Pick<ApiServerOptions, 'clientCa' | 'requestHeader'>): Record<string, string> {
  const headers = requestHeader && {
    'requestheader-client-ca-file': requestHeader.clientCa,
    'requestheader-allowed-names': JSON.stringify(requestHeader.allowedNames),
    'requestheader-username-headers': JSON.stringify(requestHeader.usernameHeaders),
    'requestheader-uid-headers': JSON.stringify(requestHeader.uidHeaders),
    'requestheader-group-headers': JSON.stringify(requestHeader.groupHeaders),
    'requestheader-extra-headers-prefix': JSON.stringify(requestHeader.extraHeaderPrefixes),
  };
  return { ...(clientCa !== undefined && { 'client-ca-file': clientCa }), ...headers };
}

const same = (a: Record<string, string>, b: Record<string, string>): boolean =>
  Object.keys(b).every((key) => a[key] === b[key]);

/** Tells extension API servers whose certificates they may believe: they read it when they start. */
export const authenticationConfigMapHook = (
  options: Pick<ApiServerOptions, 'clientCa' | 'requestHeader'>,
): PostStartHook => ({
  name: 'start-cluster-authentication-info-controller',
  async run(store) {
    const data = dataOf(options);
    const present = await store.get('', 'configmaps', namespace, name);
    if (present === undefined) {
      const object = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace }, data };
      if (Object.keys(data).length > 0) await store.ensure('', 'configmaps', object);
      return;
    }
    const known = (present['data'] ?? {}) as Record<string, string>;
    if (same(known, data)) return;
    const changed: KubeObject = { ...structuredClone(present), data: { ...known, ...data } };
    await store.update('', 'configmaps', changed);
  },
});
