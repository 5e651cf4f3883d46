import { connect } from 'node:http2';
import type { ClientHttp2Session, ClientHttp2Stream } from 'node:http2';

export interface ApiAnswer {
  readonly status: number;
  readonly body: Buffer;
}

const windowBytes = 16 * 1024 * 1024;

/** One HTTP/2 connection to an API server, as the owner of a token. Its certificate is not checked, as h2load does not. */
export class ApiConnection {
  readonly #session: ClientHttp2Session;
  readonly #token: string;

  constructor(url: string, token: string) {
    this.#token = token;
    this.#session = connect(url, { rejectUnauthorized: false, settings: { initialWindowSize: windowBytes } });
    this.#session.once('connect', () => this.#session.setLocalWindowSize(windowBytes));
    // each stream tells its own caller
    this.#session.on('error', () => undefined);
  }

  #send(method: string, path: string, body?: string): ClientHttp2Stream {
    const headers = {
      ':method': method,
      ':path': path,
      authorization: `Bearer ${this.#token}`,
      accept: 'application/json',
    };
    const stream = this.#session.request(
      body === undefined ? headers : { ...headers, 'content-type': 'application/json' },
      { endStream: body === undefined },
    );
    if (body !== undefined) stream.end(body);
    return stream;
  }

  request(method: string, path: string, body?: string): Promise<ApiAnswer> {
    return new Promise((resolve, reject) => {
      const stream = this.#send(method, path, body);
      const chunks: Buffer[] = [];
      let status = 0;
      stream.on('response', (headers) => (status = Number(headers[':status'])));
      stream.on('data', (chunk: Buffer) => chunks.push(chunk));
      stream.on('error', reject);
      stream.on('close', () =>
        status === 0
          ? reject(new Error(`${method} ${path}: no answer`))
          : resolve({ status, body: Buffer.concat(chunks) }),
      );
    });
  }

  /** `onData` gets what comes, as it comes; resolves when the answer has begun. */
  watch(path: string, onData: (chunk: Buffer) => void): Promise<void> {
    return new Promise((resolve, reject) => {
      const stream = this.#send('GET', path);
      stream.on('response', (headers) =>
        headers[':status'] === 200 ? resolve() : reject(new Error(`${path}: ${headers[':status']}`)),
      );
      stream.on('data', onData);
      stream.on('error', reject);
    });
  }

  close(): void {
    this.#session.destroy();
  }
}
