import type { WebSocket } from 'ws';

/** The first byte of each message says whose it is; 255 (of version 5) ends the channel that the next byte names. */
export const channel = { stdin: 0, stdout: 1, stderr: 2, error: 3, resize: 4, close: 255 } as const;

/** Channels of v5.channel.k8s.io on a WebSocket. */
export class ChannelSocket {
  readonly #socket: WebSocket;

  constructor(socket: WebSocket, received: (channel: number, data: Buffer) => void) {
    this.#socket = socket;
    socket.on('message', (message: Buffer) => {
      const number = message[0];
      if (number !== undefined) received(number, message.subarray(1));
    });
  }

  get waitingBytes(): number {
    return this.#socket.bufferedAmount;
  }

  /** `sent` is called once the data has left */
  send(number: number, data: Uint8Array, sent: () => void = () => {}): void {
    if (this.#socket.readyState !== this.#socket.OPEN) {
      sent();
      return;
    }
    this.#socket.send(Buffer.concat([Buffer.from([number]), data]), { binary: true }, () => sent());
  }

  close(): void {
    this.#socket.close(1000);
  }
}
