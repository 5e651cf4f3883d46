/** How many seats each priority level has: nominally, and while others need theirs less. */
import type { PriorityLevelConfiguration } from '../../api/types/flowcontrol-v1.ts';

export interface SeatLimits {
  /** its share of all seats */
  readonly nominal: number;
  /** what stays when it lends all that it may */
  readonly min: number;
  /** what it has when it borrows all that it may */
  readonly max: number;
}

const sharesDefault = 30;

function sharesOf({ spec }: PriorityLevelConfiguration): number {
  if (spec?.type === 'Exempt') return spec.exempt?.nominalConcurrencyShares ?? 0;
  return spec?.limited?.nominalConcurrencyShares ?? sharesDefault;
}

/** `total`: seats of the whole server. */
export function seatLimits(levels: readonly PriorityLevelConfiguration[], total: number): SeatLimits[] {
  const sum = levels.reduce((all, level) => all + sharesOf(level), 0);
  return levels.map((level) => {
    const { spec } = level;
    const nominal = sum === 0 ? 0 : Math.ceil((total * sharesOf(level)) / sum);
    const { lendablePercent = 0 } = (spec?.type === 'Exempt' ? spec.exempt : spec?.limited) ?? {};
    const borrowing = spec?.limited?.borrowingLimitPercent;
    return {
      nominal,
      min: nominal - Math.round((nominal * lendablePercent) / 100),
      max: borrowing === undefined || borrowing === null ? total : nominal + Math.round((nominal * borrowing) / 100),
    };
  });
}

export interface SeatDemand extends SeatLimits {
  /** seats that it could use */
  readonly demand: number;
}

const bisectionSteps = 40;

/**
 * Shares the seats out by demand: each level gets the same fraction of what it wants, within its own bounds.
 *
 *     nominal 10, wants 2, min 5, max 20  →  5
 *     nominal 10, wants 30, min 5, max 20 →  15
 */
export function allocateSeats(levels: readonly SeatDemand[]): number[] {
  const total = levels.reduce((sum, { nominal }) => sum + nominal, 0);
  const at = (fraction: number): number[] =>
    levels.map(({ demand, min, max, nominal }) =>
      Math.min(max, Math.max(min, fraction * Math.max(demand, min, nominal / 100))),
    );
  const sumAt = (fraction: number): number => at(fraction).reduce((sum, seats) => sum + seats, 0);
  let [low, high] = [0, 1];
  while (sumAt(high) < total && high < 1e6) high *= 2;
  for (let step = 0; step < bisectionSteps; step++) {
    const middle = (low + high) / 2;
    if (sumAt(middle) < total) low = middle;
    else high = middle;
  }
  return at(high).map((seats) => Math.round(seats));
}
