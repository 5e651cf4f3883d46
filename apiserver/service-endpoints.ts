/** Where a Service answers: the endpoints of its slices that are ready. */
import type { Endpoint, EndpointSlice } from '../api/types/discovery-v1.ts';
import type { KubeObject } from './pipeline.ts';

export const serviceNameLabel = 'kubernetes.io/service-name';

export interface ReadyEndpoint {
  readonly endpoint: Endpoint;
  /** of the port that was asked for by its name */
  readonly port: number;
}

/** `all`: the slices of the Service's namespace. */
export const slicesOf = (all: readonly KubeObject[], name: string): EndpointSlice[] =>
  all.filter(({ metadata }) => metadata?.labels?.[serviceNameLabel] === name) as unknown as EndpointSlice[];

/** In the order of the slices. A port without a name has the name ''. */
export const readyEndpoints = (slices: readonly EndpointSlice[], portName: string): ReadyEndpoint[] =>
  slices.flatMap(({ endpoints, ports }) => {
    const port = ports?.find((each) => (each.name ?? '') === portName)?.port;
    if (port === undefined) return [];
    const ready = (endpoints ?? []).filter(({ conditions }) => conditions?.ready !== false);
    return ready.map((endpoint) => ({ endpoint, port }));
  });
