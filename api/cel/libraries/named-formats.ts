import {
  isLabelValue,
  isQualifiedName,
  nameIsDns1035Label,
  nameIsDnsLabel,
  nameIsDnsSubdomain,
} from '../../meta/names.ts';
import type { FunctionEntry, Library } from '../environment.ts';
import { parseTimestamp } from '../time-text.ts';
import { opaqueType } from '../types.ts';
import { ArrayList, CelOpaque, CelOptional, sizeOf, type CelValue } from '../values.ts';
import { isUrl } from './urls.ts';

const formatType = opaqueType('kubernetes.NamedFormat');

class NamedFormat extends CelOpaque {
  readonly type = formatType;
  /** what is wrong with a text; none: it is of the format */
  readonly check: (text: string) => readonly string[];
  /** how long the pattern behind it is: for costs */
  readonly patternLength: number;
  constructor(patternLength: number, check: (text: string) => readonly string[]) {
    super();
    this.check = check;
    this.patternLength = patternLength;
  }
  equals(other: CelOpaque): boolean {
    return other === this;
  }
}

const otherwise = (valid: boolean, why: string): string[] => (valid ? [] : [why]);
const uuid = /^[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}$/i;
const base64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

const formats: Readonly<Record<string, NamedFormat>> = {
  dns1123Label: new NamedFormat(30, (text) => nameIsDnsLabel(text, false)),
  dns1123Subdomain: new NamedFormat(60, (text) => nameIsDnsSubdomain(text, false)),
  dns1035Label: new NamedFormat(30, (text) => nameIsDns1035Label(text, false)),
  qualifiedName: new NamedFormat(60, isQualifiedName),
  dns1123LabelPrefix: new NamedFormat(30, (text) => nameIsDnsLabel(text, true)),
  dns1123SubdomainPrefix: new NamedFormat(60, (text) => nameIsDnsSubdomain(text, true)),
  dns1035LabelPrefix: new NamedFormat(30, (text) => nameIsDns1035Label(text, true)),
  labelValue: new NamedFormat(40, isLabelValue),
  uri: new NamedFormat(1000, (text) =>
    otherwise(isUrl(text), `parse ${JSON.stringify(text)}: invalid URI for request`),
  ),
  uuid: new NamedFormat(100, (text) => otherwise(uuid.test(text), 'does not match the UUID format')),
  byte: new NamedFormat(84, (text) => otherwise(base64.test(text), 'invalid base64')),
  date: new NamedFormat(250, (text) =>
    otherwise(/^\d{4}-\d{2}-\d{2}$/.test(text) && parseTimestamp(`${text}T00:00:00Z`) !== undefined, 'invalid date'),
  ),
  datetime: new NamedFormat(250, (text) => otherwise(parseTimestamp(text) !== undefined, 'invalid datetime')),
};

const validate = (format: CelValue, text: CelValue): CelValue => {
  const problems = (format as NamedFormat).check(text as string);
  return problems.length === 0 ? CelOptional.none : CelOptional.of(new ArrayList([...problems]));
};

const cost = ([format, text]: readonly CelValue[]): number =>
  Math.ceil((1 + sizeOf(text!)) * 0.1) * Math.ceil((format as NamedFormat).patternLength * 0.25);

const byName = (name: CelValue): CelValue => {
  const format = Object.hasOwn(formats, name as string) ? formats[name as string] : undefined;
  return format === undefined ? CelOptional.none : CelOptional.of(format);
};

/** `format.dns1123Label().validate(x)`: none where x is one, else what is wrong with it. */
export const namedFormats: Library = {
  types: [formatType],
  functions: [
    ...Object.entries(formats).map(([name, format]): FunctionEntry => [
      `\`format.${name}\`(): ${formatType.name}`,
      () => format,
    ]),
    [`\`format.named\`(string): optional<${formatType.name}>`, byName],
    [`${formatType.name}.validate(string): optional<list<string>>`, validate, cost],
  ],
};
