import { randomUUID } from 'node:crypto';
import { rfc3339, systemClock } from '../../base/clock.ts';
import type { KubeObject, ResourceRef } from '../types.ts';
import { apiVersionOf } from '../resources.ts';
import { FakeStatus } from './fake-api-server.ts';

export interface FakeEvent {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED';
  readonly revision: number;
  readonly ref: ResourceRef;
  readonly object: KubeObject;
}

interface DeleteBody {
  propagationPolicy?: string;
  preconditions?: { uid?: string };
  gracePeriodSeconds?: number;
}

const propagationFinalizers: Record<string, string> = { Orphan: 'orphan', Foreground: 'foregroundDeletion' };

/** Objects with resource versions and their history, shared by as many fake servers as a test wants. */
export class FakeStore {
  revision = 1;
  /** watches from below this answer 410 */
  compacted = 0;
  readonly #objects = new Map<ResourceRef, Map<string, KubeObject>>();
  readonly #history: FakeEvent[] = [];
  readonly #watchers = new Set<(event: FakeEvent) => void>();

  compact(): void {
    this.compacted = ++this.revision;
  }

  watch(from: number, send: (event: FakeEvent) => void): () => void {
    for (const event of this.#history) if (event.revision > from) send(event);
    this.#watchers.add(send);
    return () => this.#watchers.delete(send);
  }

  list(ref: ResourceRef, namespace = ''): KubeObject[] {
    const all = [...this.#of(ref).entries()].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, object]) => object);
    return namespace === '' ? all : all.filter((object) => object.metadata?.namespace === namespace);
  }

  find(ref: ResourceRef, namespace: string, name: string): KubeObject | undefined {
    return this.#of(ref).get(`${namespace}/${name}`);
  }

  get(ref: ResourceRef, namespace: string, name: string): KubeObject {
    const object = this.find(ref, namespace, name);
    if (!object) throw new FakeStatus(404, 'NotFound', `${ref.resource} "${name}" not found`);
    return object;
  }

  create(ref: ResourceRef, namespace: string, object: KubeObject): KubeObject {
    const name = object.metadata?.name ?? '';
    if (this.find(ref, namespace, name)) {
      throw new FakeStatus(409, 'AlreadyExists', `${ref.resource} "${name}" already exists`);
    }
    const isNamespace = ref.resource === 'namespaces';
    const created = {
      apiVersion: apiVersionOf(ref),
      kind: ref.kind,
      ...object,
      ...(isNamespace ? { spec: { finalizers: ['kubernetes'] }, status: { phase: 'Active' } } : {}),
      metadata: { ...object.metadata, name, namespace: namespace || undefined, uid: randomUUID(), generation: 1 },
    };
    return this.#write('ADDED', ref, namespace, created);
  }

  update(ref: ResourceRef, namespace: string, name: string, object: KubeObject, subresource: string): KubeObject {
    const current = this.get(ref, namespace, name) as Record<string, unknown> & KubeObject;
    const given = object.metadata?.resourceVersion;
    if (given !== undefined && given !== current.metadata?.resourceVersion) {
      throw new FakeStatus(409, 'Conflict', `${ref.resource} "${name}" was modified`);
    }
    const { status: currentStatus, ...currentRest } = current;
    const { status, ...rest } = object as Record<string, unknown>;
    const next = subresource === 'status' ? { ...currentRest, status } : { ...rest, status: currentStatus };
    return this.#replace(ref, namespace, name, current, {
      ...next,
      metadata: { ...current.metadata, ...object.metadata },
    });
  }

  patch(ref: ResourceRef, namespace: string, name: string, patch: unknown, _subresource: string): KubeObject {
    const current = this.get(ref, namespace, name);
    const uid = (patch as KubeObject).metadata?.uid;
    if (uid !== undefined && uid !== current.metadata?.uid) throw new FakeStatus(409, 'Conflict', 'uid mismatch');
    return this.#replace(ref, namespace, name, current, mergePatch(current, patch) as KubeObject);
  }

  delete(ref: ResourceRef, namespace: string, name: string, body: DeleteBody | undefined): KubeObject {
    const current = this.get(ref, namespace, name);
    const uid = body?.preconditions?.uid;
    if (uid !== undefined && uid !== current.metadata?.uid) throw new FakeStatus(409, 'Conflict', 'uid mismatch');
    const grace = body?.gracePeriodSeconds ?? 0;
    if (ref.resource === 'pods' && grace > 0) {
      const deletionTimestamp = current.metadata?.deletionTimestamp ?? rfc3339(systemClock.nowMs() + grace * 1000);
      const metadata = { ...current.metadata, deletionTimestamp, deletionGracePeriodSeconds: grace };
      return this.#write('MODIFIED', ref, namespace, { ...current, metadata });
    }
    const added = propagationFinalizers[body?.propagationPolicy ?? ''];
    const finalizers = [...new Set([...(current.metadata?.finalizers ?? []), ...(added ? [added] : [])])];
    const isNamespace =
      ref.resource === 'namespaces' &&
      ((current as { spec?: { finalizers?: string[] } }).spec?.finalizers ?? []).length > 0;
    if (finalizers.length === 0 && !isNamespace) return this.#remove(ref, namespace, name, current);
    const deletionTimestamp = current.metadata?.deletionTimestamp ?? rfc3339(systemClock.nowMs());
    const status = isNamespace ? { status: { phase: 'Terminating' } } : {};
    return this.#write('MODIFIED', ref, namespace, {
      ...current,
      ...status,
      metadata: { ...current.metadata, deletionTimestamp, finalizers },
    });
  }

  #replace(ref: ResourceRef, namespace: string, name: string, current: KubeObject, next: KubeObject): KubeObject {
    const changed =
      JSON.stringify((current as { spec?: unknown }).spec) !== JSON.stringify((next as { spec?: unknown }).spec);
    const generation = (current.metadata?.generation ?? 0) + (changed ? 1 : 0);
    const { uid, deletionTimestamp, deletionGracePeriodSeconds = 0 } = current.metadata ?? {};
    const object = { ...next, metadata: { ...next.metadata, uid, deletionTimestamp, generation } };
    const remaining = (object as { spec?: { finalizers?: string[] } }).spec?.finalizers;
    const isFinal =
      deletionGracePeriodSeconds === 0 &&
      (object.metadata.finalizers ?? []).length === 0 &&
      (ref.resource !== 'namespaces' || (remaining ?? []).length === 0);
    if (deletionTimestamp && isFinal) return this.#remove(ref, namespace, name, object);
    return this.#write('MODIFIED', ref, namespace, object);
  }

  #remove(ref: ResourceRef, namespace: string, name: string, object: KubeObject): KubeObject {
    this.#of(ref).delete(`${namespace}/${name}`);
    return this.#publish('DELETED', ref, object);
  }

  #write(type: 'ADDED' | 'MODIFIED', ref: ResourceRef, namespace: string, object: KubeObject): KubeObject {
    const written = this.#publish(type, ref, object);
    this.#of(ref).set(`${namespace}/${object.metadata?.name ?? ''}`, written);
    return written;
  }

  #publish(type: FakeEvent['type'], ref: ResourceRef, object: KubeObject): KubeObject {
    const revision = ++this.revision;
    const versioned = JSON.parse(
      JSON.stringify({ ...object, metadata: { ...object.metadata, resourceVersion: String(revision) } }),
    ) as KubeObject;
    const event = { type, revision, ref, object: versioned };
    this.#history.push(event);
    for (const send of this.#watchers) send(event);
    return versioned;
  }

  #of(ref: ResourceRef): Map<string, KubeObject> {
    const objects = this.#objects.get(ref) ?? new Map<string, KubeObject>();
    this.#objects.set(ref, objects);
    return objects;
  }
}

/** RFC 7386. */
function mergePatch(target: unknown, patch: unknown): unknown {
  if (typeof patch !== 'object' || patch === null || Array.isArray(patch)) return patch;
  const result: Record<string, unknown> = typeof target === 'object' && target !== null ? { ...target } : {};
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete result[key];
    else result[key] = mergePatch(result[key], value);
  }
  return result;
}
