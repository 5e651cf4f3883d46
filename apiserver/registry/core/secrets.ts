import { define } from '../resource-entry.ts';

export const secrets = define('', 'v1', 'secrets');
