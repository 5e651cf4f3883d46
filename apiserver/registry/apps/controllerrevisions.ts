import { define } from '../resource-entry.ts';

export const controllerrevisions = define('apps', 'v1', 'controllerrevisions');
