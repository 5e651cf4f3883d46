import { newBadRequest, newInternalError } from '../../api/meta/status.ts';
import { messageOf } from '../../base/message-of.ts';
import {
  dialUpgrade,
  joinStreams,
  upgradeHead,
  upgradeHeaders,
  type UpgradeRequest,
} from '../../base/upgrade-tunnel.ts';
import type { RequestContext } from '../pipeline.ts';

const unreadBytesMax = 1024 * 1024;

/** Hands a client's upgrade to another server as it came, and its connection after it, whatever is spoken there. */
export async function passUpgrade(
  ctx: RequestContext,
  target: Omit<UpgradeRequest, 'method' | 'headers'>,
): Promise<void> {
  if (ctx.upgrade === undefined) throw newBadRequest('Upgrade request required');
  const headers = upgradeHeaders(ctx.rawHeaders ?? []);
  const answer = await dialUpgrade({ ...target, method: ctx.method, headers }).catch((error: unknown) => {
    throw newInternalError(`error dialing backend: ${messageOf(error)}`);
  });
  if (answer.kind === 'answered') {
    const stream = ctx.reply.stream(answer.code, answer.headers['content-type'] ?? 'text/plain; charset=utf-8');
    for await (const chunk of answer.body as AsyncIterable<Buffer>) {
      stream.write(chunk);
      if (stream.pendingBytes > unreadBytesMax) await stream.drained();
    }
    stream.end();
    return;
  }
  const { socket, head } = ctx.upgrade.take();
  socket.write(upgradeHead(answer.answer));
  if (answer.head.length > 0) socket.write(answer.head);
  if (head.length > 0) answer.socket.write(head);
  await joinStreams(socket, answer.socket);
}
