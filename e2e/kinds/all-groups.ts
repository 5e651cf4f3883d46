import { admissionGroup } from './cases/admission-cases.ts';
import { applyGroup } from './cases/apply-cases.ts';
import { batchGroup } from './cases/batch-cases.ts';
import { classGroup } from './cases/class-cases.ts';
import { configGroup } from './cases/config-cases.ts';
import { limitGroup } from './cases/limit-cases.ts';
import { podSecurityGroup } from './cases/pod-security-cases.ts';
import { quotaGroup } from './cases/quota-cases.ts';
import { storageGroup } from './cases/storage-cases.ts';
import { workloadGroup } from './cases/workload-cases.ts';
import { customGroup } from './cases/custom-cases.ts';
import { definitionGroup } from './cases/definition-cases.ts';
import type { KindGroup } from './kind-case.ts';

/** Adding a kind adds a file of cases and a line. */
export const allGroups: readonly KindGroup[] = [
  admissionGroup,
  applyGroup,
  configGroup,
  workloadGroup,
  batchGroup,
  storageGroup,
  limitGroup,
  quotaGroup,
  podSecurityGroup,
  classGroup,
  definitionGroup,
  customGroup,
];
