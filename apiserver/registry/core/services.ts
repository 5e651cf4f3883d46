import { define } from '../resource-entry.ts';

export const services = define('', 'v1', 'services', {
  storage: 'services/specs',
  returnsDeleted: true,
  createOnUpdate: true,
  allocator: 'serviceAddresses',
  prepareForCreate(object) {
    object['status'] = { loadBalancer: {} };
  },
});
