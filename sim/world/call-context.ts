import type { CallContext } from '../../grpc/server.ts';

/** What a handler learns of its caller. The signal is made when somebody asks for it: most calls never do. */
export class SimCallContext implements CallContext {
  readonly peer: string;
  readonly peerCommonName: string | undefined = undefined;
  readonly #metadata: Readonly<Record<string, string>>;
  #controller: AbortController | undefined;
  #aborted = false;

  constructor(peer: string, metadata: Readonly<Record<string, string>> = {}) {
    this.peer = peer;
    this.#metadata = metadata;
  }

  metadata(name: string): string | undefined {
    return this.#metadata[name];
  }

  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      if (this.#aborted) this.#controller.abort();
    }
    return this.#controller.signal;
  }

  abort(): void {
    this.#aborted = true;
    this.#controller?.abort();
  }
}
