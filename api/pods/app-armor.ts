/** AppArmor profiles in annotations, as they were before there was a field. */
import type { AppArmorProfile } from '../types/core-v1.ts';

export const appArmorAnnotation = 'container.apparmor.security.beta.kubernetes.io/';
const localhost = 'localhost/';

/** Undefined: it names none. */
export function appArmorOfAnnotation(value: string): AppArmorProfile | undefined {
  if (value === 'unconfined') return { type: 'Unconfined' };
  if (value === 'runtime/default') return { type: 'RuntimeDefault' };
  if (!value.startsWith(localhost)) return undefined;
  const name = value.slice(localhost.length);
  return name.trim() === name && name !== '' ? { type: 'Localhost', localhostProfile: name } : undefined;
}
