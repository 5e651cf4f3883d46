import type { Status } from '../api/types/meta-v1.ts';
import { ApiError } from './types.ts';

const isCode = (error: unknown, code: number): error is ApiError => error instanceof ApiError && error.code === code;

export const isNotFound = (error: unknown): error is ApiError => isCode(error, 404);
export const isAlreadyExists = (error: unknown): error is ApiError =>
  isCode(error, 409) && error.reason === 'AlreadyExists';
export const isConflict = (error: unknown): error is ApiError => isCode(error, 409) && error.reason !== 'AlreadyExists';
/** 410: the resource version or the continue token is older than the history that the server keeps. */
export const isExpired = (error: unknown): error is ApiError => isCode(error, 410);
export const isForbidden = (error: unknown): error is ApiError => isCode(error, 403);
export const isInvalid = (error: unknown): error is ApiError => isCode(error, 422);
/** No answer: the request may or may not have been carried out. */
export const isUnreachable = (error: unknown): error is ApiError => isCode(error, 0);

/** True where a create failed because its namespace is going away. */
export const isNamespaceTerminating = (error: unknown): boolean =>
  isForbidden(error) &&
  (error.status?.details?.causes ?? []).some((c) => (c.reason as string) === 'NamespaceTerminating');

export const isStatus = (value: unknown): value is Status =>
  typeof value === 'object' && value !== null && (value as { kind?: unknown }).kind === 'Status';

/** The error that an HTTP answer ≥ 400 stands for. `body` is the parsed body, or its text. */
export function apiErrorFrom(code: number, body: unknown, request: string): ApiError {
  if (isStatus(body)) {
    return new ApiError(body.code ?? code, body.reason ?? '', body.message ?? `${request}: HTTP ${code}`, body);
  }
  const text = typeof body === 'string' ? body.slice(0, 200) : '';
  return new ApiError(code, '', `${request}: HTTP ${code}${text === '' ? '' : `: ${text}`}`);
}

export { messageOf } from '../base/message-of.ts';
