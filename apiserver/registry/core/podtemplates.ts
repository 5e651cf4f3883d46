import { define } from '../resource-entry.ts';

export const podtemplates = define('', 'v1', 'podtemplates', { generationOf: ['template'] });
