import { define } from '../resource-entry.ts';

export const serviceaccounts = define('', 'v1', 'serviceaccounts', { returnsDeleted: true });
