import { define } from '../resource-entry.ts';

export const ingressclasses = define('networking.k8s.io', 'v1', 'ingressclasses', { generationOf: ['spec'] });
