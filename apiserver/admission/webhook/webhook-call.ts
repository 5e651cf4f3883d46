import { Agent, request as httpsRequest, type RequestOptions } from 'node:https';
import { isIP } from 'node:net';
import { checkServerIdentity, type PeerCertificate } from 'node:tls';
import type { IncomingMessage } from 'node:http';
import type { WebhookTarget } from './webhook-target.ts';

/** An answer may hold the patch of a whole object, in base64 inside JSON. */
const answerBytesMax = 16 * 1024 * 1024;
/** to one webhook at a time; the others wait, at the expense of their own time */
const socketsMax = 64;

/** Connections stay open for the next call; idle ones keep no process alive. */
const agent = new Agent({ keepAlive: true, maxSockets: socketsMax, maxFreeSockets: 8 });

/** Why no answer came, in the words of Go's HTTP client. */
export class CallFailure extends Error {
  override readonly name = 'CallFailure';
  /** of the answer, where there was one */
  readonly code: number;
  constructor(message: string, code = 0) {
    super(message);
    this.code = code;
  }
}

const untrusted: ReadonlySet<string> = new Set([
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'CERT_SIGNATURE_FAILURE',
]);

const notTrusted = (why: string): string => `tls: failed to verify certificate: x509: ${why}`;

const reasonOf = (error: NodeJS.ErrnoException, { host, port }: WebhookTarget): string => {
  const address = `${isIP(host) === 6 ? `[${host}]` : host}:${port}`;
  const { code = '' } = error;
  if (untrusted.has(code)) return notTrusted('certificate signed by unknown authority');
  switch (code) {
    case 'ECONNREFUSED':
      return `dial tcp ${address}: connect: connection refused`;
    case 'ENOTFOUND':
      return `dial tcp: lookup ${host}: no such host`;
    case 'EHOSTUNREACH':
      return `dial tcp ${address}: connect: no route to host`;
    case 'ENETUNREACH':
      return `dial tcp ${address}: connect: network is unreachable`;
    case 'CERT_HAS_EXPIRED':
      return notTrusted('certificate has expired or is not yet valid');
    case 'ECONNRESET':
      return 'EOF';
    default:
      return error.message;
  }
};

const identityCheck =
  (serverName: string) =>
  (_host: string, certificate: PeerCertificate): Error | undefined => {
    if (checkServerIdentity(serverName, certificate) === undefined) return undefined;
    const names = (certificate.subjectaltname ?? '').split(', ').map((name) => name.replace(/^[^:]*:/, ''));
    return new Error(notTrusted(`certificate is valid for ${names.join(', ')}, not ${serverName}`));
  };

const readAll = async (response: IncomingMessage): Promise<string> => {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > answerBytesMax) throw new CallFailure(`the answer has more than ${answerBytesMax} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
};

const statusTexts: Readonly<Record<number, string>> = {
  400: 'the server rejected our request for an unknown reason',
  401: 'the server has asked for the client to provide credentials',
  403: 'forbidden',
  404: 'the server could not find the requested resource',
  405: 'the server does not allow this method on the requested resource',
  429: 'the server has received too many requests and has asked us to try again later',
  503: 'the server is currently unable to handle the request',
  504: 'the server was unable to return a response in the time allotted, but may still be processing the request',
};

const refusedText = (code: number, body: string): string =>
  statusTexts[code] ??
  (code >= 500
    ? `an error on the server (${JSON.stringify(body.trim().slice(0, 2048) || 'unknown')}) has prevented the request from succeeding`
    : `the server responded with the status code ${code} but did not return more information`);

const send = (options: RequestOptions, body: string): Promise<IncomingMessage> =>
  new Promise((resolve, reject) => {
    const call = httpsRequest(options, resolve);
    call.on('error', reject);
    call.end(body);
  });

/**
 * Posts JSON and gives back the JSON of the answer. Throws a CallFailure. `timeoutMs` counts from the beginning to the
 * last byte.
 */
export const callWebhook = async (target: WebhookTarget, body: unknown, timeoutMs: number): Promise<unknown> => {
  const { host, port, serverName, path, url, ca } = target;
  const query = `timeout=${Math.ceil(timeoutMs / 1000)}s`;
  const shown = `Post "${url}?${query}"`;
  const signal = AbortSignal.timeout(timeoutMs);
  let response: IncomingMessage;
  let text: string;
  try {
    const options: RequestOptions = {
      method: 'POST',
      host,
      port,
      path: `${path}${path.includes('?') ? '&' : '?'}${query}`,
      headers: {
        'content-type': 'application/json',
        accept: 'application/json, */*',
        host: `${serverName}:${port}`,
        'user-agent': 'kube-apiserver-admission',
      },
      agent,
      signal,
      ca,
      checkServerIdentity: identityCheck(serverName),
      ...(isIP(serverName) === 0 && { servername: serverName }),
    };
    response = await send(options, JSON.stringify(body));
    text = await readAll(response);
  } catch (error) {
    if (error instanceof CallFailure) throw error;
    if (signal.aborted) throw new CallFailure(`${shown}: context deadline exceeded`);
    throw new CallFailure(`${shown}: ${reasonOf(error as NodeJS.ErrnoException, target)}`);
  }
  const code = response.statusCode ?? 0;
  if (code !== 200 && code !== 201 && code !== 202) throw new CallFailure(refusedText(code, text), code);
  try {
    return JSON.parse(text) as unknown;
  } catch {
    throw new CallFailure(`couldn't get version/kind; json parse error: invalid JSON in the answer`, code);
  }
};
