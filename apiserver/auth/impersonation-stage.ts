import { newBadRequest } from '../../api/meta/status.ts';
import type { Authorizer, RequestContext, RequestInfo, Stage, User } from '../pipeline.ts';
import { anonymousUser, authenticatedGroup, unauthenticatedGroup } from './authentication-stage.ts';
import { forbidden } from './authorization-stage.ts';
import { headerValues } from './header-values.ts';

const serviceAccountPrefix = 'system:serviceaccount:';

const listHeader = (ctx: RequestContext, name: string): string[] =>
  headerValues(ctx, name).filter((text) => text !== '');

interface Wanted {
  readonly name: string;
  readonly uid: string;
  readonly groups: string[];
  readonly extra: Record<string, string[]>;
}

/** As it stands where it is not percent-encoded properly, as Kubernetes takes it. */
function unescaped(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function wantedUser(ctx: RequestContext): Wanted | undefined {
  const [name = ''] = listHeader(ctx, 'impersonate-user');
  const [uid = ''] = listHeader(ctx, 'impersonate-uid');
  const groups = listHeader(ctx, 'impersonate-group');
  const extra: Record<string, string[]> = {};
  for (const header of Object.keys(ctx.headers)) {
    if (!header.startsWith('impersonate-extra-')) continue;
    const key = unescaped(header.slice('impersonate-extra-'.length));
    extra[key] = listHeader(ctx, header);
  }
  if (name === '') {
    if (uid !== '' || groups.length > 0 || Object.keys(extra).length > 0) {
      throw newBadRequest('requested impersonation of groups, uid or extra without impersonating a user');
    }
    return undefined;
  }
  return { name, uid, groups, extra };
}

type Asked = Pick<RequestInfo, 'resource'> & Partial<Pick<RequestInfo, 'group' | 'subresource' | 'namespace' | 'name'>>;

const impersonate = (path: string, asked: Asked): RequestInfo => ({
  isResourceRequest: true,
  verb: 'impersonate',
  path,
  group: '',
  version: 'v1',
  subresource: '',
  namespace: '',
  name: '',
  ...asked,
});

/** Exactly a namespace and a name: any other user of that prefix is no service account, and gets none of its groups. */
function serviceAccountOf(user: string): { namespace: string; name: string } | undefined {
  if (!user.startsWith(serviceAccountPrefix)) return undefined;
  const [namespace, name, ...rest] = user.slice(serviceAccountPrefix.length).split(':');
  return namespace && name && rest.length === 0 ? { namespace, name } : undefined;
}

/** What the real user must be allowed to impersonate, each by itself. */
function questions(path: string, wanted: Wanted): RequestInfo[] {
  const authentication = 'authentication.k8s.io';
  const account = serviceAccountOf(wanted.name);
  const user: Asked = account ? { resource: 'serviceaccounts', ...account } : { resource: 'users', name: wanted.name };
  const asked: Asked[] = [user, ...wanted.groups.map((name) => ({ resource: 'groups', name }))];
  if (wanted.uid !== '') asked.push({ group: authentication, resource: 'uids', name: wanted.uid });
  for (const [subresource, values] of Object.entries(wanted.extra)) {
    for (const name of values) asked.push({ group: authentication, resource: 'userextras', subresource, name });
  }
  return asked.map((one) => impersonate(path, one));
}

function groupsOf(wanted: Wanted): string[] {
  if (wanted.name === anonymousUser.name) return [...new Set([...wanted.groups, unauthenticatedGroup])];
  const groups = [...wanted.groups];
  const account = serviceAccountOf(wanted.name);
  if (groups.length === 0 && account) {
    groups.push('system:serviceaccounts', `system:serviceaccounts:${account.namespace}`);
  }
  return [...new Set([...groups, authenticatedGroup])];
}

/** `kubectl --as=…`: acts as another user, if the real one may impersonate each part of that identity. */
export const impersonationStage =
  (authorizer: Authorizer): Stage =>
  async (ctx, next) => {
    const wanted = wantedUser(ctx);
    const real = ctx.user;
    if (wanted !== undefined && real !== undefined) {
      for (const question of questions(ctx.info.path, wanted)) {
        const decision = await authorizer.authorize(real, question);
        if (!decision.allowed) throw forbidden(real, question, decision.reason);
      }
      const user: User = {
        name: wanted.name,
        groups: groupsOf(wanted),
        ...(wanted.uid === '' ? {} : { uid: wanted.uid }),
        ...(Object.keys(wanted.extra).length === 0 ? {} : { extra: wanted.extra }),
      };
      ctx.user = user;
      ctx.audit?.impersonates(user);
    }
    await next();
  };
