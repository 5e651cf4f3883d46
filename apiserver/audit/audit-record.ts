import { rfc3339Micro } from '../../base/clock.ts';
import { parse } from 'yaml';
import { decodeObject, hasProtobufPrefix, protobufMediaType } from '../../api/codec/protobuf.ts';
import type { Status } from '../../api/types/meta-v1.ts';
import type { AuditTrail, KubeObject, RequestContext, User } from '../pipeline.ts';
import type { AuditDecision, AuditStage } from './audit-policy.ts';

/** Where events go: one line of JSON each. False: it was lost. */
export interface AuditSink {
  write(event: string): boolean;
  /** hands on what is still held */
  close(): Promise<void>;
}

const userAgentCharactersMax = 1024;
/** what stands at the start of each event, and is left out in lists of them */
export const eventHead = '{"kind":"Event","apiVersion":"audit.k8s.io/v1",';

const userInfo = (user: User): object => ({
  username: user.name,
  ...(user.uid && { uid: user.uid }),
  ...(user.groups.length > 0 && { groups: user.groups }),
  ...(user.extra && Object.keys(user.extra).length > 0 && { extra: user.extra }),
});

/** From the client's own headers, then the connection: all but the last are only what the client says. */
function sourceIps({ headers, remoteAddress }: RequestContext): string[] {
  const listed = [headers['x-forwarded-for'] ?? []].flat().join(',').split(',');
  const real = [headers['x-real-ip'] ?? []].flat();
  const ips = listed.map((ip) => ip.trim()).filter((ip) => ip !== '');
  for (const ip of real) if (ip !== '' && !ips.includes(ip)) ips.push(ip);
  const own = remoteAddress.replace(/^::ffff:/, '');
  if (own !== '' && ips.at(-1) !== own) ips.push(own);
  return ips;
}

/** undefined: it is none that we can read. */
function objectIn(bytes: Uint8Array, contentType: string): KubeObject | undefined {
  try {
    if (hasProtobufPrefix(bytes)) return decodeObject(bytes);
    const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('utf8');
    return (contentType.includes('yaml') ? parse(text) : JSON.parse(text)) as KubeObject;
  } catch {
    return undefined; // the answer says what is wrong with it
  }
}

function withoutManagedFields(object: unknown): unknown {
  if (typeof object !== 'object' || object === null || Array.isArray(object)) return object;
  const { metadata, items, ...rest } = object as KubeObject;
  const bare = { ...metadata };
  delete bare.managedFields;
  return {
    ...rest,
    ...(metadata !== undefined && { metadata: bare }),
    ...(Array.isArray(items) && { items: items.map(withoutManagedFields) }),
  };
}

const statusCharactersMax = 1_000_000;

/** What is recorded of one request; each stage is written as it is reached. */
export class AuditRecord implements AuditTrail {
  readonly #ctx: RequestContext;
  readonly #decision: AuditDecision;
  readonly #sink: AuditSink;
  readonly #nowMs: () => number;
  readonly #receivedMs: number;
  readonly #annotations: Record<string, string> = {};
  readonly #user: User | undefined;
  readonly #requestObject: unknown;
  #impersonated: User | undefined;
  #status: object | undefined;
  #responseObject: unknown;

  constructor(ctx: RequestContext, decision: AuditDecision, sink: AuditSink, nowMs: () => number) {
    this.#ctx = ctx;
    this.#decision = decision;
    this.#sink = sink;
    this.#nowMs = nowMs;
    this.#receivedMs = nowMs();
    this.#user = ctx.user;
    const isRead = ctx.body.length === 0 || !ctx.info.isResourceRequest;
    this.#requestObject = isRead ? undefined : objectIn(ctx.body, ctx.headers['content-type'] ?? '');
  }

  /** The first value of a key stands. */
  annotate(key: string, value: string): void {
    this.#annotations[key] ??= value;
  }

  impersonates(user: User): void {
    this.#impersonated = user;
  }

  get #wantsResponse(): boolean {
    return this.#decision.level === 'RequestResponse' && this.#ctx.info.isResourceRequest;
  }

  /** The answer begins; `body` is all of it, unless it comes piece by piece. */
  answered(code: number, contentType: string, body: Uint8Array | undefined): void {
    this.#status ??= { metadata: {}, code };
    if (body === undefined) return;
    const isStatus = body.length < statusCharactersMax && (code >= 400 || this.#ctx.method === 'DELETE');
    if (!this.#wantsResponse && !isStatus) return;
    if (!contentType.startsWith('application/json') && contentType !== protobufMediaType) return;
    const object = objectIn(body, contentType);
    if (object?.kind === 'Status') this.#status = { ...object, metadata: {} };
    if (this.#wantsResponse) this.#responseObject = object;
  }

  failed(status: Status): void {
    const { kind: _, apiVersion: __, ...rest } = status;
    this.#status = { ...rest, metadata: {} };
    if (this.#wantsResponse) this.#responseObject = status;
  }

  stage(stage: AuditStage): boolean {
    const { omitStages, level } = this.#decision;
    if (omitStages.has(stage)) return true;
    const { ctx } = { ctx: this.#ctx };
    const isAnswer = stage !== 'RequestReceived';
    const withObjects = level === 'Request' || level === 'RequestResponse';
    const shown = (object: unknown): unknown =>
      this.#decision.omitManagedFields ? withoutManagedFields(object) : object;
    const userAgent = ctx.headers['user-agent'] ?? '';
    const event = {
      level,
      auditID: ctx.requestId,
      stage,
      requestURI: ctx.uri ?? ctx.info.path,
      verb: ctx.info.verb,
      user: this.#user === undefined ? {} : userInfo(this.#user),
      ...(this.#impersonated && { impersonatedUser: userInfo(this.#impersonated) }),
      sourceIPs: sourceIps(ctx),
      ...(userAgent !== '' && { userAgent: shortened(userAgent) }),
      ...(ctx.info.isResourceRequest && { objectRef: this.#objectRef(isAnswer) }),
      ...(isAnswer && this.#status && { responseStatus: this.#status }),
      ...(isAnswer &&
        withObjects &&
        this.#requestObject !== undefined && { requestObject: shown(this.#requestObject) }),
      ...(isAnswer && this.#responseObject !== undefined && { responseObject: shown(this.#responseObject) }),
      requestReceivedTimestamp: rfc3339Micro(this.#receivedMs),
      stageTimestamp: rfc3339Micro(this.#nowMs()),
      ...(Object.keys(this.#annotations).length > 0 && { annotations: this.#annotations }),
    };
    return this.#sink.write(eventHead + JSON.stringify(event).slice(1));
  }

  #objectRef(withObject: boolean): object {
    const { resource, namespace, name, group, version, subresource } = this.#ctx.info;
    const { metadata } = (withObject ? (this.#requestObject as KubeObject | undefined) : undefined) ?? {};
    const ref = {
      resource,
      namespace: namespace || metadata?.namespace,
      name: name || metadata?.name,
      uid: metadata?.uid,
      apiGroup: group,
      apiVersion: version,
      resourceVersion: metadata?.resourceVersion,
      subresource,
    };
    return Object.fromEntries(Object.entries(ref).filter(([, value]) => value !== undefined && value !== ''));
  }
}

const shortened = (userAgent: string): string =>
  userAgent.length > userAgentCharactersMax ? `${userAgent.slice(0, userAgentCharactersMax)}...TRUNCATED` : userAgent;
