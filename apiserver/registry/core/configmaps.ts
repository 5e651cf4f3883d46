import { define } from '../resource-entry.ts';

export const configmaps = define('', 'v1', 'configmaps');
