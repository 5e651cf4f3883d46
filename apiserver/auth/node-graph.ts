/**
 * What belongs to which node: the objects that a kubelet may read because something on its node needs them.
 *
 *     secret, configmap, service account, claim, resource claim ──▶ pod ──▶ node
 *     secret ──▶ volume ──▶ claim ──▶ pod ──▶ node
 *     volume attachment, resource slice ──▶ node
 */
import { podReferences } from '../../api/pods/pod-references.ts';
import type { PersistentVolume, Pod } from '../../api/types/core-v1.ts';
import type { ResourceSlice } from '../../api/types/resource-v1.ts';
import type { VolumeAttachment } from '../../api/types/storage-v1.ts';

export type GraphKind =
  'pod' | 'secret' | 'configmap' | 'claim' | 'volume' | 'account' | 'resourceclaim' | 'attachment' | 'slice';

const mirrorAnnotation = 'kubernetes.io/config.mirror';
const idOf = (kind: GraphKind, namespace: string, name: string): string => `${kind}:${namespace}/${name}`;

/** How often each node needs an object. */
class Uses {
  readonly #nodes = new Map<string, Map<string, number>>();

  add(id: string, node: string): void {
    const own = this.#nodes.get(id) ?? new Map<string, number>();
    this.#nodes.set(id, own.set(node, (own.get(node) ?? 0) + 1));
  }

  remove(id: string, node: string): void {
    const own = this.#nodes.get(id);
    const left = (own?.get(node) ?? 0) - 1;
    if (own === undefined) return;
    if (left > 0) own.set(node, left);
    else own.delete(node);
    if (own.size === 0) this.#nodes.delete(id);
  }

  has(id: string, node: string): boolean {
    return this.#nodes.get(id)?.has(node) ?? false;
  }
}

interface PodEdges {
  readonly node: string;
  readonly ids: readonly string[];
}

function edgesOf(pod: Pod): PodEdges | undefined {
  const { name = '', namespace = '', annotations } = pod.metadata ?? {};
  const node = pod.spec?.nodeName;
  if (!node) return undefined;
  const ids = [idOf('pod', namespace, name)];
  // By a pod that it makes itself no node may get hold of anything.
  if (annotations?.[mirrorAnnotation] !== undefined) return { node, ids };
  const { secrets, configMaps, claims, resourceClaims } = podReferences(pod);
  const add = (kind: GraphKind, names: Iterable<string>): void => {
    for (const own of names) ids.push(idOf(kind, namespace, own));
  };
  if (pod.spec?.serviceAccountName) add('account', [pod.spec.serviceAccountName]);
  add('secret', secrets);
  add('configmap', configMaps);
  add('claim', claims);
  add('resourceclaim', resourceClaims);
  return { node, ids };
}

/** Secrets that a kubelet needs to mount a volume. */
function secretsOf({ spec }: PersistentVolume): string[] {
  const own = spec?.claimRef?.namespace ?? '';
  const refs: { name?: string; namespace?: string }[] = [
    ...(spec?.azureFile ? [{ name: spec.azureFile.secretName, namespace: spec.azureFile.secretNamespace }] : []),
    ...[spec?.cephfs, spec?.cinder, spec?.flexVolume, spec?.rbd, spec?.scaleIO, spec?.iscsi, spec?.storageos].flatMap(
      (source) => source?.secretRef ?? [],
    ),
    ...[spec?.csi?.nodePublishSecretRef, spec?.csi?.nodeStageSecretRef, spec?.csi?.nodeExpandSecretRef].flatMap(
      (ref) => ref ?? [],
    ),
  ];
  return refs.flatMap(({ name, namespace }) => (name ? [idOf('secret', namespace || own, name)] : []));
}

export class NodeGraph {
  readonly #uses = new Uses();
  readonly #pods = new Map<string, PodEdges>();
  /** volume → its claim and secrets */
  readonly #volumes = new Map<string, { readonly claim: string; readonly secrets: readonly string[] }>();
  /** secret → volumes */
  readonly #volumesBySecret = new Map<string, Set<string>>();
  /** attachment or slice → node */
  readonly #direct = new Map<string, string>();

  setPod(pod: Pod): void {
    const { name = '', namespace = '' } = pod.metadata ?? {};
    this.removePod(namespace, name);
    const edges = edgesOf(pod);
    if (edges === undefined) return;
    this.#pods.set(`${namespace}/${name}`, edges);
    for (const id of edges.ids) this.#uses.add(id, edges.node);
  }

  removePod(namespace: string, name: string): void {
    const key = `${namespace}/${name}`;
    const edges = this.#pods.get(key);
    if (edges === undefined) return;
    this.#pods.delete(key);
    for (const id of edges.ids) this.#uses.remove(id, edges.node);
  }

  setVolume(volume: PersistentVolume): void {
    const name = volume.metadata?.name ?? '';
    this.removeVolume(name);
    const claim = volume.spec?.claimRef;
    if (claim === undefined) return;
    const secrets = secretsOf(volume);
    this.#volumes.set(name, { claim: idOf('claim', claim.namespace ?? '', claim.name ?? ''), secrets });
    for (const secret of secrets) {
      this.#volumesBySecret.set(secret, (this.#volumesBySecret.get(secret) ?? new Set()).add(name));
    }
  }

  removeVolume(name: string): void {
    for (const secret of this.#volumes.get(name)?.secrets ?? []) {
      const volumes = this.#volumesBySecret.get(secret);
      volumes?.delete(name);
      if (volumes?.size === 0) this.#volumesBySecret.delete(secret);
    }
    this.#volumes.delete(name);
  }

  setAttachment({ metadata, spec }: VolumeAttachment): void {
    this.#direct.set(idOf('attachment', '', metadata?.name ?? ''), spec.nodeName);
  }

  setSlice({ metadata, spec }: ResourceSlice): void {
    const id = idOf('slice', '', metadata?.name ?? '');
    if (spec.nodeName) this.#direct.set(id, spec.nodeName);
    else this.#direct.delete(id);
  }

  removeDirect(kind: 'attachment' | 'slice', name: string): void {
    this.#direct.delete(idOf(kind, '', name));
  }

  /** Forgets all pods, as a reader of their list does that begins anew. */
  clearPods(): void {
    for (const key of this.#pods.keys()) {
      const slash = key.indexOf('/');
      this.removePod(key.slice(0, slash), key.slice(slash + 1));
    }
  }

  clearVolumes(): void {
    this.#volumes.clear();
    this.#volumesBySecret.clear();
  }

  clearDirect(kind: 'attachment' | 'slice'): void {
    for (const id of this.#direct.keys()) if (id.startsWith(`${kind}:`)) this.#direct.delete(id);
  }

  /** Does anything on the node need this object? */
  has(node: string, kind: GraphKind, namespace: string, name: string): boolean {
    const id = idOf(kind, kind === 'volume' || kind === 'attachment' || kind === 'slice' ? '' : namespace, name);
    if (kind === 'attachment' || kind === 'slice') return this.#direct.get(id) === node;
    if (kind === 'volume') return this.#hasVolume(node, name);
    if (this.#uses.has(id, node)) return true;
    if (kind !== 'secret') return false;
    return [...(this.#volumesBySecret.get(id) ?? [])].some((volume) => this.#hasVolume(node, volume));
  }

  #hasVolume(node: string, name: string): boolean {
    const claim = this.#volumes.get(name)?.claim;
    return claim !== undefined && this.#uses.has(claim, node);
  }
}
