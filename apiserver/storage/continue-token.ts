import { newBadRequest } from '../../api/meta/status.ts';

/** Where the next page of a list begins, and at which version; `revision` -1: at the latest, consistent or not. */
export interface ContinueToken {
  readonly revision: number;
  /** below the prefix that is listed, e.g. `default/web\0` */
  readonly start: string;
}

const version = 'meta.k8s.io/v1';

export const encodeContinue = (token: ContinueToken): string =>
  Buffer.from(JSON.stringify({ v: version, rv: token.revision, start: token.start })).toString('base64url');

const invalid = (why: string): Error => newBadRequest(`invalid continue token: ${why}`);

export function decodeContinue(text: string): ContinueToken {
  const raw = Buffer.from(text, 'base64url');
  let parsed: { v?: unknown; rv?: unknown; start?: unknown };
  try {
    parsed = JSON.parse(raw.toString()) as typeof parsed;
  } catch {
    const first = String.fromCharCode(raw[0] ?? 0);
    throw invalid(`continue key is not valid: invalid character '${first}' looking for beginning of value`);
  }
  if (parsed === null || parsed.v !== version) {
    throw invalid(`continue key is not valid: server does not recognize this encoded version "${String(parsed?.v)}"`);
  }
  if (typeof parsed.rv !== 'number' || parsed.rv === 0) {
    throw invalid('continue key is not valid: incorrect encoded start resourceVersion (version meta.k8s.io/v1)');
  }
  if (typeof parsed.start !== 'string' || parsed.start === '') {
    throw invalid('continue key is not valid: encoded start key empty (version meta.k8s.io/v1)');
  }
  if (parsed.start.split('/').includes('..')) {
    throw invalid(`continue key is not valid: ${parsed.start}`);
  }
  return { revision: parsed.rv, start: parsed.start };
}
