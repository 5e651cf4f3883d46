import { define } from '../resource-entry.ts';

export const resourcequotas = define('', 'v1', 'resourcequotas', {
  prepareForCreate(object) {
    object['status'] = {};
  },
});
