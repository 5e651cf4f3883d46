import { accessGroup } from './cases/access-cases.ts';
import { admissionGroup } from './cases/admission-cases.ts';
import { applyGroup } from './cases/apply-cases.ts';
import { autoscalingGroup } from './cases/autoscaling-cases.ts';
import { batchGroup } from './cases/batch-cases.ts';
import { certificateGroup } from './cases/certificate-cases.ts';
import { classGroup } from './cases/class-cases.ts';
import { clusterClassGroup } from './cases/cluster-class-cases.ts';
import { configGroup } from './cases/config-cases.ts';
import { controlGroup } from './cases/control-cases.ts';
import { coreGroup } from './cases/core-cases.ts';
import { customGroup } from './cases/custom-cases.ts';
import { definitionGroup } from './cases/definition-cases.ts';
import { deviceGroup } from './cases/device-cases.ts';
import { limitGroup } from './cases/limit-cases.ts';
import { networkingGroup } from './cases/networking-cases.ts';
import { podGroup } from './cases/pod-cases.ts';
import { podSecurityGroup } from './cases/pod-security-cases.ts';
import { policyGroup } from './cases/policy-cases.ts';
import { quotaGroup } from './cases/quota-cases.ts';
import { registrationGroup } from './cases/registration-cases.ts';
import { storageGroup } from './cases/storage-cases.ts';
import { workloadGroup } from './cases/workload-cases.ts';
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
  accessGroup,
  certificateGroup,
  clusterClassGroup,
  controlGroup,
  networkingGroup,
  registrationGroup,
  deviceGroup,
  podGroup,
  policyGroup,
  autoscalingGroup,
  coreGroup,
];
