import type { HttpAnswer } from '../../grpc/server.ts';

export const plain = (status: number, body: string, more: Readonly<Record<string, string>> = {}): HttpAnswer => ({
  status,
  headers: { 'content-type': 'text/plain; charset=utf-8', ...more },
  body: Buffer.from(body),
});

export const notFound = (): HttpAnswer => plain(404, '404 page not found\n', { 'x-content-type-options': 'nosniff' });
