import { CliError } from '../cli-error.ts';
import { featureGates } from './foreign-flags.ts';

/** `A=true,B=false` → what each is set to. Throws a CliError for one that is not known, or cannot be so here. */
export function readFeatureGates(text: string): Map<string, boolean> {
  const gates = new Map<string, boolean>();
  for (const part of text.split(',').filter((each) => each.trim() !== '')) {
    const [name = '', value = ''] = part.split('=').map((each) => each.trim());
    const known = Object.hasOwn(featureGates, name) ? featureGates[name] : undefined;
    if (known === undefined) throw new CliError(`--feature-gates: unrecognized feature gate: ${name}`);
    if (value !== 'true' && value !== 'false') {
      throw new CliError(`--feature-gates: invalid value of ${name}=${value}: true or false is expected`);
    }
    const on = value === 'true';
    if (known.only !== undefined && known.only !== on) {
      throw new CliError(`--feature-gates: ${name}=${value} is not supported by Kuorum: ${known.why}`);
    }
    gates.set(name, on);
  }
  return gates;
}
