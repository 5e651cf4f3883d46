import { goQuote } from '../../api/meta/go-text.ts';
import { semanticEqual } from '../../api/meta/deep-equal.ts';
import { newNotFound } from '../../api/meta/status.ts';
import { referencedKind } from '../../api/pods/pod-references.ts';
import type { CertificateSigningRequest } from '../../api/types/certificates-v1.ts';
import type { Node, PersistentVolumeClaim, Pod } from '../../api/types/core-v1.ts';
import { nodeIdentity } from '../auth/node-identity.ts';
import { parseSigningRequest } from '../auth/signing-request.ts';
import type { Authorizer, ObjectStore } from '../pipeline.ts';
import { mirrorAnnotation, refusal, type AdmissionPlugin, type AdmissionRequest } from './admission.ts';
import { forbiddenLabels } from './node-labels.ts';
import { checkNodeToken } from './node-token-request.ts';

const kubeletSigners = ['kubernetes.io/kubelet-serving', 'kubernetes.io/kube-apiserver-client-kubelet'];
const leaseNamespace = 'kube-node-lease';

const quoted = (text: string): string => goQuote(text);
const operationText = ({ operation }: AdmissionRequest): string => quoted(operation);
const nameOf = ({ name, object }: AdmissionRequest): string => name || (object?.metadata?.name ?? '');

/** A kubelet writes what is its own, and nothing by which it could get hold of more. */
class NodeRestriction implements AdmissionPlugin {
  readonly name = 'NodeRestriction';
  readonly resources = [
    'pods',
    'nodes',
    'persistentvolumeclaims',
    'serviceaccounts',
    'leases.coordination.k8s.io',
    'csinodes.storage.k8s.io',
    'resourceslices.resource.k8s.io',
    'certificatesigningrequests.certificates.k8s.io',
  ];
  readonly #store: ObjectStore;
  readonly #authorizer: Authorizer;

  constructor(store: ObjectStore, authorizer: Authorizer) {
    this.#store = store;
    this.#authorizer = authorizer;
  }

  async mutate(request: AdmissionRequest): Promise<void> {
    // a delete has no mutation, so that everything is looked at in one place
    if (request.operation !== 'DELETE') await this.#admit(request);
  }

  async validate(request: AdmissionRequest): Promise<void> {
    if (request.operation === 'DELETE') await this.#admit(request);
  }

  async #admit(request: AdmissionRequest): Promise<void> {
    const node = nodeIdentity(request.user);
    if (node === undefined) return;
    if (node === '') throw refusal(request, `could not determine node from user ${quoted(request.user?.name ?? '')}`);
    const { group, resource } = request.entry.info;
    switch (group === '' ? resource : `${resource}.${group}`) {
      case 'pods':
        return this.#pods(node, request);
      case 'nodes':
        return checkNode(node, request);
      case 'persistentvolumeclaims':
        return checkClaim(node, request);
      case 'serviceaccounts':
        if (request.operation !== 'CREATE' || request.subresource !== 'token') return;
        return checkNodeToken(this.#store, this.#authorizer, node, request);
      case 'leases.coordination.k8s.io':
        return checkLease(node, request);
      case 'csinodes.storage.k8s.io':
        if (nameOf(request) === node) return;
        throw refusal(request, 'can only access CSINode with the same name as the requesting node');
      case 'resourceslices.resource.k8s.io':
        return checkSlice(node, request);
      case 'certificatesigningrequests.certificates.k8s.io':
        return checkSigningRequest(node, request);
    }
  }

  async #pods(node: string, request: AdmissionRequest): Promise<void> {
    switch (request.subresource) {
      case '':
        return this.#pod(node, request);
      case 'status':
        return checkPodStatus(node, request);
      case 'eviction': {
        if (request.operation !== 'CREATE') throw refusal(request, `unexpected operation ${request.operation}`);
        const pod = await this.#storedPod(request, nameOf(request));
        if (pod.spec?.nodeName === node) return;
        throw refusal(request, `node ${node} can only evict pods with spec.nodeName set to itself`);
      }
      default: {
        const sub = quoted(request.subresource);
        throw refusal(request, `unexpected pod subresource ${sub}, only 'status' and 'eviction' are allowed`);
      }
    }
  }

  async #pod(node: string, request: AdmissionRequest): Promise<void> {
    const who = `node ${quoted(node)}`;
    if (request.operation === 'CREATE') return this.#newPod(node, request);
    if (request.operation !== 'DELETE') {
      throw refusal(
        request,
        `unexpected operation ${operationText(request)}, ${who} can only create and delete mirror pods`,
      );
    }
    const pod = request.old as unknown as Pod;
    if (pod.spec?.nodeName !== node) {
      throw refusal(request, `${who} can only delete pods with spec.nodeName set to itself`);
    }
  }

  async #newPod(node: string, request: AdmissionRequest): Promise<void> {
    const who = `node ${quoted(node)}`;
    const pod = request.object as unknown as Pod;
    const refuse = (why: string): Error => refusal(request, why);
    if (pod.metadata?.annotations?.[mirrorAnnotation] === undefined) {
      throw refuse(`pod does not have ${quoted(mirrorAnnotation)} annotation, ${who} can only create mirror pods`);
    }
    if (pod.spec?.nodeName !== node) throw refuse(`${who} can only create pods with spec.nodeName set to itself`);
    const [owner, ...others] = pod.metadata.ownerReferences ?? [];
    if (others.length > 0) throw refuse(`${who} can only create pods with a single owner reference set to itself`);
    if (owner?.apiVersion !== 'v1' || owner.kind !== 'Node' || owner.name !== node) {
      throw refuse(`${who} can only create pods with an owner reference set to itself`);
    }
    if (!owner.controller) throw refuse(`${who} can only create pods with a controller owner reference set to itself`);
    if (owner.blockOwnerDeletion) throw refuse(`${who} must not set blockOwnerDeletion on an owner reference`);
    const stored = await this.#store.get('', 'nodes', '', node);
    if (stored === undefined) throw newNotFound({ group: '', resource: 'nodes' }, node);
    const uid = stored.metadata?.uid ?? '';
    if (owner.uid !== uid) throw refuse(`node ${node} UID mismatch: expected ${owner.uid} got ${uid}`);
    const kind = referencedKind(pod);
    if (kind !== '') throw refuse(`${who} can not create pods that reference ${kind}`);
  }

  async #storedPod(request: AdmissionRequest, name: string): Promise<Pod> {
    if (name === '') throw refusal(request, 'could not determine pod from request data');
    const pod = await this.#store.get('', 'pods', request.namespace, name);
    if (pod === undefined) throw newNotFound({ group: '', resource: 'pods' }, name);
    return pod;
  }
}

function checkPodStatus(node: string, request: AdmissionRequest): void {
  const who = `node ${quoted(node)}`;
  if (request.operation !== 'UPDATE') throw refusal(request, `unexpected operation ${operationText(request)}`);
  const pod = request.object as unknown as Pod;
  const old = request.old as unknown as Pod;
  if (old.spec?.nodeName !== node) {
    throw refusal(request, `${who} can only update pod status for pods with spec.nodeName set to itself`);
  }
  if (!semanticEqual(pod.metadata?.labels, old.metadata?.labels)) {
    throw refusal(request, `${who} cannot update labels through pod status`);
  }
  if (!semanticEqual(pod.status?.resourceClaimStatuses, old.status?.resourceClaimStatuses)) {
    throw refusal(request, `${who} cannot update resource claim statues`);
  }
  if (!semanticEqual(pod.status?.extendedResourceClaimStatus, old.status?.extendedResourceClaimStatus)) {
    throw refusal(request, `${who} cannot update extended resource claim status`);
  }
}

function checkNode(node: string, request: AdmissionRequest): void {
  const who = `node ${quoted(node)}`;
  const name = nameOf(request);
  if (name !== node) throw refusal(request, `${who} is not allowed to modify node ${quoted(name)}`);
  if (request.operation === 'DELETE') return;
  const object = request.object as unknown as Node;
  const old = request.old as unknown as Node | undefined;
  const { configSource } = object.spec ?? {};
  const labels = forbiddenLabels(object.metadata?.labels, old?.metadata?.labels);
  if (old === undefined) {
    if (configSource) throw refusal(request, `${who} is not allowed to create pods with a non-nil configSource`);
    if (labels.length > 0) {
      throw refusal(request, `${who} is not allowed to set the following labels: ${labels.join(', ')}`);
    }
    return;
  }
  if (configSource && !semanticEqual(configSource, old.spec?.configSource)) {
    throw refusal(request, `${who} is not allowed to update configSource to a new non-nil configSource`);
  }
  if (!semanticEqual(object.spec?.taints, old.spec?.taints)) {
    throw refusal(request, `${who} is not allowed to modify taints`);
  }
  if (!semanticEqual(object.metadata?.ownerReferences, old.metadata?.ownerReferences)) {
    throw refusal(request, `${who} is not allowed to modify ownerReferences`);
  }
  if (labels.length > 0) throw refusal(request, `is not allowed to modify labels: ${labels.join(', ')}`);
}

/** What a kubelet tells of a claim after it has grown the volume. */
function claimRest({ metadata, status, ...rest }: PersistentVolumeClaim): object {
  const { resourceVersion: _, managedFields: __, ...kept } = metadata ?? {};
  const {
    capacity: ___,
    conditions: ____,
    allocatedResourceStatuses: _____,
    allocatedResources: ______,
    ...others
  } = status ?? {};
  return { ...rest, metadata: kept, status: others };
}

function checkClaim(node: string, request: AdmissionRequest): void {
  if (request.subresource !== 'status') throw refusal(request, 'may only update PVC status');
  if (request.operation !== 'UPDATE') throw refusal(request, `unexpected operation ${operationText(request)}`);
  const now = claimRest(request.object as unknown as PersistentVolumeClaim);
  if (semanticEqual(now, claimRest(request.old as unknown as PersistentVolumeClaim))) return;
  const what = 'is not allowed to update fields other than status.quantity and status.conditions';
  throw refusal(request, `node ${quoted(node)} ${what}`);
}

function checkLease(node: string, request: AdmissionRequest): void {
  if (request.namespace !== leaseNamespace) {
    throw refusal(request, `can only access leases in the ${quoted(leaseNamespace)} system namespace`);
  }
  if (nameOf(request) === node) return;
  throw refusal(request, 'can only access node lease with the same name as the requesting node');
}

function checkSlice(node: string, request: AdmissionRequest): void {
  const slice = (request.object ?? request.old) as { spec?: { nodeName?: string } } | undefined;
  if (request.operation === 'UPDATE' || slice?.spec?.nodeName === node) return;
  const verb = request.operation === 'CREATE' ? 'create' : 'delete';
  throw refusal(request, `can only ${verb} ResourceSlice with the same NodeName as the requesting node`);
}

/** Other than for itself, a kubelet asks for no certificate of a kubelet. */
async function checkSigningRequest(node: string, request: AdmissionRequest): Promise<void> {
  if (request.operation !== 'CREATE') return;
  const { spec } = request.object as unknown as CertificateSigningRequest;
  if (!kubeletSigners.includes(spec.signerName)) return;
  const parsed = await parseSigningRequest(spec.request);
  if ('problem' in parsed) throw refusal(request, `unable to parse csr: ${parsed.problem}`);
  if (parsed.commonName === `system:node:${node}`) return;
  throw refusal(request, `can only create a node CSR with CN=system:node:${node}`);
}

export const nodeRestriction = (store: ObjectStore, authorizer: Authorizer): AdmissionPlugin =>
  new NodeRestriction(store, authorizer);
