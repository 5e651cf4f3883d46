import { requestVerbs } from '../../api/meta/request-verbs.ts';
import type { RequestInfo } from '../pipeline.ts';

const ofWholeCollection: Readonly<Record<string, string>> = { get: 'list', delete: 'deletecollection' };
const namespaceSubresources: ReadonlySet<string> = new Set(['status', 'finalize']);

/** Of a query parameter: only its absence, `false` and `0` mean no. */
export const isTrue = (value: string | null): boolean =>
  value !== null && value !== '0' && value.toLowerCase() !== 'false';

const nonResource = (method: string, path: string): RequestInfo => ({
  isResourceRequest: false,
  verb: method.toLowerCase(),
  path,
  group: '',
  version: '',
  resource: '',
  subresource: '',
  namespace: '',
  name: '',
});

/** The name that a field selector pins, for authorization by name. */
function selectedName(query: URLSearchParams): string {
  const match = /^metadata\.name==?([^,=!]+)$/.exec(query.get('fieldSelector') ?? '');
  return match?.[1] ?? '';
}

/**
 * `/api/v1/namespaces/default/pods/web/status` → get, '', v1, pods, default, web, status. Throws URIError on a path that
 * is not percent-encoded properly.
 */
export function parseRequestInfo(method: string, path: string, query: URLSearchParams): RequestInfo {
  const parts = path
    .split('/')
    .filter((part) => part !== '')
    .map(decodeURIComponent);
  const root = parts.shift();
  if (root !== 'api' && root !== 'apis') return nonResource(method, path);
  const group = root === 'apis' ? parts.shift() : '';
  const version = parts.shift();
  if (group === undefined || version === undefined || parts.length === 0) return nonResource(method, path);

  let verb = requestVerbs[method] ?? '';
  // The old form of a watch, before there was a parameter for it.
  const isOldWatch = parts[0] === 'watch' && parts.length > 1;
  if (isOldWatch) parts.shift();
  let namespace = '';
  if (parts[0] === 'namespaces' && parts[1] !== undefined) {
    namespace = parts[1];
    if (parts[2] !== undefined && !namespaceSubresources.has(parts[2])) parts.splice(0, 2);
  }
  const [resource = '', pathName = '', subresource = ''] = parts;
  let name = pathName;
  if (name === '') {
    verb = ofWholeCollection[verb] ?? verb;
    if (verb === 'list' && isTrue(query.get('watch'))) verb = 'watch';
    if (verb === 'list' || verb === 'watch' || verb === 'deletecollection') name = selectedName(query);
  }
  if (isOldWatch) verb = 'watch';
  const info = { isResourceRequest: true, verb, path, group, version, resource, subresource, namespace, name };
  const fieldSelector = pathName === '' ? query.get('fieldSelector') : null;
  return fieldSelector === null ? info : { ...info, fieldSelector };
}
