import type { Library } from '../environment.ts';
import { EvaluationError } from '../errors.ts';
import { opaqueType } from '../types.ts';
import { CelOpaque, uintMax, type CelValue } from '../values.ts';
import { traversal } from './costs.ts';

const semverType = opaqueType('kubernetes.Semver');

class SemverValue extends CelOpaque {
  readonly type = semverType;
  /** major, minor, patch */
  readonly numbers: readonly bigint[];
  readonly prerelease: readonly string[];
  constructor(numbers: readonly bigint[], prerelease: readonly string[]) {
    super();
    this.numbers = numbers;
    this.prerelease = prerelease;
  }
  equals(other: CelOpaque): boolean {
    return other instanceof SemverValue && compare(this, other) === 0;
  }
}

const pattern =
  /^(\d+)\.(\d+)\.(\d+)(?:-([0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*))?(?:\+[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*)?$/;

const problem = (text: string): string => {
  if (text === '') return 'Version string empty';
  if (text.split('.').length < 3) return 'No Major.Minor.Patch elements found';
  return `Invalid character(s) found in version ${JSON.stringify(text)}`;
};

const parse = (text: string): SemverValue => {
  const found = pattern.exec(text);
  if (found === null) throw new EvaluationError(problem(text));
  const prerelease = found[4]?.split('.') ?? [];
  const numeric = [found[1]!, found[2]!, found[3]!, ...prerelease.filter((part) => /^\d+$/.test(part))];
  const padded = numeric.find((part) => part.length > 1 && part.startsWith('0'));
  if (padded !== undefined)
    throw new EvaluationError(`version number must not contain leading zeroes ${JSON.stringify(padded)}`);
  const numbers = found.slice(1, 4).map(BigInt);
  if (numbers.some((number) => number > uintMax)) throw new EvaluationError('value out of range');
  return new SemverValue(numbers, prerelease);
};

/** `v1.02` is `1.2.0` */
const normalize = (text: string): string => {
  const parts = text.replace(/^v/, '').split(/\.(.*)/s);
  const [major = '', rest] = parts;
  const [minor, patch] = rest === undefined ? [undefined, undefined] : rest.split(/\.(.*)/s);
  const bare = (part: string): string => part.replace(/^0+(?=\d)/, '');
  const [tailMajor, tailMinor] = [major.replace(/^\d*/, ''), minor?.replace(/^\d*/, '') ?? ''];
  // what is left out is zero, but not before a prerelease
  if (patch === undefined && (tailMajor !== '' || tailMinor !== ''))
    throw new EvaluationError('Short version cannot contain PreRelease/Build meta data');
  return [bare(major), bare(minor ?? '0'), bare(patch ?? '0')].join('.');
};

const compareNumbers = (a: bigint, b: bigint): number => (a < b ? -1 : a > b ? 1 : 0);

const comparePart = (a: string, b: string): number => {
  const [left, right] = [/^\d+$/.test(a), /^\d+$/.test(b)];
  if (left && right) return compareNumbers(BigInt(a), BigInt(b));
  if (left !== right) return left ? -1 : 1;
  return a < b ? -1 : a > b ? 1 : 0;
};

/** A prerelease comes before its release. */
const compare = (a: SemverValue, b: SemverValue): number => {
  for (let index = 0; index < 3; index++) {
    const order = compareNumbers(a.numbers[index]!, b.numbers[index]!);
    if (order !== 0) return order;
  }
  const [left, right] = [a.prerelease, b.prerelease];
  if (left.length === 0 || right.length === 0) return Math.sign(right.length - left.length);
  for (let index = 0; index < Math.min(left.length, right.length); index++) {
    const order = comparePart(left[index]!, right[index]!);
    if (order !== 0) return order;
  }
  return Math.sign(left.length - right.length);
};

const read = (text: CelValue, tolerant: CelValue = false): SemverValue =>
  parse(tolerant === true ? normalize(text as string) : (text as string));

const reads = (text: CelValue, tolerant: CelValue = false): boolean => {
  try {
    read(text, tolerant);
    return true;
  } catch {
    return false;
  }
};

const version = (value: CelValue): SemverValue => value as SemverValue;
const name = semverType.name;

/** `semver("1.2.3").isGreaterThan(semver("1.2.0"))`; the second argument is for versions that are nearly ones. */
export const semver: Library = {
  types: [semverType],
  functions: [
    [`semver(string): ${name}`, (text) => read(text), traversal()],
    [`semver(string, bool): ${name}`, read, traversal()],
    ['isSemver(string): bool', (text) => reads(text), traversal()],
    ['isSemver(string, bool): bool', reads, traversal()],
    [`${name}.isGreaterThan(${name}): bool`, (a, b) => compare(version(a), version(b)) > 0],
    [`${name}.isLessThan(${name}): bool`, (a, b) => compare(version(a), version(b)) < 0],
    [`${name}.compareTo(${name}): int`, (a, b) => BigInt(compare(version(a), version(b)))],
    [`${name}.major(): int`, (value) => version(value).numbers[0]!],
    [`${name}.minor(): int`, (value) => version(value).numbers[1]!],
    [`${name}.patch(): int`, (value) => version(value).numbers[2]!],
  ],
};
