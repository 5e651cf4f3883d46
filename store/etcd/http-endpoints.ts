import type { HttpAnswer, HttpHandler, HttpRequest } from '../../grpc/server.ts';
import { notFound, plain } from './http-answers.ts';
import { health, probe, wrongMethod } from './http-health.ts';
import { metricsOf } from './metrics.ts';
import type { MemberContext } from './service.ts';
import { etcdVersion, storageVersion } from './version.ts';

interface Asked {
  readonly context: MemberContext;
  /** what follows the first part of the path */
  readonly rest: readonly string[];
  readonly query: URLSearchParams;
}
type Endpoint = (asked: Asked) => HttpAnswer | Promise<HttpAnswer>;

const aboutHealth: Readonly<Record<string, Endpoint>> = {
  health: ({ context, rest, query }) => (rest.length > 0 ? notFound() : health(context, query)),
  livez: ({ context, rest, query }) => probe(context, 'livez', rest, query),
  readyz: ({ context, rest, query }) => probe(context, 'readyz', rest, query),
};

const metrics: Endpoint = ({ context, rest }) =>
  rest.length > 0
    ? notFound()
    : plain(200, metricsOf(context), { 'content-type': 'text/plain; version=0.0.4; charset=utf-8' });

const versions = JSON.stringify({ etcdserver: etcdVersion, etcdcluster: storageVersion, storage: storageVersion });
const version: Endpoint = ({ rest }) =>
  rest.length > 0 ? notFound() : plain(200, versions, { 'content-type': 'application/json' });

const pathOf = ({ path }: HttpRequest): { name: string; rest: string[]; query: URLSearchParams } => {
  const [pathname = '', query = ''] = path.split('?', 2);
  const [name = '', ...rest] = pathname.slice(1).split('/');
  return { name, rest, query: new URLSearchParams(query) };
};

/** Plain HTTP for monitoring alone: `--listen-metrics-urls`. */
export const monitoringEndpoints =
  (context: MemberContext): HttpHandler =>
  (request) => {
    const { name, ...asked } = pathOf(request);
    if (name === 'metrics') return metrics({ context, ...asked });
    const endpoint = Object.hasOwn(aboutHealth, name) ? aboutHealth[name] : undefined;
    return endpoint === undefined ? notFound() : (wrongMethod(request) ?? endpoint({ context, ...asked }));
  };

/** Plain HTTP on the client port. `gateway` is for what begins with /v3/. */
export function httpEndpoints(context: MemberContext, gateway?: HttpHandler): HttpHandler {
  const monitoring = monitoringEndpoints(context);
  return (request) => {
    const { name, rest, query } = pathOf(request);
    // /v3beta/ was its name once
    if (gateway !== undefined && rest.length > 0 && (name === 'v3' || name === 'v3beta')) {
      return gateway(name === 'v3' ? request : renamed(request, `/v3/${rest.join('/')}`));
    }
    if (name === 'version') return wrongMethod(request) ?? version({ context, rest, query });
    return monitoring(request);
  };
}

/** `request` may be a class: its properties are read, not copied */
const renamed = (request: HttpRequest, path: string): HttpRequest =>
  Object.create(request, { path: { value: path } }) as HttpRequest;
