import type { KindCase } from '../kind-case.ts';
import { configMaps, container, pods } from './apply-writer.ts';
import { data } from './apply-merged-cases.ts';

/** Applies that are refused. */
export const refused: readonly KindCase[] = [
  configMaps.apply('no manager', 'bad', data({ a: '1' }), ''),
  configMaps.apply('a manager that is too long', 'bad', data({ a: '1' }), 'x'.repeat(129)),
  configMaps.apply('a manager with a line end', 'bad', data({ a: '1' }), 'a%0Ab'),
  configMaps.apply('a manager of a bell', 'bad', data({ a: '1' }), '%07'),
  configMaps.patch('force without apply', 'cm', data({}), 'x&force=true'),
  configMaps.patch('force false without apply', 'cm', data({}), 'x&force=false'),
  configMaps.apply('an unknown field', 'bad', { foo: 1 }),
  configMaps.apply('an unknown field of metadata', 'bad', { metadata: { foo: 1 } }),
  configMaps.apply('a value of another type', 'bad', data({ a: 1 })),
  configMaps.apply('a list for a map', 'bad', { data: ['a'] }),
  configMaps.apply('a map for a list', 'bad', { metadata: { finalizers: { a: 'b' } } }),
  configMaps.apply('a text for a boolean', 'bad', { immutable: 'x' }),
  configMaps.apply('a finalizer twice', 'bad', { metadata: { finalizers: ['example.com/a', 'example.com/a'] } }),
  configMaps.apply('a finalizer of null', 'bad', { metadata: { finalizers: [null] } }),
  configMaps.apply('another name', 'bad', { metadata: { name: 'other' } }),
  configMaps.apply('another namespace', 'bad', { metadata: { namespace: 'other' } }),
  configMaps.apply('a bad key', 'bad', data({ 'a b': '1' })),
  configMaps.applyText('no kind', 'bad', { apiVersion: 'v1', metadata: { name: 'bad' } }),
  configMaps.applyText('no version', 'bad', { kind: 'ConfigMap', metadata: { name: 'bad' } }),
  configMaps.applyText('another kind', 'bad', { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'bad' } }),
  configMaps.applyText('another version', 'bad', {
    apiVersion: 'apps/v1',
    kind: 'ConfigMap',
    metadata: { name: 'bad' },
  }),
  configMaps.applyText('no name', 'bad', { apiVersion: 'v1', kind: 'ConfigMap' }),
  configMaps.applyText('nothing at all', 'bad', ''),
  configMaps.applyText('a list', 'bad', '[1]'),
  configMaps.applyText('a text', 'bad', 'abc'),
  configMaps.applyText('broken YAML', 'bad', 'a: [\n'),
  configMaps.applyText(
    'YAML with a key twice',
    'twice',
    'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: twice\ndata:\n  a: "1"\n  a: "2"\n',
    'm',
  ),
  configMaps.applyText(
    'YAML with a key twice, strictly',
    'thrice',
    'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: thrice\ndata:\n  a: "1"\n  a: "2"\n',
    'm&fieldValidation=Strict',
  ),
  configMaps.applyText(
    'YAML with a key twice, ignored',
    'thrice',
    'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: thrice\ndata:\n  a: "1"\n  a: "2"\n',
    'm&fieldValidation=Ignore',
  ),
  { ...configMaps.applyText('apply in CBOR', 'bad', 'x'), contentType: 'application/apply-patch+cbor' },
  { ...configMaps.applyText('a patch of no kind', 'bad', 'x'), contentType: 'application/x' },
  pods.apply('a container twice', 'bad', { spec: { containers: [container, container] } }),
  pods.apply('a container without a name', 'bad', { spec: { containers: [{ image: 'x' }] } }),
  pods.apply('a port that is a text', 'bad', {
    spec: { containers: [{ name: 'c', ports: [{ containerPort: 'x' }] }] },
  }),
  pods.apply('a bad quantity', 'bad', {
    spec: { containers: [{ name: 'c', image: 'i', resources: { limits: { cpu: 'x' } } }] },
  }),
];
