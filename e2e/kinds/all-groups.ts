import { configGroup } from './cases/config-cases.ts';
import type { KindGroup } from './kind-case.ts';

/** Adding a kind adds a file of cases and a line. */
export const allGroups: readonly KindGroup[] = [configGroup];
