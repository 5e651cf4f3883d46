import { createHash } from 'node:crypto';
import type { User } from '../pipeline.ts';
import type { TokenAuthenticator } from './bearer-authenticator.ts';

/** Splits a line of CSV; a field in double quotes may hold commas, and `""` for a quote. */
function csvFields(line: string): string[] {
  const fields: string[] = [];
  for (const match of line.matchAll(/(?:^|,)\s*(?:"((?:[^"]|"")*)"|([^,]*))/g)) {
    fields.push((match[1]?.replaceAll('""', '"') ?? match[2] ?? '').trim());
  }
  return fields;
}

const digest = (token: string): string => createHash('sha256').update(token).digest('hex');

/** Known tokens, as kube-apiserver's `--token-auth-file`: `token,user,uid,"group1,group2"` a line. */
export class TokenFile implements TokenAuthenticator {
  /** looked up by digest, so that the time it takes tells nothing of a token */
  readonly #users = new Map<string, User>();

  constructor(text: string, fileName = 'token file') {
    for (const [index, line] of text.split(/\r?\n/).entries()) {
      if (line.trim() === '' || line.trimStart().startsWith('#')) continue;
      const [token = '', name = '', uid = '', groups = ''] = csvFields(line);
      if (token === '' || name === '' || uid === '') {
        throw new Error(`${fileName}, line ${index + 1}: expected token,user name,user uid[,"group1,group2"]`);
      }
      const user = {
        name,
        uid,
        groups: groups
          .split(',')
          .map((group) => group.trim())
          .filter((group) => group !== ''),
      };
      this.#users.set(digest(token), user);
    }
  }

  authenticateToken(token: string): User | undefined {
    return this.#users.get(digest(token));
  }
}
