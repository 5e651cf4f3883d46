import { sleep } from '../../base/clock.ts';
import type { KubeObject } from '../pipeline.ts';
import type { TestClient } from './test-server.ts';

export const definitionsPath = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';

/** The documentation's example, with everything that a version may have. */
export const cronTabs = (): KubeObject => ({
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: 'crontabs.stable.example.com' },
  spec: {
    group: 'stable.example.com',
    scope: 'Namespaced',
    names: { plural: 'crontabs', kind: 'CronTab', shortNames: ['ct'], categories: ['all'] },
    versions: [
      {
        name: 'v1',
        served: true,
        storage: true,
        subresources: {
          status: {},
          scale: {
            specReplicasPath: '.spec.replicas',
            statusReplicasPath: '.status.replicas',
            labelSelectorPath: '.status.labelSelector',
          },
        },
        additionalPrinterColumns: [
          { name: 'Spec', type: 'string', jsonPath: '.spec.cronSpec' },
          { name: 'Replicas', type: 'integer', jsonPath: '.spec.replicas' },
          { name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' },
        ],
        selectableFields: [{ jsonPath: '.spec.image' }],
        schema: {
          openAPIV3Schema: {
            type: 'object',
            properties: {
              spec: {
                type: 'object',
                required: ['image'],
                properties: {
                  cronSpec: { type: 'string', default: '5 0 * * *', pattern: '^[0-9* ]+$' },
                  image: { type: 'string' },
                  replicas: { type: 'integer', minimum: 1, maximum: 10 },
                },
              },
              status: {
                type: 'object',
                properties: { replicas: { type: 'integer' }, labelSelector: { type: 'string' } },
              },
            },
          },
        },
      },
    ],
  },
});

/** Waits until the definition is established. */
export async function waitServed(client: TestClient, name: string): Promise<KubeObject> {
  for (let i = 0; ; i++) {
    const { json } = await client.request('GET', `${definitionsPath}/${name}`);
    const status = json['status'] as { conditions?: { type: string; status: string }[] } | undefined;
    if (status?.conditions?.some(({ type, status }) => type === 'Established' && status === 'True')) return json;
    if (i === 200) throw new Error(`${name} is not established: ${JSON.stringify(json)}`);
    await sleep(10);
  }
}
