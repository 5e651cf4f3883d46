/** Connections that stop being HTTP: asked for at another server, and joined byte for byte. */
import { request as httpRequest } from 'node:http';
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { Duplex } from 'node:stream';

export interface UpgradeRequest {
  readonly url: URL;
  readonly method: string;
  readonly headers: Readonly<Record<string, string | readonly string[]>>;
  readonly tls?: {
    readonly cert?: string;
    readonly key?: string;
    readonly ca?: string;
    readonly rejectUnauthorized?: boolean;
    readonly servername?: string;
  };
  /** to be connected and answered */
  readonly timeoutMs: number;
  readonly signal?: AbortSignal;
}

export interface Upgraded {
  readonly kind: 'upgraded';
  readonly answer: IncomingMessage;
  readonly socket: Duplex;
  /** what came with the answer already */
  readonly head: Buffer;
}

export interface NotUpgraded {
  readonly kind: 'answered';
  readonly code: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: IncomingMessage;
}

/** Asks for an upgrade. Rejects where nobody answers in time. */
export function dialUpgrade(options: UpgradeRequest): Promise<Upgraded | NotUpgraded> {
  const { url, method, headers, tls, timeoutMs, signal } = options;
  const send = url.protocol === 'https:' ? httpsRequest : httpRequest;
  return new Promise((resolve, reject) => {
    const own = Object.fromEntries(
      Object.entries(headers).map(([name, value]) => [name, typeof value === 'string' ? value : [...value]]),
    );
    const call = send(url, { method, headers: own, agent: false, ...tls });
    call.setTimeout(timeoutMs, () => call.destroy(new Error(`no answer within ${timeoutMs} ms`)));
    const giveUp = (): void => void call.destroy(new Error('nobody waits for the answer any more'));
    signal?.addEventListener('abort', giveUp, { once: true });
    const settled = (): void => {
      signal?.removeEventListener('abort', giveUp);
      call.setTimeout(0);
    };
    call.once('error', reject);
    call.once('upgrade', (answer, socket, head) => {
      settled();
      socket.setTimeout(0);
      resolve({ kind: 'upgraded', answer, socket, head });
    });
    call.once('response', (body) => {
      settled();
      resolve({ kind: 'answered', code: body.statusCode ?? 502, headers: body.headers, body });
    });
    call.end();
  });
}

/** What a client is told whose connection is upgraded as that of `answer` was. */
export function upgradeHead({ rawHeaders }: IncomingMessage): string {
  const lines: string[] = [];
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) lines.push(`${rawHeaders[i]}: ${rawHeaders[i + 1]}\r\n`);
  return `HTTP/1.1 101 Switching Protocols\r\n${lines.join('')}\r\n`;
}

/** Each gets what the other sends, at the pace of the slower, until one of them ends. Resolves when both are closed. */
export async function joinStreams(a: Duplex, b: Duplex): Promise<void> {
  const closed = [a, b].map(
    (stream) =>
      new Promise<void>((resolve) => {
        if (stream.closed) resolve();
        else stream.once('close', resolve);
      }),
  );
  for (const [from, to] of [
    [a, b],
    [b, a],
  ] as const) {
    from.on('error', () => to.destroy());
    from.once('close', () => to.destroy());
    from.pipe(to);
  }
  await Promise.all(closed);
}

/** Of one connection only; `connection` and `upgrade` stay, for they are what it is about. */
const notHandedOn: ReadonlySet<string> = new Set([
  'host',
  'authorization',
  'content-length',
  'transfer-encoding',
  'expect',
]);

/** A client's headers for the next server, repeated ones as often as they came. */
export function upgradeHeaders(rawHeaders: readonly string[]): Record<string, string[]> {
  const headers: Record<string, string[]> = {};
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    const name = (rawHeaders[i] ?? '').toLowerCase();
    const isOurs = notHandedOn.has(name) || name.startsWith('impersonate-') || name.startsWith('x-remote-');
    if (!isOurs) (headers[name] ??= []).push(rawHeaders[i + 1] ?? '');
  }
  return headers;
}
