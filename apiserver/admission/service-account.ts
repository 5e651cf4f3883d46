import { sleep, systemClock } from '../../base/clock.ts';
import { nameSuffix } from '../../base/random.ts';
import { podReferences } from '../../api/pods/pod-references.ts';
import type { Container, EphemeralContainer, Pod, ServiceAccount, Volume } from '../../api/types/core-v1.ts';
import type { ObjectStore } from '../pipeline.ts';
import {
  isFor,
  isNewPod,
  mirrorAnnotation,
  refusal,
  type AdmissionPlugin,
  type AdmissionRequest,
} from './admission.ts';

const accountDefault = 'default';
const volumePrefix = 'kube-api-access-';
const suffixLength = 5;
/** where every client library looks for a token, the CA and the namespace */
const mountPath = '/var/run/secrets/kubernetes.io/serviceaccount';
/** an hour and a little: by the odd number the issuer knows tokens that old clients may hold on to for longer */
const tokenSeconds = 3607;
const enforceAnnotation = 'kubernetes.io/enforce-mountable-secrets';
/** the controller makes the default account of a new namespace: it is waited for */
const defaultTriesMax = 10;
const retryMs = 150;

const accessVolume = (name: string): Volume => ({
  name,
  projected: {
    defaultMode: 0o644,
    sources: [
      { serviceAccountToken: { path: 'token', expirationSeconds: tokenSeconds } },
      { configMap: { name: 'kube-root-ca.crt', items: [{ key: 'ca.crt', path: 'ca.crt' }] } },
      {
        downwardAPI: {
          items: [{ path: 'namespace', fieldRef: { apiVersion: 'v1', fieldPath: 'metadata.namespace' } }],
        },
      },
    ],
  },
});

/** Gives every container the credentials of the pod's account, unless something is mounted there already. */
function mountToken({ spec }: Pod): void {
  if (spec === undefined) return;
  const existing = spec.volumes?.find((volume) => volume.name.startsWith(volumePrefix));
  const name = existing?.name ?? volumePrefix + nameSuffix(suffixLength);
  let isNeeded = false;
  for (const container of [...(spec.initContainers ?? []), ...(spec.containers ?? [])]) {
    if (container.volumeMounts?.some((mount) => mount.mountPath === mountPath)) continue;
    container.volumeMounts = [...(container.volumeMounts ?? []), { name, readOnly: true, mountPath }];
    isNeeded = true;
  }
  if (existing === undefined && isNeeded) spec.volumes = [...(spec.volumes ?? []), accessVolume(name)];
}

/** A mirror pod only shows what a kubelet runs by itself: nothing of the API may be given away by it. */
function checkMirror(request: AdmissionRequest, pod: Pod): void {
  const { spec } = pod;
  if (spec?.serviceAccountName) throw refusal(request, 'a mirror pod may not reference service accounts');
  if (podReferences(pod).secrets.size > 0) throw refusal(request, 'a mirror pod may not reference secrets');
  for (const volume of spec?.volumes ?? []) {
    if (volume.projected?.sources?.some((source) => source.serviceAccountToken)) {
      throw refusal(request, 'a mirror pod may not use ServiceAccountToken volume projections');
    }
  }
}

const isTrue = (text: string | undefined): boolean => /^(1|t|T|TRUE|true|True)$/.test(text ?? '');

const containerProblem = (
  kind: string,
  { name, env, envFrom }: Container | EphemeralContainer,
  allowed: ReadonlySet<string>,
  account: string,
): string => {
  const tail = (secret: string): string =>
    `referencing secret.secretName="${secret}" is not allowed because service account ${account} does not reference that secret`;
  for (const variable of env ?? []) {
    const secret = variable.valueFrom?.secretKeyRef?.name;
    if (secret !== undefined && !allowed.has(secret))
      return `${kind} ${name} with envVar ${variable.name} ${tail(secret)}`;
  }
  for (const source of envFrom ?? []) {
    const secret = source.secretRef?.name;
    if (secret !== undefined && !allowed.has(secret)) return `${kind} ${name} with envFrom ${tail(secret)}`;
  }
  return '';
};

/** What the pod names that its account does not; '' where there is nothing. */
function secretProblem(account: ServiceAccount, { spec }: Pod): string {
  const own = account.metadata?.name ?? '';
  const allowed = new Set((account.secrets ?? []).map((secret) => secret.name ?? ''));
  for (const { secret } of spec?.volumes ?? []) {
    if (secret === undefined || allowed.has(secret.secretName ?? '')) continue;
    return `volume with secret.secretName="${secret.secretName ?? ''}" is not allowed because service account ${own} does not reference that secret`;
  }
  for (const container of spec?.initContainers ?? []) {
    const problem = containerProblem('init container', container, allowed, own);
    if (problem !== '') return problem;
  }
  for (const container of spec?.containers ?? []) {
    const problem = containerProblem('container', container, allowed, own);
    if (problem !== '') return problem;
  }
  const pull = new Set((account.imagePullSecrets ?? []).map(({ name }) => name));
  for (const [i, { name }] of (spec?.imagePullSecrets ?? []).entries()) {
    if (!pull.has(name)) {
      return `imagePullSecrets[${i}].name="${name ?? ''}" is not allowed because service account ${own} does not reference that imagePullSecret`;
    }
  }
  return '';
}

/** Every pod runs as a service account that exists, with its credentials mounted and its image pull secrets. */
class ServiceAccountAdmission implements AdmissionPlugin {
  readonly name = 'ServiceAccount';
  readonly resources = ['pods'];
  readonly #store: ObjectStore;

  constructor(store: ObjectStore) {
    this.#store = store;
  }

  async mutate(request: AdmissionRequest): Promise<void> {
    if (!isNewPod(request)) return;
    const pod = request.object as unknown as Pod;
    if (pod.spec === undefined) return;
    if (pod.metadata?.annotations?.[mirrorAnnotation] !== undefined) {
      checkMirror(request, pod);
      return;
    }
    const name = pod.spec.serviceAccountName || pod.spec.serviceAccount || accountDefault;
    pod.spec.serviceAccountName = name;
    pod.spec.serviceAccount = name;
    const account = await this.#account(request, name);
    if (pod.spec.automountServiceAccountToken ?? account.automountServiceAccountToken ?? true) mountToken(pod);
    const secrets = account.imagePullSecrets ?? [];
    if (!pod.spec.imagePullSecrets?.length && secrets.length > 0) pod.spec.imagePullSecrets = structuredClone(secrets);
  }

  /** Once more at the end: a webhook may have chosen another account. */
  async validate(request: AdmissionRequest): Promise<void> {
    const isDebug = request.operation === 'UPDATE' && request.subresource === 'ephemeralcontainers';
    if (!isNewPod(request) && !(isDebug && isFor(request, '', 'pods'))) return;
    const pod = request.object as unknown as Pod;
    if (!isDebug && pod.metadata?.annotations?.[mirrorAnnotation] !== undefined) {
      checkMirror(request, pod);
      return;
    }
    const name = pod.spec?.serviceAccountName;
    if (!name) {
      throw refusal(request, `no service account specified for pod ${request.namespace}/${pod.metadata?.name ?? ''}`);
    }
    const account = await this.#account(request, name);
    if (!isTrue(account.metadata?.annotations?.[enforceAnnotation])) return;
    const allowed = new Set((account.secrets ?? []).map((secret) => secret.name ?? ''));
    const problem = isDebug
      ? ((pod.spec?.ephemeralContainers ?? [])
          .map((container) => containerProblem('ephemeral container', container, allowed, name))
          .find((text) => text !== '') ?? '')
      : secretProblem(account, pod);
    if (problem !== '') throw refusal(request, problem);
  }

  async #account(request: AdmissionRequest, name: string): Promise<ServiceAccount> {
    for (let attempt = 1; ; attempt++) {
      const found = await this.#store.get('', 'serviceaccounts', request.namespace, name);
      if (found !== undefined) return found;
      if (name !== accountDefault || attempt === defaultTriesMax) break;
      await sleep(retryMs, systemClock);
    }
    const key = `${request.namespace}/${name}`;
    throw refusal(request, `error looking up service account ${key}: serviceaccount "${name}" not found`);
  }
}

export const serviceAccountAdmission = (store: ObjectStore): AdmissionPlugin => new ServiceAccountAdmission(store);
