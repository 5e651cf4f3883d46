import { define } from '../resource-entry.ts';

export const endpoints = define('', 'v1', 'endpoints', { storage: 'services/endpoints', createOnUpdate: true });
