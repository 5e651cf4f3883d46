/** What an operator reads of priority and fairness: /debug/api_priority_and_fairness/…, and metrics. */
import { Gauge, type Registry } from 'prom-client';
import type { NonResourceRoute } from '../pipeline.ts';
import type { FlowController } from './flow-controller.ts';

const row = (...cells: readonly (string | number | boolean)[]): string =>
  `${cells.map((cell) => `${cell}`).join(', ')}\n`;

function levelsText(controller: FlowController): string {
  const lines = controller.levels
    .map((level) => {
      const { counts, queues } = level;
      const active = queues.filter(({ waiting, executing }) => waiting.length > 0 || executing > 0).length;
      const isIdle = counts.executingRequests === 0 && counts.waitingRequests === 0;
      return row(
        level.name,
        active,
        isIdle,
        false,
        counts.waitingRequests,
        counts.executingRequests,
        counts.dispatched,
        counts.rejected,
        counts.timedOut,
        counts.cancelled,
      );
    })
    .sort();
  const head =
    'PriorityLevelName, ActiveQueues, IsIdle, IsQuiescing, WaitingRequests, ExecutingRequests, DispatchedRequests, RejectedRequests, TimedoutRequests, CancelledRequests\n';
  return head + lines.join('');
}

function queuesText(controller: FlowController): string {
  const head =
    'PriorityLevelName, Index, PendingRequests, ExecutingRequests, SeatsInUse, NextDispatchR, InitialSeatsSum, MaxSeatsSum, TotalWorkSum\n';
  const lines = controller.levels.flatMap((level) =>
    level.queues.map(({ waiting, executing, seatsInUse, virtualWork }, i) => {
      const sum = waiting.reduce((all, { seats }) => all + seats, 0);
      return row(
        level.name,
        i,
        waiting.length,
        executing,
        seatsInUse,
        `${Math.round(virtualWork)}ms`,
        sum,
        sum,
        `${sum}ss`,
      );
    }),
  );
  return head + lines.join('');
}

function requestsText(controller: FlowController): string {
  const head =
    'PriorityLevelName, FlowSchemaName, QueueIndex, RequestIndexInQueue, FlowDistingsher, WaitedMs, InitialSeats\n';
  const nowMs = controller.nowMs();
  const lines = controller.levels.flatMap((level) =>
    level.queues.flatMap(({ waiting }, i) =>
      waiting.map(({ schema, flow, arrivedMs, seats }, index) =>
        row(level.name, schema, i, index, flow.slice(schema.length + 1), Math.round(nowMs - arrivedMs), seats),
      ),
    ),
  );
  return head + lines.join('');
}

export const flowRoutes = (controller: FlowController): NonResourceRoute[] =>
  Object.entries({ dump_priority_levels: levelsText, dump_queues: queuesText, dump_requests: requestsText }).map(
    ([name, text]): NonResourceRoute => ({
      path: `/debug/api_priority_and_fairness/${name}`,
      match: 'exact',
      handle: (ctx) => ctx.reply.send(200, 'text/plain; charset=utf-8', text(controller)),
    }),
  );

type Values = Iterable<readonly [labels: Record<string, string>, value: number]>;

function gauge(registry: Registry, name: string, help: string, labelNames: string[], values: () => Values): void {
  const metric = new Gauge({
    name: `apiserver_flowcontrol_${name}`,
    help,
    labelNames,
    registers: [],
    collect() {
      this.reset();
      for (const [labels, value] of values()) this.set(labels, value);
    },
  });
  registry.registerMetric(metric);
}

/** Read when somebody asks: requests count in plain numbers. */
export function addFlowMetrics(registry: Registry, controller: FlowController): void {
  const level = ['priority_level'];
  const perLevel = (pick: (of: FlowController['levels'][number]) => number) => (): Values =>
    controller.levels.map((each) => [{ priority_level: each.name }, pick(each)] as const);
  gauge(
    registry,
    'current_inqueue_requests',
    'Requests that wait in queues.',
    level,
    perLevel((each) => each.counts.waitingRequests),
  );
  gauge(
    registry,
    'current_executing_requests',
    'Requests that have their seats.',
    level,
    perLevel((each) => each.counts.executingRequests),
  );
  gauge(
    registry,
    'current_executing_seats',
    'Seats in use.',
    level,
    perLevel((each) => each.counts.executingSeats),
  );
  gauge(
    registry,
    'nominal_limit_seats',
    'Seats by shares.',
    level,
    perLevel((each) => each.limits.nominal),
  );
  gauge(
    registry,
    'current_limit_seats',
    'Seats now, borrowed and lent ones counted.',
    level,
    perLevel((each) => each.seats),
  );
  gauge(
    registry,
    'lower_limit_seats',
    'Seats that are never lent.',
    level,
    perLevel((each) => each.limits.min),
  );
  gauge(
    registry,
    'upper_limit_seats',
    'Seats with all that may be borrowed.',
    level,
    perLevel((each) => each.limits.max),
  );
  const flow = ['flow_schema', 'priority_level'];
  gauge(registry, 'dispatched_requests_total', 'Requests that got seats.', flow, () =>
    [...controller.counts].map(
      ({ schema, level: name, dispatched }) => [{ flow_schema: schema, priority_level: name }, dispatched] as const,
    ),
  );
  gauge(registry, 'rejected_requests_total', 'Requests that got none.', [...flow, 'reason'], () =>
    [...controller.counts].flatMap(({ schema, level: name, rejected }) =>
      Object.entries(rejected).map(
        ([reason, count]) => [{ flow_schema: schema, priority_level: name, reason }, count] as const,
      ),
    ),
  );
}
