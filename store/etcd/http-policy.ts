import type { HttpAnswer, HttpHandler, HttpRequest } from '../../grpc/server.ts';

/** Who may ask over plain HTTP. `*` and an empty list mean: anybody. */
export interface HttpPolicy {
  /** names that the Host header may have where nothing is encrypted */
  readonly hosts: readonly string[];
  /** origins of web pages that may read answers */
  readonly origins: readonly string[];
}

const misdirected = 421;
const anybody = (list: readonly string[]): boolean => list.length === 0 || list.includes('*');

/** without its port */
function hostOf(request: HttpRequest): string {
  const host = request.header('host') ?? request.header(':authority') ?? '';
  return host.replace(/:\d+$/, '').replace(/^\[|\]$/g, '');
}

const originHeaders = (origin: string): Record<string, string> => ({
  'access-control-allow-methods': 'POST, GET, OPTIONS, PUT, DELETE',
  'access-control-allow-origin': origin,
  'access-control-allow-headers': 'accept, content-type, authorization',
});

const refusal = (host: string): HttpAnswer => ({
  status: misdirected,
  headers: { 'content-type': 'text/plain; charset=utf-8' },
  body: Buffer.from(
    `the host name ${JSON.stringify(host)} is not one that may be asked for here (CVE-2018-5702, "DNS rebinding"): ` +
      `use https, or add it to --host-whitelist\n`,
  ),
});

/**
 * Before `handler`, what etcd does: a web page that makes a name of its own lead to this machine (DNS rebinding) gets
 * nothing, and pages of other origins only what --cors lets them have.
 */
export function withPolicy({ hosts, origins }: HttpPolicy, handler: HttpHandler): HttpHandler {
  const named = anybody(hosts) ? undefined : new Set(hosts);
  const known = anybody(origins) ? undefined : new Set(origins);
  return async (request) => {
    if (named !== undefined && !request.encrypted && !named.has(hostOf(request))) return refusal(hostOf(request));
    const origin = request.header('origin');
    const allowed = known === undefined ? '*' : origin !== undefined && known.has(origin) ? origin : undefined;
    const headers = allowed === undefined ? {} : originHeaders(allowed);
    if (request.method === 'OPTIONS') return { status: 200, headers, body: new Uint8Array(0) };
    const answer = await handler(request);
    return { ...answer, headers: { ...answer.headers, ...headers } };
  };
}
