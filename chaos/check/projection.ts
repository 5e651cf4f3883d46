import type {
  Compare,
  Event,
  History,
  Kv,
  Operation,
  Request,
  Response,
  TxnStep,
  TxnStepResult,
  Watch,
  WatchResponse,
} from '../../sim/check/history.ts';

/**
 * The store as if there were nothing in it but the keys of the load: its other writers (the API servers) are taken out
 * by counting only the revisions that touched those keys. What was linearizable stays so.
 *
 *     revision of the store      7    8    9    10   11         8 and 10 touched keys of the load
 *     revision of the history    1    2    2    3    3
 */
export class Projection {
  readonly #touched: readonly number[];

  /** `touched`: ascending */
  constructor(touched: readonly number[]) {
    this.#touched = touched;
  }

  /** The state at `revision` of the store is the state at this revision of the history. */
  revision(revision: number): number {
    let [low, high] = [0, this.#touched.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#touched[middle]! <= revision) low = middle + 1;
      else high = middle;
    }
    return 1 + low;
  }

  /** 0 stays 0: now. */
  #asked(revision: number | undefined): number | undefined {
    return revision === undefined || revision === 0 ? revision : this.revision(revision);
  }

  history(history: History): History {
    return {
      ...history,
      operations: history.operations.map((operation) => this.#operation(operation)),
      ...(history.watches && { watches: history.watches.map((watch) => this.#watch(watch)) }),
      ...(history.revisions && {
        revisions: history.revisions.map((record) => ({
          ...record,
          revision: this.revision(record.revision),
          events: record.events.map((event) => this.#event(event)),
        })),
      }),
    };
  }

  #operation(operation: Operation): Operation {
    const { outcome } = operation;
    return {
      ...operation,
      request: this.#request(operation.request),
      outcome: outcome.status === 'ok' ? { ...outcome, response: this.#response(outcome.response) } : outcome,
    };
  }

  #request(request: Request): Request {
    if (request.kind === 'range') return { ...request, revision: this.#asked(request.revision) };
    return request.kind === 'txn' ? this.#step(request) : request;
  }

  #step(step: TxnStep): TxnStep {
    if (step.kind === 'range') return { ...step, revision: this.#asked(step.revision) };
    if (step.kind !== 'txn') return step;
    return {
      ...step,
      compare: step.compare.map((compare) => this.#compare(compare)),
      success: step.success.map((one) => this.#step(one)),
      failure: step.failure.map((one) => this.#step(one)),
    };
  }

  /** Revisions of keys are revisions that touched them, so that equality and order among them stay. */
  #compare(compare: Compare): Compare {
    const isRevision = compare.target === 'mod' || compare.target === 'create';
    return isRevision && compare.operand !== 0
      ? { ...compare, operand: this.revision(Number(compare.operand)) }
      : compare;
  }

  #response(response: Response): Response {
    return { ...this.#result(response), revision: this.revision(response.revision) };
  }

  #result(result: TxnStepResult): TxnStepResult;
  #result(result: Response): Response;
  #result(result: TxnStepResult | Response): TxnStepResult | Response {
    switch (result.kind) {
      case 'put':
        return result.prevKv ? { ...result, prevKv: this.#kv(result.prevKv) } : result;
      case 'range':
        return { ...result, kvs: result.kvs.map((kv) => this.#kv(kv)) };
      case 'delete':
        return result.prevKvs ? { ...result, prevKvs: result.prevKvs.map((kv) => this.#kv(kv)) } : result;
      case 'txn':
        return { ...result, responses: result.responses.map((one) => this.#result(one)) };
      default:
        return result;
    }
  }

  #kv(kv: Kv): Kv {
    const createRevision = kv.createRevision === 0 ? 0 : this.revision(kv.createRevision);
    return { ...kv, createRevision, modRevision: this.revision(kv.modRevision) };
  }

  #event(event: Event): Event {
    return { ...event, kv: this.#kv(event.kv), ...(event.prevKv && { prevKv: this.#kv(event.prevKv) }) };
  }

  #watch(watch: Watch): Watch {
    const { startRevision = 0 } = watch.request;
    // from the first revision on that touched a key and is not below it
    const start = startRevision === 0 ? 0 : this.revision(startRevision - 1) + 1;
    return {
      ...watch,
      request: { ...watch.request, startRevision: start },
      responses: watch.responses.map((response): WatchResponse => ({
        ...response,
        revision: this.revision(response.revision),
        ...(response.events && { events: response.events.map((event) => this.#event(event)) }),
      })),
    };
  }
}
