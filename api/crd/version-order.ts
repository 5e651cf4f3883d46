const pattern = /^v(\d+)(?:(alpha|beta)(\d+))?$/;

/** GA before beta before alpha, newer before older; what is no such version comes after, by its letters. */
export function compareVersions(a: string, b: string): number {
  const [left, right] = [pattern.exec(a), pattern.exec(b)];
  if (left === null && right === null) return a < b ? -1 : a > b ? 1 : 0;
  if (left === null) return 1;
  if (right === null) return -1;
  const rank = (stage: string | undefined): number => (stage === undefined ? 2 : stage === 'beta' ? 1 : 0);
  return (
    rank(right[2]) - rank(left[2]) || Number(right[1]) - Number(left[1]) || Number(right[3] ?? 0) - Number(left[3] ?? 0)
  );
}
