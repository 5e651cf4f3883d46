import type { Duplex } from 'node:stream';
import { ChannelSocket, channel } from './channel-socket.ts';
import { SpdyClient, type SpdyStream } from './spdy-client.ts';
import type { StreamOptions } from './stream-options.ts';
import type { WebSocket } from 'ws';

/** what one side has sent and the other has not taken, before the first is held up */
const waitingBytesMax = 1024 * 1024;
/** a status is short; more of it is cut */
const errorBytesMax = 64 * 1024;

interface Output {
  readonly name: string;
  readonly number: number;
}

/**
 * Joins a client's WebSocket (v5.channel.k8s.io) with the SPDY connection (v4.channel.k8s.io) that the kubelet has
 * opened for the same process. The client is told the status last, when all output has gone out before it.
 */
export class ExecTranslator {
  readonly #options: StreamOptions;
  readonly #upstream: Duplex;
  readonly #spdy: SpdyClient;
  readonly #client: WebSocket;
  readonly #channels: ChannelSocket;
  readonly #inputs = new Map<number, SpdyStream>();
  readonly #errorChunks: Buffer[] = [];
  #open = 0;

  constructor(client: WebSocket, upstream: Duplex, head: Buffer, options: StreamOptions) {
    this.#options = options;
    this.#client = client;
    this.#upstream = upstream;
    this.#spdy = new SpdyClient(upstream, head);
    this.#channels = new ChannelSocket(client, (number, data) => this.#fromClient(number, data));
    upstream.on('error', () => client.terminate());
    upstream.on('drain', () => client.resume());
    client.on('error', () => upstream.destroy());
    client.once('close', () => upstream.destroy());
  }

  /** Opens the streams that were asked for; from then on each side gets what the other sends. */
  start(): void {
    const { stdin, stdout, stderr, tty } = this.#options;
    this.#open++;
    this.#spdy.open({ streamtype: 'error' }, { data: (chunk) => this.#keepError(chunk), end: () => this.#ended() });
    if (stdin) this.#openInput('stdin', channel.stdin);
    if (stdout) this.#openOutput({ name: 'stdout', number: channel.stdout });
    // with a terminal there is one output
    if (stderr && !tty) this.#openOutput({ name: 'stderr', number: channel.stderr });
    if (tty) this.#openInput('resize', channel.resize);
  }

  #openInput(name: string, number: number): void {
    this.#inputs.set(number, this.#spdy.open({ streamtype: name }, { data: () => {}, end: () => {} }));
  }

  #openOutput({ name, number }: Output): void {
    this.#open++;
    const data = (chunk: Buffer): void => {
      this.#channels.send(number, chunk, () => {
        if (this.#channels.waitingBytes <= waitingBytesMax) this.#upstream.resume();
      });
      if (this.#channels.waitingBytes > waitingBytesMax) this.#upstream.pause();
    };
    this.#spdy.open({ streamtype: name }, { data, end: () => this.#ended() });
  }

  #fromClient(number: number, data: Buffer): void {
    if (number === channel.close) {
      this.#inputs.get(data[0] ?? channel.close)?.end();
      return;
    }
    // nothing may be sent on channels that were not asked for: it is left out, as Kubernetes does
    if (data.length > 0 && this.#inputs.get(number)?.write(data) === false) this.#client.pause();
  }

  #keepError(chunk: Buffer): void {
    const kept = this.#errorChunks.reduce((sum, each) => sum + each.length, 0);
    if (kept < errorBytesMax) this.#errorChunks.push(chunk);
  }

  #ended(): void {
    if (--this.#open > 0) return;
    const status = Buffer.concat(this.#errorChunks);
    const text = status.length > 0 ? status : Buffer.from('{"metadata":{},"status":"Success"}');
    this.#channels.send(channel.error, text, () => this.#channels.close());
  }
}
