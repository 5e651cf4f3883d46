/** Lists of quantities by resource name, added and compared as Kubernetes' quota package does. */
import {
  addQuantities,
  compareQuantities,
  formatQuantity,
  parseQuantity,
  QuantityError,
  subtractQuantities,
  zeroQuantity,
  type Quantity,
} from '../meta/quantity.ts';

export type QuantityList = ReadonlyMap<string, Quantity>;

/** A quantity that cannot be read counts as none: validation refuses it elsewhere. */
function readQuantity(text: unknown): Quantity {
  try {
    return parseQuantity(String(text));
  } catch (error) {
    if (error instanceof QuantityError) return zeroQuantity;
    throw error;
  }
}

export const quantityList = (list: Readonly<Record<string, string>> | undefined): Map<string, Quantity> =>
  new Map(Object.entries(list ?? {}).map(([name, text]) => [name, readQuantity(text)]));

export const quantityTexts = (list: QuantityList): Record<string, string> =>
  Object.fromEntries([...list].sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, q]) => [name, formatQuantity(q)]));

export function addLists(a: QuantityList, b: QuantityList): Map<string, Quantity> {
  const sum = new Map(a);
  for (const [name, quantity] of b) {
    const own = sum.get(name);
    sum.set(name, own === undefined ? quantity : addQuantities(own, quantity));
  }
  return sum;
}

/** What `a` has more than `b`; nothing below zero. */
export function subtractLists(a: QuantityList, b: QuantityList): Map<string, Quantity> {
  const left = new Map<string, Quantity>();
  for (const [name, quantity] of a) {
    const other = b.get(name);
    const rest = other === undefined ? quantity : subtractQuantities(quantity, other);
    left.set(name, rest.nano < 0n ? { nano: 0n, format: rest.format } : rest);
  }
  for (const name of b.keys()) if (!left.has(name)) left.set(name, zeroQuantity);
  return left;
}

export function maxLists(a: QuantityList, b: QuantityList): Map<string, Quantity> {
  const most = new Map(a);
  for (const [name, quantity] of b) {
    const own = most.get(name);
    if (own === undefined || compareQuantities(quantity, own) > 0) most.set(name, quantity);
  }
  return most;
}

export const maskList = (list: QuantityList, names: Iterable<string>): Map<string, Quantity> => {
  const wanted = new Set(names);
  return new Map([...list].filter(([name]) => wanted.has(name)));
};

export const withoutZeros = (list: QuantityList): Map<string, Quantity> =>
  new Map([...list].filter(([, quantity]) => quantity.nano !== 0n));

/** Names of which `a` has more than `b` allows; a name that `b` lacks is not limited. */
export const exceeding = (a: QuantityList, b: QuantityList): string[] =>
  [...a].filter(([name, quantity]) => quantity.nano > (b.get(name)?.nano ?? quantity.nano)).map(([name]) => name);

export const equalLists = (a: QuantityList, b: QuantityList): boolean =>
  a.size === b.size && [...a].every(([name, quantity]) => b.get(name)?.nano === quantity.nano);

/** `pods=1,requests.cpu=500m` */
export const listText = (list: QuantityList): string =>
  Object.entries(quantityTexts(list))
    .map(([name, text]) => `${name}=${text}`)
    .join(',');
