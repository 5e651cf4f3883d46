import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createCa, issueCertificate } from '../../cli/pki/certificate.ts';
import type { Subject } from '../../cli/pki/certificate.ts';

const days = 2;

/** An authority in a folder, and files that it signs there. */
export class CertificateFolder {
  readonly folder: string;
  readonly #ca: Awaited<ReturnType<typeof createCa>>;

  private constructor(folder: string, ca: Awaited<ReturnType<typeof createCa>>) {
    this.folder = folder;
    this.#ca = ca;
  }

  static async create(folder: string, name: string): Promise<CertificateFolder> {
    mkdirSync(folder, { recursive: true });
    const made = new CertificateFolder(folder, await createCa(name, days));
    writeFileSync(made.path('ca.crt'), made.#ca.cert);
    return made;
  }

  /** the authority's certificate, PEM */
  get ca(): string {
    return this.#ca.cert;
  }

  path(file: string): string {
    return join(this.folder, file);
  }

  /** `<name>.crt` and `<name>.key`; `validDays` below 0: over already */
  async issue(name: string, subject: Subject, validDays = days): Promise<{ cert: string; key: string }> {
    const pair = await issueCertificate(this.#ca, subject, validDays);
    writeFileSync(this.path(`${name}.crt`), pair.cert);
    writeFileSync(this.path(`${name}.key`), pair.key, { mode: 0o600 });
    return pair;
  }

  /** etcd's flags for mutual TLS on both ports with the certificate `name` */
  memberFlags(name: string): string[] {
    const files = { 'cert-file': `${name}.crt`, 'key-file': `${name}.key`, 'trusted-ca-file': 'ca.crt' };
    return ['', 'peer-'].flatMap((prefix) => [
      ...Object.entries(files).map(([flag, file]) => `--${prefix}${flag}=${this.path(file)}`),
      `--${prefix}client-cert-auth`,
    ]);
  }
}
