import { encodeWatchEvent, frame } from '../../api/codec/protobuf.ts';
import { apiVersionOf } from '../../api/schema/schema.ts';
import type { Status } from '../../api/types/meta-v1.ts';
import type { KubeObject, Printer, RequestContext } from '../pipeline.ts';
import type { ResourceEntry } from '../registry/resource-entry.ts';
import type { CachedObject } from '../storage/cached-object.ts';
import { partialOf, tableOf } from './answer.ts';
import type { Form } from './negotiation.ts';
import { gvkOf, presented } from './resource-request.ts';

export type EventType = 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK' | 'ERROR';

const encoder = new TextEncoder();
const statusKind = { group: '', version: 'v1', kind: 'Status' };
const partialKind = { group: 'meta.k8s.io', version: 'v1', kind: 'PartialObjectMetadata' };

const jsonFrame = (type: EventType, json: string): Uint8Array =>
  encoder.encode(`{"type":"${type}","object":${json}}\n`);

/** Events as bytes in the client's form. Those that are the same for all clients are made once a version. */
export class WatchFrames {
  readonly #ctx: RequestContext;
  readonly #entry: ResourceEntry;
  readonly #form: Form;
  readonly #printer: Printer;
  readonly #nowMs: () => number;
  #isFirst = true;

  constructor(ctx: RequestContext, entry: ResourceEntry, form: Form, printer: Printer, nowMs: () => number) {
    this.#ctx = ctx;
    this.#entry = entry;
    this.#form = form;
    this.#printer = printer;
    this.#nowMs = nowMs;
  }

  get contentType(): string {
    return this.#isProtobuf ? `${this.#form.mediaType};stream=watch` : this.#form.mediaType;
  }

  get #isProtobuf(): boolean {
    return this.#form.mediaType === 'application/vnd.kubernetes.protobuf';
  }

  event(type: EventType, stored: CachedObject): Uint8Array {
    const shown = presented(this.#entry, stored);
    if (this.#form.as === 'table') return jsonFrame(type, JSON.stringify(this.#table(shown.object)));
    const form = `${this.#form.mediaType} ${this.#form.as} ${type}`;
    return shown.encoded(form, () => this.#encode(type, shown));
  }

  #encode(type: EventType, shown: CachedObject): Uint8Array {
    const isPartial = this.#form.as === 'partial';
    const object = isPartial ? partialOf(shown.object) : shown.object;
    if (this.#isProtobuf) {
      return frame(encodeWatchEvent(type, object, isPartial ? partialKind : gvkOf(this.#entry)));
    }
    return jsonFrame(type, isPartial ? JSON.stringify(object) : shown.json);
  }

  /** Only the first Table of a watch tells the columns. */
  #table(object: KubeObject): KubeObject {
    const noHeaders = !this.#isFirst;
    this.#isFirst = false;
    const resourceVersion = object.metadata?.resourceVersion ?? '';
    return tableOf(this.#ctx, this.#printer, this.#entry, [object], {
      resourceVersion,
      noHeaders,
      nowMs: this.#nowMs(),
    });
  }

  bookmark(revision: number, endsInitialEvents: boolean): Uint8Array {
    const annotations = endsInitialEvents ? { 'k8s.io/initial-events-end': 'true' } : undefined;
    const { info } = this.#entry;
    const object: KubeObject = {
      kind: info.kind,
      apiVersion: apiVersionOf(info),
      metadata: { resourceVersion: String(revision), ...(annotations && { annotations }) },
    };
    if (this.#form.as === 'table') return jsonFrame('BOOKMARK', JSON.stringify(this.#table(object)));
    const isPartial = this.#form.as === 'partial';
    const shown = isPartial ? partialOf(object) : object;
    if (this.#isProtobuf) {
      return frame(encodeWatchEvent('BOOKMARK', shown, isPartial ? partialKind : gvkOf(this.#entry)));
    }
    return jsonFrame('BOOKMARK', JSON.stringify(shown));
  }

  error(status: Status): Uint8Array {
    if (this.#isProtobuf) return frame(encodeWatchEvent('ERROR', status, statusKind));
    return jsonFrame('ERROR', JSON.stringify(status));
  }
}
