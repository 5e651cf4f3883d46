/** Routes over plain HTTP on a port of their own, without the rest of the server. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { StatusError } from '../../api/meta/status.ts';
import type { NonResourceRoute } from '../pipeline.ts';
import { fakeContext, type FakeContext } from './fake-context.ts';

export interface RouteServer {
  readonly url: string;
  /** `GET /apis 200`, in order */
  readonly requests: string[];
  close(): Promise<void>;
}

function routeFor(routes: readonly NonResourceRoute[], path: string): NonResourceRoute | undefined {
  const matching = routes.filter((route) =>
    route.match === 'exact' ? path === route.path : path.startsWith(route.path),
  );
  return matching.sort((a, b) => b.path.length - a.path.length)[0];
}

async function answer(routes: readonly NonResourceRoute[], ctx: FakeContext): Promise<void> {
  try {
    await routeFor(routes, ctx.info.path)?.handle(ctx);
  } catch (error) {
    if (!(error instanceof StatusError)) throw error;
    ctx.reply.json(error.code, error.status);
  }
  if (!ctx.reply.sent) ctx.reply.send(404, 'text/plain; charset=utf-8', '404 page not found\n');
}

export async function serveRoutes(routes: readonly NonResourceRoute[]): Promise<RouteServer> {
  const requests: string[] = [];
  const server = createServer((request, response) => {
    const ctx = fakeContext({ path: request.url, method: request.method, headers: request.headers });
    void (async (): Promise<void> => {
      await answer(routes, ctx);
      requests.push(`${ctx.method} ${ctx.info.path} ${ctx.reply.code}`);
      response.writeHead(ctx.reply.code, { ...ctx.reply.headers, 'content-type': ctx.reply.contentType });
      response.end(ctx.reply.body || Buffer.concat(ctx.reply.bytes));
    })();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
