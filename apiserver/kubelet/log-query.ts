/** The query of pods/log: PodLogOptions, read and checked as kube-apiserver does. */
import { forbidden, invalid, type FieldError } from '../../api/meta/field-error.ts';
import { newBadRequest, newInvalid } from '../../api/meta/status.ts';
import { isTrue } from '../transport/request-info.ts';

export interface LogQuery {
  readonly container: string;
  readonly insecureSkipTlsVerifyBackend: boolean;
  /** what the kubelet is asked with */
  readonly params: URLSearchParams;
}

function wholeNumber(query: URLSearchParams, name: string): number | undefined {
  const text = query.get(name);
  if (text === null) return undefined;
  if (/^[+-]?\d+$/.test(text)) return Number(text);
  throw newBadRequest(`strconv.ParseInt: parsing ${JSON.stringify(text)}: invalid syntax`);
}

function timeOf(query: URLSearchParams): string | undefined {
  const text = query.get('sinceTime');
  if (text === null || text === '') return undefined;
  const isTime =
    /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/.test(text) && !Number.isNaN(Date.parse(text));
  if (isTime) return text;
  const quoted = JSON.stringify(text);
  throw newBadRequest(`parsing time ${quoted} as "2006-01-02T15:04:05Z07:00": cannot parse ${quoted} as "2006"`);
}

/** Throws 400 for what cannot be read, 422 for what makes no sense. */
export function logQueryOf(query: URLSearchParams, podName: string): LogQuery {
  const [tailLines, limitBytes] = [wholeNumber(query, 'tailLines'), wholeNumber(query, 'limitBytes')];
  const [sinceSeconds, sinceTime] = [wholeNumber(query, 'sinceSeconds'), timeOf(query)];
  const errors: FieldError[] = [];
  if (tailLines !== undefined && tailLines < 0) {
    errors.push(invalid('tailLines', tailLines, 'must be greater than or equal to 0'));
  }
  if (limitBytes !== undefined && limitBytes < 1) {
    errors.push(invalid('limitBytes', limitBytes, 'must be greater than 0'));
  }
  if (sinceSeconds !== undefined && sinceTime !== undefined) {
    errors.push(forbidden('', 'at most one of `sinceTime` or `sinceSeconds` may be specified'));
  } else if (sinceSeconds !== undefined && sinceSeconds < 1) {
    errors.push(invalid('sinceSeconds', sinceSeconds, 'must be greater than 0'));
  }
  // its feature is off by default
  if (query.get('stream') !== null) errors.push(forbidden('stream', 'may not be specified'));
  if (errors.length > 0) throw newInvalid({ group: '', kind: 'PodLogOptions' }, podName, errors);
  const params = new URLSearchParams();
  for (const name of ['follow', 'previous', 'timestamps']) if (isTrue(query.get(name))) params.set(name, 'true');
  for (const [name, value] of Object.entries({ sinceSeconds, sinceTime, tailLines, limitBytes })) {
    if (value !== undefined) params.set(name, String(value));
  }
  return {
    container: query.get('container') ?? '',
    insecureSkipTlsVerifyBackend: isTrue(query.get('insecureSkipTLSVerifyBackend')),
    params,
  };
}
