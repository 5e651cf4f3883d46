import type { CertificateSigningRequest } from '../../../api/types/certificates-v1.ts';

const hourMs = 3_600_000;
/** decided ones have been seen by whoever asked */
const decidedMs = hourMs;
/** nobody has looked, or nobody has signed */
const waitingMs = 24 * hourMs;

const isOlder = (time: string | undefined, ageMs: number, nowMs: number): boolean =>
  time !== undefined && nowMs - Date.parse(time) > ageMs;

/** Should the request go? `expiryMs` is when its certificate ends; undefined where that cannot be told. */
export function isOutdated(request: CertificateSigningRequest, expiryMs: number | undefined, nowMs: number): boolean {
  const { conditions = [], certificate } = request.status ?? {};
  if (conditions.length === 0) return isOlder(request.metadata?.creationTimestamp, waitingMs, nowMs);
  return conditions.some(({ type, lastUpdateTime }) => {
    if (type === 'Denied' || type === 'Failed') return isOlder(lastUpdateTime, decidedMs, nowMs);
    if (type !== 'Approved') return false;
    if (!certificate) return isOlder(lastUpdateTime, waitingMs, nowMs);
    return isOlder(lastUpdateTime, decidedMs, nowMs) || (expiryMs !== undefined && nowMs > expiryMs);
  });
}
