import { AuthError } from '../../auth/types.ts';
import { JwtTokens, readJwtOptions } from './jwt-tokens.ts';
import { SimpleTokens } from './simple-tokens.ts';
import type { SimpleTokensOptions } from './simple-tokens.ts';
import type { TokenProvider } from './token-provider.ts';

const noTokens: TokenProvider = {
  prefix: () => '',
  issue() {
    throw new AuthError('auth-failed');
  },
  owner: () => undefined,
  given() {},
  forget() {},
  forgetAll() {},
};

/** `kind,name=value,…`; throws where it is not of that form. */
function parse(text: string): { kind: string; options: Map<string, string> } {
  const [kind = '', ...parts] = text.split(',');
  const options = new Map<string, string>();
  for (const part of parts) {
    const [name = '', value, ...more] = part.split('=');
    if (value === undefined || more.length > 0 || options.has(name)) {
      throw new Error(`--auth-token: auth: invalid auth options: ${part}`);
    }
    options.set(name, value);
  }
  return { kind, options };
}

/** What --auth-token asks for. Rejects, saying why, where that cannot be. */
export async function openTokens(text: string, simple: SimpleTokensOptions): Promise<TokenProvider> {
  const { kind, options } = parse(text);
  if (kind === 'simple') return new SimpleTokens(simple);
  if (kind === 'jwt') return new JwtTokens(await readJwtOptions(options, simple.clock));
  if (kind === '') return noTokens;
  throw new Error(`--auth-token: auth: invalid auth options: ${kind} is neither simple nor jwt`);
}
