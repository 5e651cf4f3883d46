import { changed } from '../kind-case.ts';
import type { KindCase } from '../kind-case.ts';
import { container, deployments, labels, nodes, pods, richPod, roles, services, spec } from './apply-writer.ts';

/** Lists of lists, status and scale. */
export const workloads: readonly KindCase[] = [
  deployments.apply('a deployment by apply', 'dep', { spec, metadata: { labels } }),
  deployments.apply('the same deployment', 'dep', { spec, metadata: { labels } }),
  deployments.apply('a container more', 'dep', {
    spec: changed(spec, { 'template.spec.containers': [{ name: 'first', image: 'f' }, container] }),
  }),
  deployments.apply(
    'a container of another',
    'dep',
    { spec: { template: { spec: { containers: [{ name: 'side', image: 's' }] } } } },
    'sidecar',
  ),
  deployments.apply('a container less', 'dep', { spec }),
  deployments.apply('another order', 'dep', {
    spec: changed(spec, {
      'template.spec.containers': [{ name: 'z', image: 'z' }, container, { name: 'a', image: 'a' }],
    }),
  }),
  deployments.apply('a port more, another env', 'dep', {
    spec: changed(spec, {
      'template.spec.containers': [
        {
          ...container,
          env: [{ name: 'B', value: 'b' }],
          ports: [{ containerPort: 80 }, { containerPort: 81, protocol: 'UDP' }],
        },
      ],
    }),
  }),
  deployments.apply('resources and the replicas left out', 'dep', {
    spec: changed(spec, {
      replicas: undefined,
      'template.spec.containers': [{ ...container, resources: { limits: { cpu: '1', memory: '1Gi' } } }],
    }),
  }),
  deployments.apply('a strategy', 'dep', {
    spec: { ...spec, strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: 1 } } },
  }),
  deployments.apply('another strategy', 'dep', { spec: { ...spec, strategy: { type: 'Recreate' } } }),
  deployments.apply(
    'status by apply to the object is passed over',
    'dep',
    { spec, status: { replicas: 3 } },
    'one&force=true',
  ),
  deployments.apply(
    'status by apply',
    'dep/status',
    { status: { replicas: 3, conditions: [{ type: 'Available', status: 'True' }] } },
    'ctl',
  ),
  deployments.apply(
    'status by apply with labels',
    'dep/status',
    { metadata: { labels: { z: 'z' }, annotations: { q: 'q' } }, status: { replicas: 4 } },
    'ctl',
  ),
  deployments.apply('status by apply, a conflict', 'dep/status', { status: { replicas: 5 } }, 'ctl2'),
  deployments.patch(
    'status by a patch',
    'dep/status',
    { status: { replicas: 6 }, metadata: { annotations: { w: 'w' } } },
    'upd',
  ),
  deployments.apply('status of what is not there', 'absent/status', { status: { replicas: 3 } }, 'ctl'),
  deployments.get('scale', 'dep/scale'),
  deployments.patch('scale by a patch', 'dep/scale', { spec: { replicas: 7 } }, 'scaler'),
  deployments.get('after scale by a patch', 'dep'),
  deployments.applyText(
    'scale by apply, a conflict',
    'dep/scale',
    { apiVersion: 'autoscaling/v1', kind: 'Scale', metadata: { name: 'dep' }, spec: { replicas: 8 } },
    'hpa',
  ),
  deployments.applyText(
    'scale by apply with force',
    'dep/scale',
    { apiVersion: 'autoscaling/v1', kind: 'Scale', metadata: { name: 'dep' }, spec: { replicas: 8 } },
    'hpa&force=true',
  ),
  deployments.get('after scale by apply', 'dep'),
  deployments.applyText(
    'scale by apply of a deployment',
    'dep/scale',
    { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'dep' }, spec: { replicas: 8 } },
    'hpa&force=true',
  ),
  deployments.applyText(
    'scale by apply of what is not there',
    'absent/scale',
    { apiVersion: 'autoscaling/v1', kind: 'Scale', metadata: { name: 'absent' }, spec: { replicas: 8 } },
    'hpa&force=true',
  ),
  deployments.put('scale by put', 'dep/scale', 'scale', { 'spec.replicas': 2 }, 'scaleput'),
  deployments.get('after scale by put', 'dep'),
  deployments.apply('a conflict with scale', 'dep', { spec }),
  services.apply('a service by apply', 'svca', {
    spec: {
      selector: labels,
      ports: [
        { port: 80, name: 'a' },
        { port: 81, name: 'b' },
      ],
    },
  }),
  services.apply('a service with other ports', 'svca', {
    spec: {
      selector: labels,
      ports: [
        { port: 82, name: 'c' },
        { port: 81, name: 'b' },
      ],
    },
  }),
  services.apply(
    'a service by another',
    'svca',
    { spec: { ports: [{ port: 83, name: 'd' }], selector: { app: 'y' } } },
    'two',
  ),
  services.apply(
    'a service by another with force',
    'svca',
    { spec: { ports: [{ port: 83, name: 'd' }], selector: { app: 'y' } } },
    'two&force=true',
  ),
  services.apply(
    'a load balancer status',
    'svca/status',
    {
      status: {
        loadBalancer: { ingress: [{ ip: '1.1.1.1' }] },
        conditions: [
          { type: 'a', status: 'True', reason: 'r', message: 'm', lastTransitionTime: '2026-01-01T00:00:00Z' },
        ],
      },
    },
    'lb',
  ),
  pods.apply('a pod by apply', 'poda', richPod),
  pods.apply('a pod by apply with another image', 'poda', changed(richPod, { 'spec.containers.0.image': 'i:3' })),
  pods.apply(
    'a pod by apply with what cannot change',
    'poda',
    changed(richPod, { 'spec.nodeSelector': { other: 'x' } }),
  ),
  roles.apply('a role by apply', 'rolea', { rules: [{ apiGroups: [''], resources: ['pods'], verbs: ['get'] }] }),
  roles.apply(
    'a role by another',
    'rolea',
    { rules: [{ apiGroups: [''], resources: ['pods'], verbs: ['list'] }] },
    'two',
  ),
  nodes.apply(
    'a node by apply',
    'apply-node',
    { metadata: { labels: { q: 'r' } }, spec: { taints: [{ key: 'b', effect: 'NoExecute' }] } },
    'one',
  ),
  nodes.apply(
    'node conditions by apply',
    'apply-node/status',
    {
      status: {
        conditions: [{ type: 'Disk', status: 'False' }],
        addresses: [{ type: 'InternalIP', address: '1.1.1.1' }],
      },
    },
    'npd',
  ),
  nodes.apply('a node by apply without taints', 'apply-node', {}, 'one'),
];
