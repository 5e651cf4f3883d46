import { startTestServer } from '../../apiserver/testing/test-server.ts';
import { warningsOf } from './play.ts';
import type { Send } from './play.ts';

/** Our API server in this process, on a store in memory. */
export async function withOwnServer<T>(use: (send: Send) => Promise<T>): Promise<T> {
  const server = await startTestServer();
  try {
    return await use(async (method, path, request) => {
      const { status, json, text, headers } = await server.admin.request(method, path, request);
      return { status, json, text, warnings: warningsOf(headers.get('warning')) };
    });
  } finally {
    await server.stop();
  }
}
