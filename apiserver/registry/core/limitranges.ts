import { randomUUID } from 'node:crypto';
import { define } from '../resource-entry.ts';

export const limitranges = define('', 'v1', 'limitranges', {
  createOnUpdate: true,
  /** The only kind that may come without any name. */
  prepareForCreate(object) {
    const { name, generateName } = object.metadata ?? {};
    if (!name && !generateName) object.metadata = { ...object.metadata, name: randomUUID() };
  },
});
