import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createCa, issueCertificate } from '../pki/certificate.ts';

const daysPerYear = 365;

/**
 * A certificate of this member's own making, kept in `dir` and used again at later starts. Nobody vouches for it: it
 * hides what is said, and proves nothing about who says it.
 */
export async function selfSigned(
  dir: string,
  hosts: readonly string[],
  years: number,
): Promise<{ cert: string; key: string }> {
  const paths = { cert: join(dir, 'cert.pem'), key: join(dir, 'key.pem') };
  if (existsSync(paths.cert) && existsSync(paths.key)) return paths;
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  const days = years * daysPerYear;
  const ca = await createCa('kuorum self-signed', days);
  const subject = { commonName: 'kuorum', names: [...new Set(hosts)], usages: ['client', 'server'] as const };
  const pair = await issueCertificate(ca, subject, days);
  writeFileSync(paths.key, pair.key, { mode: 0o600 });
  writeFileSync(paths.cert, `${pair.cert}${ca.cert}`);
  return paths;
}
