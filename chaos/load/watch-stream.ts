import type { WatchRequest as WireRequest, WatchResponse as WireResponse } from '../../proto/etcd-types.ts';
import type { Loose } from '../../proto/load.ts';
import type { WatchRequest, WatchResponse } from '../../sim/check/history.ts';
import { bytesOf, eventOf } from './etcd-wire.ts';
import type { StoreClient } from './store-client.ts';

export type WatchMessage = Omit<WatchResponse, 'time'>;

function messageOf(response: WireResponse): WatchMessage {
  const revision = response.header?.revision ?? 0;
  if (response.canceled) {
    const { compactRevision, cancelReason: reason } = response;
    return { kind: 'canceled', revision, compactRevision, reason };
  }
  if (response.created) return { kind: 'created', revision };
  if (response.events.length === 0) return { kind: 'progress', revision };
  const events = response.events.map(eventOf);
  return { kind: 'events', revision, events, ...(response.fragment && { fragment: true }) };
}

export interface OpenWatch {
  requestProgress(): void;
  cancel(): void;
}

/** One watch on a stream of its own. `onEnd` comes once, when the stream is over for whatever reason. */
export function openWatch(
  client: StoreClient,
  request: WatchRequest,
  onMessage: (message: WatchMessage) => void,
  onEnd: (reason: string) => void,
): OpenWatch {
  const stream = client.stream<Loose<WireRequest>, WireResponse>('Watch/Watch');
  stream.onMessage((response) => onMessage(messageOf(response)));
  stream.onEnd(onEnd);
  stream.send({
    createRequest: {
      key: bytesOf(request.key),
      rangeEnd: bytesOf(request.rangeEnd ?? ''),
      startRevision: request.startRevision ?? 0,
      progressNotify: request.progressNotify ?? false,
      filters: (request.filters ?? []).map((filter) => (filter === 'noput' ? 0 : 1)),
      prevKv: request.prevKv ?? false,
      fragment: request.fragment ?? false,
    },
  });
  return {
    requestProgress: () => stream.send({ progressRequest: {} }),
    cancel: () => stream.cancel(),
  };
}
