/** Values as Go's fmt prints them: Kubernetes' messages contain such text, and clients show it. */

const escapes: Record<string, string> = {
  '"': '\\"',
  '\\': '\\\\',
  '\u0007': '\\a',
  '\b': '\\b',
  '\f': '\\f',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
  '\v': '\\v',
};

const unprintable = /["\\]|[^\p{L}\p{M}\p{N}\p{P}\p{S} ]/gu;

/** `%q`: `a"b` → `"a\"b"` */
export function goQuote(text: string): string {
  const inner = text.replaceAll(unprintable, (c) => {
    const known = escapes[c];
    if (known !== undefined) return known;
    const code = c.codePointAt(0) as number;
    if (code < 0x20 || code === 0x7f) return `\\x${code.toString(16).padStart(2, '0')}`;
    if (code < 0x10000) return `\\u${code.toString(16).padStart(4, '0')}`;
    return `\\U${code.toString(16).padStart(8, '0')}`;
  });
  return `"${inner}"`;
}

/** Text that stands for a value in an error as it is, because Go prints that type in a form of its own. */
export class GoSyntax {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}

/** `%#v` of an IntOrString: 0 → `intstr.IntOrString{Type:0, IntVal:0, StrVal:""}` */
export function goIntOrString(value: number | string): GoSyntax {
  return typeof value === 'number'
    ? new GoSyntax(`intstr.IntOrString{Type:0, IntVal:${value}, StrVal:""}`)
    : new GoSyntax(`intstr.IntOrString{Type:1, IntVal:0, StrVal:${goQuote(value)}}`);
}

/** `%#v` of a slice of strings; `type` where the slice's elements have a name of their own */
export function goStrings(values: readonly string[] | undefined, type = 'string'): GoSyntax {
  if (values === undefined) return new GoSyntax(`[]${type}(nil)`);
  return new GoSyntax(`[]${type}{${values.map(goQuote).join(', ')}}`);
}

/** `%#v` of bytes */
export const goBytes = (bytes: Uint8Array | undefined): GoSyntax =>
  new GoSyntax(
    bytes === undefined ? '[]byte(nil)' : `[]byte{${Array.from(bytes, (byte) => `0x${byte.toString(16)}`).join(', ')}}`,
  );

/** `%#v` of a map of strings, keys sorted */
export function goStringMap(values: Readonly<Record<string, string>> | undefined): GoSyntax {
  if (values === undefined) return new GoSyntax('map[string]string(nil)');
  const entries = Object.keys(values)
    .sort()
    .map((k) => `${goQuote(k)}:${goQuote(values[k] as string)}`);
  return new GoSyntax(`map[string]string{${entries.join(', ')}}`);
}

/** `%#v` of a LabelSelector */
export function goLabelSelector(
  selector:
    | {
        matchLabels?: Record<string, string>;
        matchExpressions?: { key: string; operator: string; values?: string[] }[];
      }
    | undefined,
): GoSyntax {
  if (!selector) return new GoSyntax('(*v1.LabelSelector)(nil)');
  const expressions = selector.matchExpressions?.map(
    (e) =>
      `v1.LabelSelectorRequirement{Key:${goQuote(e.key)}, Operator:${goQuote(e.operator)}, ` +
      `Values:${goStrings(e.values).text}}`,
  );
  const list =
    expressions === undefined
      ? '[]v1.LabelSelectorRequirement(nil)'
      : `[]v1.LabelSelectorRequirement{${expressions.join(', ')}}`;
  const labels = goStringMap(selector.matchLabels).text;
  return new GoSyntax(`v1.LabelSelector{MatchLabels:${labels}, MatchExpressions:${list}}`);
}
