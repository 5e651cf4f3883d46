import type { Clock } from '../../../base/clock.ts';
import { plainText } from '../../../grpc/plain-text.ts';
import { GrpcError, grpcCode } from '../../../grpc/server.ts';
import type { HttpAnswer, HttpHandler, HttpRequest, Method, StreamMethod, UnaryMethod } from '../../../grpc/server.ts';
import { messageFromJson } from '../../../proto/from-json.ts';
import { JsonSplitter } from '../../../proto/json-splitter.ts';
import { messageToJson } from '../../../proto/to-json.ts';
import { etcd } from '../command.ts';
import { errorAnswer, gatewayStatus } from './gateway-error.ts';
import { GatewayCall, GatewayStream } from './gateway-call.ts';
import { LineQueue } from './line-queue.ts';
import { gatewayRoutes } from './routes.ts';
import type { MemberContext } from '../service.ts';

export interface GatewayOptions {
  readonly methods: readonly Method[];
  /** of a message, as gRPC carries it */
  readonly maxRequestBytes: number;
  readonly context: Pick<MemberContext, 'auth' | 'clock'>;
}

/** JSON may take so many times the bytes of what it says: base64, names, white space */
const jsonOverhead = 2;
const headers = { 'content-type': 'application/json', 'grpc-metadata-content-type': 'application/grpc' };

/** One method with the JSON of its messages. */
class Route {
  readonly method: Method;
  readonly #options: GatewayOptions;
  readonly #wire: NonNullable<ReturnType<typeof etcd.methods.get>>;

  constructor(method: Method, options: GatewayOptions) {
    const wire = etcd.methods.get(method.path);
    if (wire === undefined) throw new Error(`no method ${method.path}`);
    this.method = method;
    this.#wire = wire;
    this.#options = options;
  }

  /** Both sides pass through the wire's form: handlers get what gRPC would give them. */
  decode(text: string | undefined): unknown {
    const { request } = this.#wire;
    const message = text === undefined ? {} : messageFromJson(etcd.type(request.name), text);
    const bytes = request.encode(message);
    const { maxRequestBytes } = this.#options;
    if (bytes.length > maxRequestBytes) throw tooLarge(bytes.length, maxRequestBytes);
    return this.method.request.decode(bytes);
  }

  encode(message: unknown): string {
    const { response } = this.#wire;
    const decoded = response.decode(this.method.response.encode(message)) as Record<string, unknown>;
    return messageToJson(etcd.type(response.name), decoded);
  }

  /** The first value of the body, or none; as with grpc-gateway the rest does not count. */
  async first(request: HttpRequest): Promise<unknown> {
    let found: string | undefined;
    const rest = await this.#each(request, (text) => (found ??= text));
    if (request.signal.aborted) throw request.signal.reason;
    return this.decode(found ?? rest);
  }

  async *all({ parts }: HttpRequest): AsyncIterable<unknown> {
    const splitter = new JsonSplitter(this.#bytesMax);
    for await (const part of parts) for (const text of splitter.push(part)) yield this.decode(text);
    const last = splitter.end();
    if (last !== undefined) yield this.decode(last);
  }

  get #bytesMax(): number {
    return this.#options.maxRequestBytes * jsonOverhead;
  }

  /** Reads to the end, within bounds, so that the client gets to read the answer; what follows a value is not looked at. */
  async #each({ parts }: HttpRequest, take: (text: string) => void): Promise<string | undefined> {
    const splitter = new JsonSplitter(this.#bytesMax);
    let bytes = 0;
    let done = false;
    for await (const part of parts) {
      bytes += part.length;
      if (bytes > this.#bytesMax) throw tooLarge(bytes, this.#bytesMax);
      if (done) continue;
      const [value] = splitter.push(part);
      if (value === undefined) continue;
      take(value);
      done = true;
    }
    return done ? undefined : splitter.end();
  }
}

const tooLarge = (bytes: number, max: number): GrpcError =>
  new GrpcError(grpcCode.resourceExhausted, `grpc: received message larger than max (${bytes} vs. ${max})`);

async function unaryAnswer(
  route: Route,
  method: UnaryMethod<unknown, unknown>,
  request: HttpRequest,
  clock: Clock,
): Promise<HttpAnswer> {
  const call = new GatewayCall(request, clock);
  const over = call.untilOver();
  try {
    const message = await route.first(request);
    const answer = await Promise.race([method.handle(message, call), over.promise]);
    return { status: 200, headers, body: Buffer.from(route.encode(answer)) };
  } finally {
    over.stop();
  }
}

async function* single(message: unknown): AsyncIterable<unknown> {
  yield message;
}

/** Each message a line `{"result":…}`; an error behind the first is a line `{"error":…}`, one before it is the answer. */
async function streamAnswer(
  route: Route,
  method: StreamMethod<unknown, unknown>,
  request: HttpRequest,
  clock: Clock,
): Promise<HttpAnswer> {
  const lines = new LineQueue();
  let begun = false;
  const requests = method.kind === 'server-stream' ? single(await route.first(request)) : route.all(request);
  const stream = new GatewayStream(request, clock, {
    requests,
    send: (message) => {
      const line = `{"result":${route.encode(message)}}`;
      begun = true;
      return lines.push(line);
    },
    drained: () => lines.drained(),
  });
  const over = stream.untilOver();
  let failure: unknown;
  const finish = (error: unknown): void => {
    if (begun) lines.push(JSON.stringify({ error: gatewayStatus(error) }));
    else failure = error;
  };
  const served = async (): Promise<void> => {
    try {
      await Promise.race([method.handle(stream), over.promise]);
    } catch (error) {
      finish(error);
    }
    over.stop();
    lines.end();
  };
  void served();
  await lines.begun();
  if (!begun && failure !== undefined) throw failure;
  return { status: 200, headers, body: lines };
}

/** etcd's words: whoever shows a certificate might think that it says who asks */
const notByName = 'CommonName of client sending a request against gateway will be ignored and not used as expected';

/** etcd's JSON gateway: POST /v3/… in front of the methods of the client port. */
export function gateway(options: GatewayOptions): HttpHandler {
  const methods = new Map(options.methods.map((method) => [method.path, method]));
  const routes = new Map<string, Route>();
  for (const [path, target] of gatewayRoutes) {
    const method = methods.get(target);
    if (method !== undefined) routes.set(path, new Route(method, options));
  }
  return async (request) => {
    try {
      if (request.peerCommonName !== undefined && options.context.auth.enabled) return plainText(400, notByName);
      const [path = ''] = request.path.split('?');
      const route = routes.get(path);
      if (route === undefined) throw new GrpcError(grpcCode.notFound, 'Not Found');
      if (request.method !== 'POST') throw new GrpcError(grpcCode.unimplemented, 'Method Not Allowed');
      const { method } = route;
      return method.kind === 'unary'
        ? await unaryAnswer(route, method, request, options.context.clock)
        : await streamAnswer(route, method, request, options.context.clock);
    } catch (error) {
      return errorAnswer(error);
    }
  };
}
