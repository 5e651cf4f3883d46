/** Status answers worded exactly as Kubernetes' apimachinery words them; kubectl and controllers parse them. */
import type { Status, StatusCause, StatusDetails } from '../types/meta-v1.ts';
import { aggregateText, errorBody } from './field-error.ts';
import type { FieldError } from './field-error.ts';
import { goQuote } from './go-text.ts';

export interface GroupResource {
  readonly group: string;
  readonly resource: string;
}
export interface GroupKind {
  readonly group: string;
  readonly kind: string;
}

/** An answer that is not the asked-for object. Throw it anywhere below a request; the server sends `status`. */
export class StatusError extends Error {
  override name = 'StatusError';
  readonly status: Status;
  constructor(code: number, reason: string, message: string, details?: StatusDetails) {
    super(message);
    this.status = failureStatus(code, reason, message, details);
  }
  get code(): number {
    return this.status.code ?? 500;
  }
  /** `NotFound`, `Conflict`, … ; '' where Kubernetes sends none */
  get reason(): string {
    return this.status.reason ?? '';
  }
  get details(): StatusDetails | undefined {
    return this.status.details;
  }
}

export function failureStatus(code: number, reason: string, message: string, details?: StatusDetails): Status {
  return {
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Failure',
    message,
    ...(reason === '' ? {} : { reason }),
    ...(details === undefined ? {} : { details }),
    code,
  };
}

/** What DELETE answers where it does not answer the object. */
export const successStatus = (details: StatusDetails): Status => ({
  kind: 'Status',
  apiVersion: 'v1',
  metadata: {},
  status: 'Success',
  details,
});

/** `deployments.apps`, `pods` */
export const qualified = (of: GroupResource | GroupKind): string => {
  const name = 'resource' in of ? of.resource : of.kind;
  return of.group === '' ? name : `${name}.${of.group}`;
};

/** Empty parts are left out, as Go's omitempty does. */
function detailsOf(of: GroupResource | GroupKind, name: string, more: StatusDetails = {}): StatusDetails {
  return {
    ...(name === '' ? {} : { name }),
    ...(of.group === '' ? {} : { group: of.group }),
    ...('resource' in of ? { kind: of.resource } : of.kind === '' ? {} : { kind: of.kind }),
    ...more,
  };
}

const retry = (seconds: number): StatusDetails => (seconds > 0 ? { retryAfterSeconds: seconds } : {});

export const newNotFound = (of: GroupResource, name: string): StatusError =>
  new StatusError(404, 'NotFound', `${qualified(of)} ${goQuote(name)} not found`, detailsOf(of, name));

/** For paths that name no resource we serve. */
export const newPathNotFound = (): StatusError =>
  new StatusError(404, 'NotFound', 'the server could not find the requested resource', {});

export const newAlreadyExists = (of: GroupResource, name: string): StatusError =>
  new StatusError(409, 'AlreadyExists', `${qualified(of)} ${goQuote(name)} already exists`, detailsOf(of, name));

export const newGenerateNameConflict = (of: GroupResource, name: string, retryAfterSeconds: number): StatusError =>
  new StatusError(
    409,
    'AlreadyExists',
    `${qualified(of)} ${goQuote(name)} already exists, the server was not able to generate a unique name for the object`,
    detailsOf(of, name, retry(retryAfterSeconds)),
  );

export const optimisticLockMessage =
  'the object has been modified; please apply your changes to the latest version and try again';

/** `of` is a GroupKind where a delete's precondition failed. */
export const newConflict = (
  of: GroupResource | GroupKind,
  name: string,
  why: string = optimisticLockMessage,
): StatusError =>
  new StatusError(
    409,
    'Conflict',
    `Operation cannot be fulfilled on ${qualified(of)} ${goQuote(name)}: ${why}`,
    detailsOf(of, name),
  );

/** Server-side apply's answer. */
export const newApplyConflict = (causes: StatusCause[], message: string): StatusError =>
  new StatusError(409, 'Conflict', message, { causes });

export function newInvalid(of: GroupKind, name: string, errors: readonly FieldError[]): StatusError {
  const causes = errors.map((e) => ({ reason: e.type, message: errorBody(e), field: e.field }));
  const why = errors.length > 0 ? `: ${aggregateText(errors)}` : '';
  return new StatusError(
    422,
    'Invalid',
    `${qualified(of)} ${goQuote(name)} is invalid${why}`,
    detailsOf(of, name, causes.length > 0 ? { causes } : {}),
  );
}

export const newBadRequest = (message: string): StatusError => new StatusError(400, 'BadRequest', message);

export const newUnauthorized = (message = 'Unauthorized'): StatusError => new StatusError(401, 'Unauthorized', message);

/** `why` e.g. `User "a" cannot get resource "pods" in API group "" in the namespace "default"` */
export function newForbidden(of: GroupResource | undefined, name: string, why: string): StatusError {
  if (of === undefined) return new StatusError(403, 'Forbidden', `forbidden: ${why}`, {});
  const subject = name === '' ? qualified(of) : `${qualified(of)} ${goQuote(name)}`;
  return new StatusError(403, 'Forbidden', `${subject} is forbidden: ${why}`, detailsOf(of, name));
}

export const newMethodNotSupported = (of: GroupResource, action: string): StatusError =>
  new StatusError(
    405,
    'MethodNotAllowed',
    `${action} is not supported on resources of kind ${goQuote(qualified(of))}`,
    detailsOf(of, ''),
  );

/** What the router answers before it knows a resource. */
export const newMethodNotAllowed = (): StatusError =>
  new StatusError(405, 'MethodNotAllowed', 'the server does not allow this method on the requested resource', {});

export const newNotAcceptable = (accepted: readonly string[]): StatusError =>
  new StatusError(406, 'NotAcceptable', `only the following media types are accepted: ${accepted.join(', ')}`);

export const bodyMediaTypes = ['application/json', 'application/yaml', 'application/vnd.kubernetes.protobuf'] as const;

export const newUnsupportedMediaType = (accepted: readonly string[] = bodyMediaTypes): StatusError =>
  new StatusError(
    415,
    'UnsupportedMediaType',
    `the body of the request was in an unknown format - accepted media types include: ${accepted.join(', ')}`,
  );

export const newRequestEntityTooLarge = (why: string): StatusError =>
  new StatusError(413, 'RequestEntityTooLarge', `Request entity too large: ${why}`);

/** The continue token or resource version is older than what the store still has. */
export const newExpired = (message: string): StatusError => new StatusError(410, 'Expired', message);

export const newGone = (message: string): StatusError => new StatusError(410, 'Gone', message);

export const newTimeout = (message: string, retryAfterSeconds = 0): StatusError =>
  new StatusError(504, 'Timeout', `Timeout: ${message}`, retry(retryAfterSeconds));

/** A resource version from the future that did not come in time. Clients look for the cause. */
export const newTooLargeResourceVersion = (wanted: string, current: string, retryAfterSeconds = 1): StatusError =>
  new StatusError(504, 'Timeout', `Timeout: Too large resource version: ${wanted}, current: ${current}`, {
    causes: [{ reason: 'ResourceVersionTooLarge', message: 'Too large resource version' }],
    ...retry(retryAfterSeconds),
  });

export const newServerTimeout = (of: GroupResource, operation: string, retryAfterSeconds: number): StatusError =>
  new StatusError(
    500,
    'ServerTimeout',
    `The ${operation} operation against ${qualified(of)} could not be completed at this time, please try again.`,
    detailsOf(of, operation, retry(retryAfterSeconds)),
  );

export const newTooManyRequests = (message: string, retryAfterSeconds: number): StatusError =>
  new StatusError(429, 'TooManyRequests', message, retry(retryAfterSeconds));

export const newServiceUnavailable = (message: string): StatusError =>
  new StatusError(503, 'ServiceUnavailable', message);

export const newInternalError = (message: string): StatusError =>
  new StatusError(500, 'InternalError', `Internal error occurred: ${message}`, { causes: [{ message }] });

/** A patch that could be read but not applied to this object, e.g. a failed `test` operation. */
export const newUnprocessablePatch = (): StatusError =>
  new StatusError(422, 'Invalid', 'the server rejected our request due to an error in our request', {});
