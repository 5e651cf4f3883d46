import { define } from '../resource-entry.ts';

export const networkpolicies = define('networking.k8s.io', 'v1', 'networkpolicies', { generationOf: ['spec'] });
