import { messageOf } from '../../base/message-of.ts';
import { newInternalError, newServiceUnavailable, newTimeout, StatusError } from '../../api/meta/status.ts';
import { EtcdError, type EtcdErrorKind } from '../storage/etcd-client.ts';

const retrySeconds = 1;

/** Nothing was done: the client may try again by itself. */
function unavailable(message: string): StatusError {
  const error = newServiceUnavailable(message);
  error.status.details = { ...error.status.details, retryAfterSeconds: retrySeconds };
  return error;
}

const storeErrors: Partial<Record<EtcdErrorKind, (message: string) => StatusError>> = {
  unavailable: (why) => unavailable(`the store cannot be reached or has no leader: ${why}`),
  closed: () => unavailable('the API server is shutting down'),
  'unknown-outcome': (why) =>
    newTimeout(`the store did not answer in time, so the request may or may not have taken effect: ${why}`),
};

/** Whatever was thrown, as what a client is told. Nothing but a StatusError carries details of its own. */
export function statusErrorOf(error: unknown): StatusError {
  if (error instanceof StatusError) return error;
  if (error instanceof EtcdError) {
    const worded = storeErrors[error.kind];
    return worded === undefined ? new StatusError(500, '', error.message) : worded(error.message);
  }
  return newInternalError(messageOf(error));
}
