import { changed } from '../kind-case.ts';
import type { KindCase } from '../kind-case.ts';

export type Json = Record<string, unknown>;
const applyType = 'application/apply-patch+yaml';
const mergeType = 'application/merge-patch+json';

/** Requests for the objects of one kind, by whom they come. */
export class Writer {
  readonly #path: string;
  readonly #head: object;

  constructor(path: string, apiVersion: string, kind: string) {
    this.#path = path;
    this.#head = { apiVersion, kind };
  }

  #url(name: string, manager: string): string {
    return `${this.#path}${name && `/${name}`}${manager && `?fieldManager=${manager}`}`;
  }

  create(title: string, name: string, body: object, manager = 'creator'): KindCase {
    const metadata = { name, ...(body as { metadata?: object }).metadata };
    return { title, method: 'POST', path: this.#url('', manager), body: { ...this.#head, ...body, metadata } };
  }

  apply(title: string, name: string, body: object, manager = 'one'): KindCase {
    const [of = '', ...sub] = name.split('/');
    const metadata = { name: of, ...(body as { metadata?: object }).metadata };
    const path = this.#url([of, ...sub].join('/'), manager);
    return { title, method: 'PATCH', path, contentType: applyType, body: { ...this.#head, ...body, metadata } };
  }

  /** what is sent as it is: text */
  applyText(title: string, name: string, body: unknown, manager = 'one'): KindCase {
    return { title, method: 'PATCH', path: this.#url(name, manager), contentType: applyType, body };
  }

  patch(title: string, name: string, body: unknown, manager = 'patcher', contentType = mergeType): KindCase {
    return { title, method: 'PATCH', path: this.#url(name, manager), contentType, body };
  }

  put(title: string, name: string, of: string, changes: Readonly<Json>, manager = 'putter'): KindCase {
    const bodyOf: KindCase['bodyOf'] = (seen) =>
      changed(seen(of), { 'metadata.resourceVersion': undefined, ...changes });
    return { title, method: 'PUT', path: this.#url(name, manager), bodyOf };
  }

  get(title: string, name: string): KindCase {
    return { title, method: 'GET', path: this.#url(name, '') };
  }
}

export const core = (resource: string, kind: string): Writer =>
  new Writer(`/api/v1/namespaces/{ns}/${resource}`, 'v1', kind);
export const configMaps = core('configmaps', 'ConfigMap');
export const pods = core('pods', 'Pod');
export const services = core('services', 'Service');
export const secrets = core('secrets', 'Secret');
export const endpoints = core('endpoints', 'Endpoints');
export const events = core('events', 'Event');
export const newEvents = new Writer('/apis/events.k8s.io/v1/namespaces/{ns}/events', 'events.k8s.io/v1', 'Event');
export const deployments = new Writer('/apis/apps/v1/namespaces/{ns}/deployments', 'apps/v1', 'Deployment');
export const nodes = new Writer('/api/v1/nodes', 'v1', 'Node');
export const slices = new Writer(
  '/apis/discovery.k8s.io/v1/namespaces/{ns}/endpointslices',
  'discovery.k8s.io/v1',
  'EndpointSlice',
);
export const leases = new Writer(
  '/apis/coordination.k8s.io/v1/namespaces/{ns}/leases',
  'coordination.k8s.io/v1',
  'Lease',
);
export const roles = new Writer(
  '/apis/rbac.authorization.k8s.io/v1/namespaces/{ns}/roles',
  'rbac.authorization.k8s.io/v1',
  'Role',
);

export const labels = { app: 'x' };
export const container = { name: 'c', image: 'i:1', ports: [{ containerPort: 80 }], env: [{ name: 'A', value: 'a' }] };
export const template = { metadata: { labels }, spec: { containers: [container] } };
export const spec = { replicas: 1, selector: { matchLabels: labels }, template };
export const richPod = {
  spec: {
    nodeSelector: { disk: 'ssd' },
    tolerations: [{ key: 'k', operator: 'Exists' }],
    hostAliases: [{ ip: '10.9.9.9', hostnames: ['h'] }],
    topologySpreadConstraints: [
      { maxSkew: 1, topologyKey: 'zone', whenUnsatisfiable: 'ScheduleAnyway', labelSelector: { matchLabels: labels } },
    ],
    affinity: {
      nodeAffinity: {
        requiredDuringSchedulingIgnoredDuringExecution: {
          nodeSelectorTerms: [{ matchExpressions: [{ key: 'a', operator: 'In', values: ['b'] }] }],
        },
      },
    },
    volumes: [
      { name: 'v', emptyDir: {} },
      { name: 'w', configMap: { name: 'cm', items: [{ key: 'a', path: 'b' }] } },
    ],
    containers: [
      {
        ...container,
        resources: { requests: { cpu: '100m', memory: '1Gi' }, limits: { cpu: 1 } },
        ports: [{ containerPort: 80 }, { containerPort: 80, protocol: 'UDP', name: 'udp' }],
        volumeMounts: [{ name: 'v', mountPath: '/v' }],
        livenessProbe: { httpGet: { path: '/', port: 80, httpHeaders: [{ name: 'X', value: 'y' }] } },
        securityContext: { capabilities: { add: ['NET_ADMIN'] } },
        args: ['a', 'b'],
      },
    ],
    initContainers: [{ name: 'init', image: 'i' }],
  },
};
