import { BoundedQueue } from '../../base/bounded-queue.ts';
import { GrpcError, grpcCode } from '../../grpc/server.ts';
import type { CallContext, Method, ServerStream } from '../../grpc/server.ts';
import { criMethods } from '../cri/codec.ts';
import type { CriMethod } from '../cri/codec.ts';
import type { ContainerEvent, ContainerFilter, CriMethodName, CriMethods } from '../cri/types.ts';
import {
  containerMessage,
  containerStatsMessage,
  containerStatusMessage,
  hasLabels,
  nanoseconds,
  sandboxMessage,
  sandboxStatusMessage,
} from './cri-messages.ts';
import { normalizedReference } from './image-store.ts';
import type { ContainerRecord, EmbeddedRuntime, RuntimeEvent } from './embedded-runtime.ts';

export const runtimeName = 'kuorum-embedded';
/** Shown by `kubectl get nodes -o wide`; a semantic version, as the kubelet of Kubernetes asks for. */
export const runtimeVersion = '0.1.0-simulated';

/** A subscriber that falls this far behind is cut off, and lists again. */
const eventsQueuedMax = 10_000;

type Handlers = {
  [M in CriMethodName]?: (request: CriMethods[M][0], call: CallContext) => CriMethods[M][1] | Promise<CriMethods[M][1]>;
};

const matches = (container: ContainerRecord, filter: ContainerFilter | null | undefined): boolean =>
  (!filter?.id || container.id.startsWith(filter.id)) &&
  (!filter?.podSandboxId || container.sandboxId.startsWith(filter.podSandboxId)) &&
  (!filter?.state || container.state === filter.state.state) &&
  hasLabels(container.config.labels, filter?.labelSelector);

function nodeHandlers(runtime: EmbeddedRuntime): Handlers {
  return {
    Version: () => ({ version: '0.1.0', runtimeName, runtimeVersion, runtimeApiVersion: 'v1' }),
    Status: () => {
      const network = runtime.podCidr
        ? { type: 'NetworkReady', status: true, reason: '', message: '' }
        : { type: 'NetworkReady', status: false, reason: 'NetworkPluginNotReady', message: 'no pod CIDR is known yet' };
      return {
        status: { conditions: [{ type: 'RuntimeReady', status: true, reason: '', message: '' }, network] },
        info: { simulation: 'containers are simulated: no process is started' },
      };
    },
    RuntimeConfig: () => ({ linux: { cgroupDriver: 1 } }),
    UpdateRuntimeConfig: ({ runtimeConfig }) => {
      try {
        runtime.setPodCidr(runtimeConfig?.networkConfig?.podCidr ?? '');
      } catch (error) {
        throw new GrpcError(grpcCode.invalidArgument, (error as Error).message);
      }
      return {};
    },
    ImageFsInfo: () => ({ imageFilesystems: [], containerFilesystems: [] }),
  };
}

function sandboxHandlers(runtime: EmbeddedRuntime): Handlers {
  return {
    RunPodSandbox: ({ config, runtimeHandler }) => ({
      podSandboxId: runtime.runSandbox(config, runtimeHandler ?? ''),
    }),
    StopPodSandbox: ({ podSandboxId }) => {
      runtime.stopSandbox(podSandboxId);
      return {};
    },
    RemovePodSandbox: ({ podSandboxId }) => {
      runtime.removeSandbox(podSandboxId);
      return {};
    },
    PodSandboxStatus: ({ podSandboxId }) => {
      const sandbox = runtime.sandbox(podSandboxId);
      return {
        status: sandboxStatusMessage(sandbox),
        info: {},
        containersStatuses: statusesOf(runtime, sandbox.id),
        timestamp: nanoseconds(runtime.nowMs),
      };
    },
    ListPodSandbox: ({ filter }) => ({
      items: [...runtime.sandboxes.values()]
        .filter(
          (sandbox) =>
            (!filter?.id || sandbox.id.startsWith(filter.id)) &&
            (!filter?.state || sandbox.state === filter.state.state) &&
            hasLabels(sandbox.config.labels, filter?.labelSelector),
        )
        .map(sandboxMessage),
    }),
  };
}

const logDirectoryOf = (runtime: EmbeddedRuntime, sandboxId: string): string =>
  runtime.sandboxes.get(sandboxId)?.config.logDirectory ?? '';

const statusesOf = (runtime: EmbeddedRuntime, sandboxId: string) =>
  runtime.containersOf(sandboxId).map((c) => containerStatusMessage(c, logDirectoryOf(runtime, sandboxId)));

function containerHandlers(runtime: EmbeddedRuntime): Handlers {
  return {
    CreateContainer: ({ podSandboxId, config }) => {
      const image = {
        ...config.image,
        image: normalizedReference(config.image.userSpecifiedImage || config.image.image),
      };
      return { containerId: runtime.createContainer(podSandboxId, { ...config, image }) };
    },
    StartContainer: ({ containerId }) => {
      runtime.startContainer(containerId);
      return {};
    },
    StopContainer: async ({ containerId, timeout }) => {
      await runtime.stopContainer(containerId, timeout * 1000);
      return {};
    },
    RemoveContainer: ({ containerId }) => {
      runtime.removeContainer(containerId);
      return {};
    },
    ContainerStatus: ({ containerId }) => {
      const container = runtime.container(containerId);
      const folder = logDirectoryOf(runtime, container.sandboxId);
      return { status: containerStatusMessage(container, folder), info: {} };
    },
    ListContainers: ({ filter }) => ({
      containers: [...runtime.containers.values()].filter((c) => matches(c, filter)).map(containerMessage),
    }),
    ContainerStats: ({ containerId }) => ({
      stats: containerStatsMessage(runtime.container(containerId), runtime.nowMs),
    }),
    ListContainerStats: ({ filter }) => ({
      stats: [...runtime.containers.values()]
        .filter((c) => matches(c, filter))
        .map((c) => containerStatsMessage(c, runtime.nowMs)),
    }),
  };
}

function imageHandlers(runtime: EmbeddedRuntime): Handlers {
  return {
    ListImages: ({ filter }) => {
      const wanted = filter?.image?.image;
      const one = wanted ? runtime.images.get(wanted) : undefined;
      return { images: wanted ? (one ? [one] : []) : runtime.images.list() };
    },
    ImageStatus: ({ image }) => ({ image: runtime.images.get(image.image), info: {} }),
    PullImage: ({ image, sandboxConfig }) => ({
      imageRef: runtime.pullImage(image.image, sandboxConfig?.annotations ?? {}),
    }),
    RemoveImage: ({ image }) => {
      runtime.removeImage(image.image);
      return {};
    },
  };
}

function eventMessage(runtime: EmbeddedRuntime, event: RuntimeEvent): ContainerEvent {
  const sandbox = runtime.sandboxes.get(event.sandboxId);
  return {
    containerId: event.containerId,
    containerEventType: event.type,
    createdAt: nanoseconds(event.atMs),
    podSandboxStatus: sandbox && sandboxStatusMessage(sandbox),
    containersStatuses: statusesOf(runtime, event.sandboxId),
  };
}

/** Sends events as they happen until the client goes away. */
async function streamEvents(runtime: EmbeddedRuntime, stream: ServerStream<unknown, ContainerEvent>): Promise<void> {
  const queue = new BoundedQueue<ContainerEvent>(eventsQueuedMax);
  let lost = false;
  let wake = (): void => {};
  const unsubscribe = runtime.onEvent((event) => {
    lost ||= !queue.push(eventMessage(runtime, event));
    wake();
  });
  const { signal } = stream;
  signal.addEventListener('abort', () => wake(), { once: true });
  try {
    while (!signal.aborted) {
      if (lost) throw new GrpcError(grpcCode.resourceExhausted, `more than ${eventsQueuedMax} events are waiting`);
      const event = queue.shift();
      if (event === undefined) await new Promise<void>((resolve) => (wake = resolve));
      else if (!stream.send(event)) await stream.drained();
    }
  } finally {
    unsubscribe();
  }
}

/** what people ask for by these names */
const streamed: Readonly<Record<string, string>> = {
  Exec: 'exec',
  ExecSync: 'exec',
  Attach: 'attach',
  PortForward: 'port-forward',
};

function unsupported({ name }: CriMethod): GrpcError {
  const what = streamed[name];
  const why =
    what === undefined
      ? `${name} is not supported by the embedded runtime`
      : // no colon: clients of SPDY try to read what they are told as YAML
        `${what} is not supported, as the embedded runtime simulates containers and runs nothing`;
  return new GrpcError(grpcCode.unimplemented, why);
}

/** Both services of runtime.v1. Methods without a handler answer Unimplemented. */
export function criServices(runtime: EmbeddedRuntime): Method[] {
  const handlers: Handlers = {
    ...nodeHandlers(runtime),
    ...sandboxHandlers(runtime),
    ...containerHandlers(runtime),
    ...imageHandlers(runtime),
  };
  return [...criMethods.values()].map((method): Method => {
    const { path, request, response } = method;
    if (method.name === 'GetContainerEvents') {
      return { kind: 'server-stream', path, request, response, handle: (stream) => streamEvents(runtime, stream) };
    }
    if (method.serverStreams) {
      return { kind: 'server-stream', path, request, response, handle: () => Promise.reject(unsupported(method)) };
    }
    const handle = handlers[method.name as CriMethodName] as
      ((request: unknown, call: CallContext) => unknown) | undefined;
    return {
      kind: 'unary',
      path,
      request,
      response,
      handle: (message, call) => {
        if (handle === undefined) throw unsupported(method);
        return handle(message, call);
      },
    };
  });
}
