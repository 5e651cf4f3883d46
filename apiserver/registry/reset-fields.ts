import { setOf, type FieldSet } from '../../api/apply/field-set.ts';
import type { ResourceEntry } from './resource-entry.ts';

/** Paths such as `metadata.labels`. */
type Paths = readonly string[];

const metadataAndSpec: Paths = ['metadata', 'spec'];

/** Where it is not `status` for the object and `spec` for its status: group/resource → subresource → paths. */
const exceptions: Readonly<Record<string, Readonly<Record<string, Paths>>>> = {
  '/pods': { status: ['spec', 'metadata.deletionTimestamp', 'metadata.ownerReferences'] },
  '/namespaces': { finalize: ['status'] },
  'apps/deployments': { status: ['spec', 'metadata.labels'] },
  'certificates.k8s.io/certificatesigningrequests': {
    '': ['spec', 'status'],
    status: ['spec', 'status.conditions'],
    approval: ['spec', 'status.certificate'],
  },
  'admissionregistration.k8s.io/validatingadmissionpolicies': { status: metadataAndSpec },
  'apiregistration.k8s.io/apiservices': { status: metadataAndSpec },
  'certificates.k8s.io/podcertificaterequests': { status: metadataAndSpec },
  'flowcontrol.apiserver.k8s.io/flowschemas': { status: metadataAndSpec },
  'flowcontrol.apiserver.k8s.io/prioritylevelconfigurations': { status: metadataAndSpec },
  'networking.k8s.io/servicecidrs': { status: metadataAndSpec },
  'resource.k8s.io/devicetaintrules': { status: metadataAndSpec },
  'resource.k8s.io/resourceclaims': { status: metadataAndSpec },
  'storage.k8s.io/csinodes': { '': ['status'], status: metadataAndSpec },
  'storage.k8s.io/volumeattachments': { status: metadataAndSpec },
  'storagemigration.k8s.io/storageversionmigrations': { status: metadataAndSpec },
};

const toPath = (path: string): string[] => path.split('.').map((name) => `f:${name}`);

function pathsFor(entry: ResourceEntry, subresource: string): Paths {
  const own = exceptions[`${entry.info.group}/${entry.info.resource}`]?.[subresource];
  if (own !== undefined) return own;
  if (subresource === '') return entry.hasStatus ? ['status'] : [];
  if (subresource === 'status') return entry.typed ? metadataAndSpec : ['spec'];
  return [];
}

/** What a request to this resource or subresource cannot change, and so does not come to manage. */
export function resetFieldsOf(entry: ResourceEntry, subresource: string): FieldSet | undefined {
  const paths = pathsFor(entry, subresource);
  return paths.length === 0 ? undefined : setOf(...paths.map(toPath));
}
