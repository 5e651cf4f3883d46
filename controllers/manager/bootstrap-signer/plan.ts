import type { ConfigMap, Secret } from '../../../api/types/core-v1.ts';
import { signingToken } from '../bootstrap-token.ts';

const signaturePrefix = 'jws-kubeconfig-';
const contentKey = 'kubeconfig';

/** A detached signature of a text by a token: header, nothing, signature. */
export type SignText = (text: string, tokenId: string, tokenSecret: string) => string;

/** The map with a signature of each token that may sign, and of no other; undefined where it has these. */
export function signedMap(
  map: ConfigMap,
  tokens: readonly Secret[],
  sign: SignText,
  nowMs: number,
): ConfigMap | undefined {
  const content = map.data?.[contentKey];
  if (content === undefined) return undefined;
  const data = Object.fromEntries(Object.entries(map.data ?? {}).filter(([key]) => !key.startsWith(signaturePrefix)));
  for (const secret of tokens) {
    const token = signingToken(secret, nowMs);
    if (token !== undefined) data[signaturePrefix + token.id] ??= sign(content, token.id, token.secret);
  }
  const keys = Object.keys(data);
  const isSame =
    keys.length === Object.keys(map.data ?? {}).length && keys.every((key) => map.data?.[key] === data[key]);
  return isSame ? undefined : { ...map, data };
}
