import { define } from '../resource-entry.ts';

export const ipaddresses = define('networking.k8s.io', 'v1', 'ipaddresses');
