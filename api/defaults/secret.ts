import type { Secret } from '../types/core-v1.ts';
import { setOwn } from '../meta/clone.ts';
import { utf8ToBase64 } from '../meta/base64.ts';

/** `stringData` is for writing only: it becomes `data`, over what is there. */
export function secretDefaults(secret: Secret): void {
  secret.type ||= 'Opaque';
  const { stringData } = secret;
  if (stringData === undefined) return;
  delete secret.stringData;
  const data: Record<string, string> = { ...secret.data };
  for (const key of Object.keys(stringData)) setOwn(data, key, utf8ToBase64(stringData[key] as string));
  secret.data = data;
}
