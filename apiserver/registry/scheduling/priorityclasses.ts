import { define } from '../resource-entry.ts';

export const priorityclasses = define('scheduling.k8s.io', 'v1', 'priorityclasses', { generationOf: [] });
