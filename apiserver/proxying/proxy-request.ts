import { newServiceUnavailable } from '../../api/meta/status.ts';
import { messageOf } from '../../base/message-of.ts';
import { passAnswer, requestHeaders } from '../aggregation/proxy.ts';
import type { ResourceRequest, VerbHandler } from '../endpoints/resource-request.ts';
import { kubeletsOf } from '../kubelet/pod-log.ts';
import { passUpgrade } from '../streams/pass-upgrade.ts';
import { nodeTarget, podTarget, serviceTarget, type ProxyTarget } from './proxy-target.ts';

const answerTimeoutMs = 30_000;

interface ProxyPath {
  /** up to and with `/proxy` */
  readonly prefix: string;
  /** behind it; '' where there is not even a slash */
  readonly rest: string;
}

/** `/api/v1/namespaces/x/pods/web/proxy/a/b` → `…/proxy`, `/a/b`: as it was written. */
export function proxyPath(path: string, isNamespaced: boolean): ProxyPath {
  const parts = path.split('/');
  const end = isNamespaced ? 8 : 6;
  const rest = parts.slice(end);
  return { prefix: parts.slice(0, end).join('/'), rest: rest.length === 0 ? '' : `/${rest.join('/')}` };
}

/** A redirect of the backend to itself stays behind the proxy. */
export function rewrittenLocation(location: string, target: string, host: string | undefined, prefix: string): string {
  const absolute = /^[a-z][a-z\d+.-]*:\/\/([^/?#]*)(.*)$/i.exec(location);
  const [authority, path] = absolute === null ? ['', location] : [absolute[1] ?? '', absolute[2] ?? ''];
  const isElsewhere = authority !== '' && authority !== target && authority !== host;
  if (isElsewhere || !path.startsWith('/')) return location;
  return path.startsWith(prefix) ? path : `${prefix}${path}`;
}

const proxied =
  (targetOf: (request: ResourceRequest) => Promise<ProxyTarget>): VerbHandler =>
  async (request) => {
    const { ctx, entry } = request;
    const target = await targetOf(request);
    const [path = '', query] = (ctx.uri ?? ctx.info.path).split('?', 2);
    const search = query === undefined ? '' : `?${query}`;
    const { prefix, rest } = proxyPath(path, entry.info.namespaced);
    const url = `${target.scheme}://${target.authority}${rest}${search}`;
    const kubelets = kubeletsOf(request);
    if (ctx.upgrade !== undefined) {
      const tls = target.isKubelet ? kubelets.tls() : { rejectUnauthorized: false };
      await passUpgrade(ctx, { url: new URL(url), tls, timeoutMs: answerTimeoutMs, signal: ctx.signal });
      return;
    }
    if (rest === '' && (ctx.method === 'GET' || ctx.method === 'HEAD')) {
      ctx.reply.header('location', `${path}/${search}`);
      ctx.reply.send(301, 'text/plain; charset=utf-8', '');
      return;
    }
    const answer = await kubelets
      .pass(target.isKubelet, url, {
        method: ctx.method,
        body: ctx.body.length > 0 ? ctx.body : null,
        headers: { ...requestHeaders(ctx), 'x-forwarded-uri': `${prefix}${rest}` },
        signal: ctx.signal,
      })
      .catch((error: unknown) => {
        throw newServiceUnavailable(`error trying to reach service: ${messageOf(error)}`);
      });
    const { location } = answer.headers;
    if (typeof location === 'string') {
      answer.headers['location'] = rewrittenLocation(location, target.authority, ctx.headers.host, prefix);
    }
    // pages of pods are not of this server: they may not open it to others
    for (const name of Object.keys(answer.headers)) {
      if (name.startsWith('access-control-')) delete answer.headers[name];
    }
    await passAnswer(ctx, answer.statusCode, answer.headers, answer.body);
  };

export const proxyPod = proxied(podTarget);
export const proxyService = proxied(serviceTarget);
export const proxyNode = proxied(nodeTarget);
