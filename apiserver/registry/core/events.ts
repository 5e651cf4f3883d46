import { define } from '../resource-entry.ts';

/** what kube-apiserver's --event-ttl is by default */
export const eventTtlSeconds = 3600;

export const events = define('', 'v1', 'events', { ttlSeconds: eventTtlSeconds, createOnUpdate: true });
