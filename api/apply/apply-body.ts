import { isObject } from '../meta/clone.ts';
import { newBadRequest } from '../meta/status.ts';
import { JsonSyntaxError } from '../codec/json-scanner.ts';
import { parseYaml } from '../codec/yaml.ts';

export interface ApplyPatch {
  readonly config: Record<string, unknown>;
  /** keys that occur twice, one text each, and all of them as one error */
  readonly duplicates: readonly string[];
  readonly strictError?: string;
}

const utf8 = new TextDecoder('utf-8');

/** Reads the YAML (or JSON) of a server-side apply. Throws StatusError 400. */
export function readApplyPatch(body: Uint8Array): ApplyPatch {
  const { value, duplicates } = parsed(utf8.decode(body));
  if (value === null || value === undefined) return { config: {}, duplicates };
  if (!isObject(value)) {
    const what = Array.isArray(value) ? 'array' : typeof value === 'boolean' ? 'bool' : typeof value;
    const why = `json: cannot unmarshal ${what} into Go value of type map[string]interface {}`;
    throw newBadRequest(`error decoding patch: error unmarshaling JSON: while decoding JSON: ${why}`);
  }
  if (duplicates.length === 0) return { config: value, duplicates };
  const strictError = `error converting YAML to JSON: yaml: unmarshal errors:\n  ${duplicates.join('\n  ')}`;
  return { config: value, duplicates, strictError };
}

function parsed(text: string): { value: unknown; duplicates: readonly string[] } {
  try {
    return parseYaml(text);
  } catch (error) {
    if (!(error instanceof JsonSyntaxError)) throw error;
    throw newBadRequest(`error encoding patch: ${error.message}`);
  }
}
