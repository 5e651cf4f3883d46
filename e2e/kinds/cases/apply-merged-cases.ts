import type { KindCase } from '../kind-case.ts';
import { configMaps, type Json } from './apply-writer.ts';

export const data = (values: object): Json => ({ data: values });
/** Applies of several managers to one object. */
export const applied: readonly KindCase[] = [
  configMaps.apply('apply creates', 'cm', data({ a: '1', b: '1' })),
  configMaps.apply('apply of the same', 'cm', data({ a: '1', b: '1' })),
  configMaps.apply('apply of the same by another', 'cm', data({ a: '1' }), 'two'),
  configMaps.apply('apply of less', 'cm', data({ b: '1' })),
  configMaps.apply('apply of less by another', 'cm', data({}), 'two'),
  configMaps.apply('apply of a conflict', 'cm', data({ b: '2', c: '3' }), 'two'),
  configMaps.apply('apply with force', 'cm', data({ b: '2', c: '3' }), 'two&force=true'),
  configMaps.patch('a patch takes over', 'cm', data({ c: '4', b: '5' }), 'three'),
  configMaps.apply('apply of two conflicts', 'cm', data({ b: '2', c: '3' }), 'two'),
  configMaps.patch('a patch of the same changes nothing', 'cm', data({ c: '4' }), 'four'),
  configMaps.patch('a patch to null', 'cm', data({ c: null }), 'five'),
  configMaps.apply('apply as a dry run', 'cm', data({ b: '9' }), 'six&force=true&dryRun=All'),
  configMaps.get('after the dry run', 'cm'),
  configMaps.apply('apply of nothing but a name', 'cm', {}, 'seven'),
  configMaps.apply('apply of an empty map', 'cm', data({}), 'eight'),
  configMaps.apply(
    'apply of finalizers',
    'cm',
    { metadata: { finalizers: ['example.com/b', 'example.com/a'] } },
    'fin',
  ),
  configMaps.apply(
    'apply of other finalizers',
    'cm',
    { metadata: { finalizers: ['example.com/c', 'example.com/a'] } },
    'gar',
  ),
  configMaps.apply('apply of fewer finalizers', 'cm', { metadata: { finalizers: ['example.com/b'] } }, 'fin'),
  configMaps.apply(
    'apply of labels',
    'cm',
    { metadata: { labels: { a: 'b', c: 'd' }, annotations: { x: 'y' } } },
    'lab',
  ),
  configMaps.apply('apply of other labels', 'cm', { metadata: { labels: { c: 'd' } } }, 'lab'),
  configMaps.apply('apply of an old version', 'cm', { metadata: { resourceVersion: '1' }, ...data({ z: '1' }) }, 'ver'),
  configMaps.apply(
    'apply of a version that creates',
    'versioned',
    { metadata: { resourceVersion: '1' }, ...data({ z: '1' }) },
    'ver',
  ),
  configMaps.apply('apply of another uid', 'cm', { metadata: { uid: '8f5e2a9c-0000-4000-8000-000000000000' } }, 'uid'),
  configMaps.apply(
    'apply of a uid that is not there',
    'nouid',
    { metadata: { uid: '8f5e2a9c-0000-4000-8000-000000000000' } },
    'uid',
  ),
  configMaps.apply('apply of managed fields', 'cm', { metadata: { managedFields: [] } }, 'mf'),
  configMaps.patch('managed fields reset by an empty entry', 'cm', { metadata: { managedFields: [{}] } }),
  configMaps.get('after the reset', 'cm'),
  configMaps.apply('apply after a reset', 'cm', data({ q: '1' }), 'again'),
  configMaps.patch('managed fields reset by an empty list', 'cm', { metadata: { managedFields: [] } }),
  configMaps.patch('a patch after a reset', 'cm', data({ r: '1' })),
  configMaps.patch('bad managed fields are passed over', 'cm', {
    metadata: { managedFields: [{ manager: 'x', operation: 'Bad' }] },
    data: { s: '1' },
  }),
  configMaps.patch('managed fields of a patch are taken', 'anon', {
    metadata: {
      managedFields: [
        {
          manager: 'x',
          operation: 'Update',
          apiVersion: 'v1',
          fieldsType: 'FieldsV1',
          fieldsV1: { 'f:data': { 'f:zz': {} } },
        },
      ],
    },
    data: { s: '1' },
  }),
  configMaps.patch('managed fields of a version that is not served', 'anon', {
    metadata: {
      managedFields: [
        {
          manager: 'x',
          operation: 'Update',
          apiVersion: 'v9',
          fieldsType: 'FieldsV1',
          fieldsV1: { 'f:data': { 'f:s': {} } },
        },
      ],
    },
    data: { t: '1' },
  }),
  configMaps.patch(
    'managed fields removed by a JSON patch',
    'owned',
    [
      { op: 'remove', path: '/metadata/managedFields' },
      { op: 'add', path: '/data', value: { a: 'b' } },
    ],
    'json',
    'application/json-patch+json',
  ),
];
