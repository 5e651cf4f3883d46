import { quantityOf, unitsOf, type Quantity } from '../meta/quantity.ts';
import type { PersistentVolumeClaim } from '../types/core-v1.ts';
import { countName, matchesScope, one, type Evaluator } from './evaluator.ts';
import { maxLists, quantityList } from './quantity-list.ts';

const claimCount = countName('', 'persistentvolumeclaims');
const names = ['persistentvolumeclaims', 'requests.storage'];
/** `gold.storageclass.storage.k8s.io/requests.storage` */
const classInfix = '.storageclass.storage.k8s.io/';
const betaAnnotation = 'volume.beta.kubernetes.io/storage-class';

const classOf = ({ metadata, spec }: PersistentVolumeClaim): string =>
  metadata?.annotations?.[betaAnnotation] ?? spec?.storageClassName ?? '';

/** Whole bytes of what is asked for, or of what a failed expansion has taken. */
function storageOf({ spec, status }: PersistentVolumeClaim): Quantity | undefined {
  const asked = quantityList(spec?.resources?.requests);
  if (!asked.has('storage')) return undefined;
  const most = maxLists(asked, quantityList(status?.allocatedResources)).get('storage');
  if (most === undefined || most.nano % 1_000_000_000n === 0n) return most;
  return quantityOf(unitsOf(most), most.format);
}

/** Classes that its volume has, or is about to have. */
const attributesClasses = ({ spec, status }: PersistentVolumeClaim): string[] =>
  [
    spec?.volumeAttributesClassName,
    status?.currentVolumeAttributesClassName,
    status?.modifyVolumeStatus?.targetVolumeAttributesClassName,
  ].filter((name) => name !== undefined && name !== '') as string[];

export const claimChangesQuota = (claim: PersistentVolumeClaim, old: PersistentVolumeClaim): boolean =>
  claim.status?.allocatedResources?.['storage'] !== old.status?.allocatedResources?.['storage'] ||
  attributesClasses(claim).sort().join() !== attributesClasses(old).sort().join();

export const claimEvaluator: Evaluator<PersistentVolumeClaim> = {
  group: '',
  resource: 'persistentvolumeclaims',
  handles({ operation, subresource }, claim, old) {
    if (subresource === 'status') return old !== undefined && claimChangesQuota(claim, old);
    return subresource === '' && operation !== 'DELETE';
  },
  matching: (wanted) =>
    [...wanted].filter(
      (name) => name === claimCount || names.some((own) => name === own || name.endsWith(classInfix + own)),
    ),
  usage(claim) {
    const usage = new Map<string, Quantity>([
      ['persistentvolumeclaims', one],
      [claimCount, one],
    ]);
    const className = classOf(claim);
    const storage = storageOf(claim);
    if (storage !== undefined) usage.set('requests.storage', storage);
    if (className === '') return usage;
    usage.set(`${className}${classInfix}persistentvolumeclaims`, one);
    if (storage !== undefined) usage.set(`${className}${classInfix}requests.storage`, storage);
    return usage;
  },
  problem: () => '',
  isInScope(scope, claim) {
    if (scope.scopeName !== 'VolumeAttributesClass') return false;
    const classes = attributesClasses(claim);
    if (classes.length === 0) return matchesScope(scope, undefined);
    return classes.some((name) => matchesScope(scope, name));
  },
};
