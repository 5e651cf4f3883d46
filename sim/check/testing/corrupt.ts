import type { Random } from '../../../base/random.ts';
import type { History, Kv, Operation, Outcome, Response } from '../history.ts';

type Change = (outcome: Outcome & { status: 'ok' }, random: Random) => Outcome | undefined;

const answered = (response: Response): Outcome => ({ status: 'ok', response });
const altered = (kv: Kv): Kv => ({ ...kv, value: `${kv.value}!` });

/** Changes to an answer that cannot be right, whatever else happened: values are unique, counts are exact. */
export const wrongAnswers: Readonly<Record<string, Change>> = {
  'a revision that never was': ({ response }) =>
    response.kind === 'lease-keep-alive' ? undefined : answered({ ...response, revision: response.revision + 1000 }),
  'a value nobody wrote': ({ response }) =>
    response.kind === 'range' && response.kvs.length > 0
      ? answered({ ...response, kvs: [altered(response.kvs[0]!), ...response.kvs.slice(1)] })
      : undefined,
  'a version one too high': ({ response }) =>
    response.kind === 'range' && response.kvs.length > 0
      ? answered({
          ...response,
          kvs: response.kvs.map((kv, i) => (i === 0 ? { ...kv, version: kv.version + 1 } : kv)),
        })
      : undefined,
  'a key left out': ({ response }) =>
    response.kind === 'range' && response.kvs.length > 0
      ? answered({ ...response, kvs: response.kvs.slice(1) })
      : undefined,
  'a count one too high': ({ response }) =>
    response.kind === 'range' ? answered({ ...response, count: response.count + 1 }) : undefined,
  'one more deleted': ({ response }) =>
    response.kind === 'delete' ? answered({ ...response, deleted: response.deleted + 1 }) : undefined,
  'a wrong previous value': ({ response }) =>
    response.kind === 'put' && response.prevKv !== undefined
      ? answered({ ...response, prevKv: altered(response.prevKv) })
      : undefined,
  'the other branch': ({ response }) =>
    response.kind === 'txn' ? answered({ ...response, succeeded: !response.succeeded }) : undefined,
  'a write said to have failed': ({ response }) => (response.kind === 'put' ? { status: 'failed' } : undefined),
};

/** Changes after which a history may be right or wrong. */
const perhapsWrong: readonly ((operation: Operation, all: readonly Operation[], random: Random) => Operation)[] = [
  (operation, _, random) => shifted(operation, random.below(2) === 0 ? 1 : -1),
  (operation) => ({ ...operation, outcome: { status: 'unknown' } }),
  (operation) => (operation.outcome.status === 'ok' ? { ...operation, outcome: { status: 'failed' } } : operation),
  (operation, all, random) => ({ ...operation, outcome: all[random.below(all.length)]!.outcome }),
  (operation, all, random) => {
    const same = all.filter(({ request }) => JSON.stringify(request) === JSON.stringify(operation.request));
    return { ...operation, outcome: same[random.below(same.length)]!.outcome };
  },
  (operation, _, random) => ({ ...operation, return: operation.call + random.below(3) }),
  (operation, _, random) => ({
    ...operation,
    call: Math.min(operation.return ?? Infinity, operation.call + random.below(30)),
  }),
  (operation, _, random) => ({ ...operation, call: Math.max(1, operation.call - random.below(30)) }),
];

function shifted(operation: Operation, by: number): Operation {
  const { outcome } = operation;
  if (outcome.status !== 'ok') return operation;
  const response = { ...outcome.response, revision: outcome.response.revision + by };
  return { ...operation, outcome: { status: 'ok', response } };
}

const replaced = <H extends History>(history: H, i: number, operation: Operation): H => ({
  ...history,
  operations: history.operations.map((other, j) => (i === j ? operation : other)),
});

export function corruptPerhaps<H extends History>(random: Random, history: H): H {
  const i = random.below(history.operations.length);
  const change = perhapsWrong[random.below(perhapsWrong.length)]!;
  const operation = change(history.operations[i]!, history.operations, random);
  // an operation cannot be over without a return
  const isOpen = operation.outcome.status === 'ok' || operation.outcome.status === 'error';
  return replaced(history, i, isOpen ? { ...operation, return: operation.return ?? Infinity } : operation);
}

/** The operation with the wrong answer, or undefined where the change fits none. */
export function corruptSurely<H extends History>(
  random: Random,
  history: H,
  change: Change,
): { history: H; id: number } | undefined {
  const fitting = history.operations.flatMap((operation, i) => {
    const outcome = operation.outcome.status === 'ok' ? change(operation.outcome, random) : undefined;
    return outcome === undefined ? [] : [{ i, operation: { ...operation, outcome } }];
  });
  const pick = fitting[random.below(Math.max(1, fitting.length))];
  return pick && { history: replaced(history, pick.i, pick.operation), id: pick.operation.id };
}
