import { authAccessCases } from './cases/auth-access-cases.ts';
import { authCases } from './cases/auth-cases.ts';
import { clusterCases } from './cases/cluster-cases.ts';
import { compactCases } from './cases/compact-cases.ts';
import { leaseCases } from './cases/lease-cases.ts';
import { limitCases } from './cases/limit-cases.ts';
import { putCases } from './cases/put-cases.ts';
import { rangeCases } from './cases/range-cases.ts';
import { serviceCases } from './cases/service-cases.ts';
import { txnCases } from './cases/txn-cases.ts';
import { nestedTxnCases } from './cases/txn-nested-cases.ts';
import { watchCases } from './cases/watch-cases.ts';
import { watchStreamCases } from './cases/watch-stream-cases.ts';
import { wireCases } from './cases/wire-cases.ts';
import type { ParityCase } from './parity-case.ts';

/** The one list, by the file that holds its answers. */
export const allCases: Readonly<Record<string, readonly ParityCase[]>> = {
  range: rangeCases,
  put: putCases,
  txn: [...txnCases, ...nestedTxnCases],
  compact: compactCases,
  watch: [...watchCases, ...watchStreamCases],
  lease: leaseCases,
  cluster: clusterCases,
  wire: wireCases,
  auth: [...authCases, ...authAccessCases],
  limits: limitCases,
  services: serviceCases,
};
